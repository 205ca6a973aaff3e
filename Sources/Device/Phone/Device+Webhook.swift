import Base
import Configuration
import Control
import JSON
import LiveKit
import Telephony

/// A request to this device over HTTP.
public struct WebhookRequest: Equatable, Sendable {
  public var number: Int
  public var method: String
  public var path: String
  /// Without its question mark.
  public var query = ""
  public var authorization: String?
  /// Meta's, or Twilio's with what it says of it.
  public var signature: String?
  public var signatureSettings: String?
  public var body: [UInt8]

  public init(number: Int, method: String, path: String, authorization: String?, body: [UInt8]) {
    self.number = number
    self.method = method
    self.path = path
    self.authorization = authorization
    self.body = body
  }
}

/// What is told to this device over HTTP: a telephone that waits in a room where the device is not.
extension Device {
  func webhook(_ request: WebhookRequest, now: Instant) {
    let kind = request.kind
    do throws(APIFailure) {
      let secret: String
      switch kind {
      case "livekit": secret = try readSecret(settings.token.apiSecretFile, "[token] api-secret-file")
      case "meta" where request.method == "GET":
        secret = try readSecret(settings.webhook.metaVerifyFile, "[webhook] meta-verify-file")
      case "meta": secret = try readSecret(settings.webhook.metaSecretFile, "[webhook] meta-secret-file")
      case "twilio":
        guard settings.webhook.publicURL != nil else { throw .notConfigured("[webhook] public-url") }
        secret = try readSecret(settings.phone.twilioTokenFile, "[phone] twilio-token-file")
      default: return answer(request, 404)
      }
      guard request.method == "POST" || (kind == "meta" && request.method == "GET") else {
        return answer(request, 405)
      }
      do throws(WebhookFault) {
        switch kind {
        case "livekit": try serverTold(request, secret, now: now)
        case "meta": try metaTold(request, secret, now: now)
        default: try twilioTold(request, secret, now: now)
        }
        switchboard.refusalNoted = switchboard.refusalNoted.filter { $0 != kind }
      } catch {
        answer(request, error.httpStatus)
        if error != .replayed { noteRefusal(of: kind, error.words, now: now) }
      }
    } catch {
      answer(request, 503)
      noteRefusal(of: kind, error.words, now: now)
    }
  }

  /// Takes what was checked, once.
  func admit(_ id: Name, createdAt: Int64?) throws(WebhookFault) {
    try switchboard.webhooks.admit(
      id, createdAt: createdAt, unixSeconds: instruments.unixMilliseconds / 1000)
  }

  private func serverTold(_ request: WebhookRequest, _ secret: String, now: Instant) throws(WebhookFault) {
    let event = try LiveKitWebhook(
      authorization: request.authorization, body: request.body, key: settings.token.apiKey ?? "",
      secret: secret, unixSeconds: instruments.unixMilliseconds / 1000)
    try admit(event.id, createdAt: event.createdAt)
    // First the answer: the server tells nothing more of this room before it has it.
    answer(request, 200)
    guard settings.ring.standby == .webhook, let person = event.participant else { return }
    switch event.name {
    // Who comes over a connector is told of by others.
    case "participant_joined": if person.kind == "sip" { joined(person, event.roomName, now: now) }
    case "participant_left", "participant_connection_aborted":
      // In the room it is seen there.
      if !isInRoom { callerLeft(person.identity, now: now) }
    default: break
    }
  }

  private func joined(_ person: LiveKitWebhook.Person, _ roomName: String, now: Instant) {
    let status = person.attributes["sip.callStatus"].string
    // Who is there already, or was rung from here, is seen in the room.
    guard status == "ringing" || status == "active", switchboard.dialling.leg(of: person.identity) == nil,
      self.roomName?.utf8.elementsEqual(roomName.utf8) != true
    else { return }
    let mayJoin =
      settings.token.source == .apiKey || settings.token.source == .endpoint
      || settings.session.room?.utf8.elementsEqual(roomName.utf8) == true
    guard mayJoin else {
      let words = "a caller waits in the room \(printable(roomName)), for which this device can get no token"
      return perform([.logWithin(budget: "webhook", .warning, words, event: "webhook.refused")], now: now)
    }
    offer(
      Ring.Incoming(
        kind: person.kind, identity: person.identity,
        shown: person.attributes["sip.phoneNumber"].string ?? person.identity.text,
        trunk: person.attributes["sip.trunkID"].string ?? "", way: .otherRoom(name: roomName)), now: now)
  }

  /// Whoever sends a lot that is not signed fills no journal: the first of a kind is logged, until one is believed again.
  func noteRefusal(of kind: String, _ words: String, now: Instant) {
    report.countWebhookRefusal()
    perform([.tellWithin(budget: "webhook", .webhookRefused(kind: kind, reason: words))], now: now)
    guard !switchboard.refusalNoted.contains(kind) else { return }
    switchboard.refusalNoted.append(kind)
    perform(
      [.log(.warning, "a webhook of \(kind) is refused: \(words)", event: "webhook.refused")], now: now)
  }

  func answer(_ request: WebhookRequest, _ status: Int, _ body: String = "") {
    emit(.webhookAnswer(number: request.number, status: status, body: body))
  }
}

extension WebhookRequest {
  /// The last part of the path, whatever a proxy left before it.
  fileprivate var kind: String {
    let parts = Array(path.utf8).split(separator: UInt8(ascii: "/"))
    return String(decoding: parts.last ?? [], as: UTF8.self)
  }
}
