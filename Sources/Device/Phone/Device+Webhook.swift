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
  public var authorization: String?
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
    guard request.path.utf8.suffix(8).elementsEqual("/livekit".utf8) else { return answer(request, 404) }
    guard request.method == "POST" else { return answer(request, 405) }
    guard let key = settings.token.apiKey, settings.token.apiSecretFile != nil else {
      return refuse(request, 503, "[token] api-key and api-secret-file are not set", now: now)
    }
    do throws(APIFailure) {
      let secret = try readSecret(settings.token.apiSecretFile, "[token] api-secret-file")
      do throws(WebhookFault) {
        let event = try LiveKitWebhook(
          authorization: request.authorization, body: request.body, key: key, secret: secret,
          unixSeconds: instruments.unixMilliseconds / 1000)
        // First the answer: the server tells nothing more of this room before it has it.
        answer(request, 200)
        if switchboard.webhooks.accept(event.id) { told(event, now: now) }
      } catch {
        if case .malformed = error { return refuse(request, 400, error.words, now: now) }
        refuse(request, 401, error.words, now: now)
      }
    } catch {
      refuse(request, 503, error.words, now: now)
    }
  }

  private func told(_ event: LiveKitWebhook, now: Instant) {
    guard settings.ring.standby == .webhook, let person = event.participant, person.kind == "sip" else {
      return
    }
    switch event.name {
    case "participant_joined": joined(person, event.roomName, now: now)
    case "participant_left", "participant_connection_aborted":
      carryOut(switchboard.ring.gone(person.identity, reason: "hung up"), now: now)
      // Answered here, and gone before the room was reached.
      guard let incoming = switchboard.taken, incoming.identity == person.identity, !isInRoom else { return }
      switchboard.taken = nil
      endCall(reason: "\(incoming.shown) hung up", now: now)
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

  /// Whoever sends a lot that is not signed fills no journal.
  private func refuse(_ request: WebhookRequest, _ status: Int, _ words: String, now: Instant) {
    answer(request, status)
    perform(
      [
        .tellWithin(budget: "webhook", .webhookRefused(kind: "livekit", reason: words)),
        .logWithin(
          budget: "webhook log", .warning, "a webhook is refused: \(words)", event: "webhook.refused"),
      ], now: now)
  }

  private func answer(_ request: WebhookRequest, _ status: Int) {
    emit(.webhookAnswer(number: request.number, status: status))
  }
}
