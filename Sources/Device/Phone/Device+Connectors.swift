import Base
import Configuration
import Control
import JSON
import LiveKit
import Telephony

/// Calls over a connector: what Meta's and Twilio's webhooks tell of them, and how those who call come to the device.
///
/// | told | and | then |
/// |---|---|---|
/// | Meta: connect, with an answer | a leg of that call is wanted | ConnectWhatsAppCall |
/// | Meta: connect, with an offer | standby | it rings; answered: AcceptWhatsAppCall, refused: DisconnectWhatsAppCall |
/// | Meta: REJECTED, terminate | a leg or a caller of that call | over, and the connector is told |
/// | Twilio: a call comes | it may ring the device | ConnectTwilioCall, and its stream as TwiML; it rings meanwhile |
/// | Twilio: a call comes | any other | `Reject` |
/// | Twilio: a call is over | it rings | it rings no more |
extension Device {
  /// Where a caller is put: where the device is, or a room that it can get a token for; nil if there is none.
  private var roomForCaller: String? {
    if isInRoom { return room.info.name }
    guard settings.ring.standby == .webhook else { return nil }
    let isFree = settings.token.source == .apiKey || settings.token.source == .endpoint
    return settings.session.room ?? (isFree ? settings.device.id + "-\(stamp)" : nil)
  }

  private static let noRoom =
    "somebody calls, and there is no room where he could be put: [ring] standby is off, or the token is of another room"

  // MARK: - Meta

  func metaTold(_ request: WebhookRequest, _ secret: String, now: Instant) throws(WebhookFault) {
    guard request.method != "GET" else {
      return answer(
        request, 200, try MetaWebhook.challenge(query: request.query, verifyToken: secret))
    }
    let events = try MetaWebhook.calls(
      signature: request.signature ?? "", body: request.body, appSecret: secret)
    answer(request, 200)
    for event in events {
      // Meta is not told that one of them is old: it would send all of them again.
      do throws(WebhookFault) {
        let step: String
        switch event.event {
        case .connect: step = "connect"
        case .terminate: step = "terminate"
        case .status(let word), .other(let word): step = word
        }
        try admit(Name(bytes: event.id.bytes + Array(step.utf8)) ?? event.id, createdAt: event.timestamp)
        told(event, now: now)
      } catch {
        if error != .replayed { noteRefusal(of: "meta", error.words, now: now) }
      }
    }
  }

  private func told(_ event: WhatsAppCallEvent, now: Instant) {
    guard settings.phone.whatsappNumberID?.utf8.elementsEqual(event.numberID.utf8) == true else { return }
    let leg = switchboard.dialling.legs.first { leg in
      guard leg.target.way == .whatsapp, leg.isWanted else { return false }
      // It may be told of before whoever ordered it has its name.
      return leg.reference.map { Name($0) == event.id }
        ?? (event.isBusinessInitiated && leg.target.address.utf8.elementsEqual(event.to.utf8))
    }
    switch event.event {
    case .connect where event.isBusinessInitiated: if let leg { connect(leg, event, now: now) }
    case .connect: called(event, now: now)
    case .terminate: over(event, leg, .unanswered, now: now)
    case .status("REJECTED"): over(event, leg, Leg.Failure(APIFailure(.refused)), now: now)
    case .status, .other: break
    }
  }

  /// Whom the device rang has answered.
  private func connect(_ leg: Leg, _ event: WhatsAppCallEvent, now: Instant) {
    guard event.sdpKind == .answer, let answer = event.sdp else { return }
    let id = event.id.text
    carryOut(
      switchboard.dialling.ordered(leg.number, reference: id, isAnswer: false, stamp: stamp, now: now),
      now: now)
    do throws(APIFailure) {
      try ask(Connector.connectWhatsApp(call: id, answer: answer), for: .order(leg: leg.number), now: now)
    } catch {
      orderFailed(leg.number, error, now: now)
    }
  }

  private func called(_ event: WhatsAppCallEvent, now: Instant) {
    guard event.sdpKind == .offer, let sdp = event.sdp else { return }
    guard roomForCaller != nil else { return noteRefusal(of: "meta", Self.noRoom, now: now) }
    offer(
      Ring.Incoming(
        kind: Participant.Kind.connector.word, identity: Name("whatsapp-\(stamp)") ?? "",
        shown: "+" + event.from, way: .whatsapp(call: event.id, offer: sdp)), now: now)
  }

  private func over(_ event: WhatsAppCallEvent, _ leg: Leg?, _ failure: Leg.Failure, now: Instant) {
    let isTaken = switchboard.taken?.call == event.id
    if isTaken || leg?.reference != nil { disconnect(event.id, byUser: true, now: now) }
    if let leg {
      carryOut(switchboard.dialling.left(leg.identity, failure, stamp: stamp, now: now), now: now)
    }
    let caller = isTaken ? switchboard.taken : switchboard.ring.incoming
    if let caller, caller.call == event.id { callerLeft(caller.identity, now: now) }
  }

  /// Somebody on WhatsApp is answered.
  func accept(_ incoming: Ring.Incoming, _ call: Name, _ offer: String, now: Instant) {
    do throws(APIFailure) {
      guard let name = roomForCaller else { throw APIFailure("no-room", Self.noRoom) }
      let participant = ConnectorParticipant(room: name, identity: incoming.identity.text)
      let account = try settings.whatsapp(readSecret)
      try ask(
        Connector.acceptWhatsApp(account, call: call.text, offer: offer, participant),
        for: .caller(incoming.identity, room: name, webhook: nil), now: now)
      comeToCaller(in: name, now: now)
    } catch {
      callerFailed(incoming.identity, error, now: now)
    }
  }

  func disconnect(_ call: Name, byUser: Bool, now: Instant) {
    do throws(APIFailure) {
      let key = byUser ? nil : try readSecret(settings.phone.whatsappKeyFile, "[phone] whatsapp-key-file")
      try ask(
        Connector.disconnectWhatsApp(call: call.text, key: key, byUser: byUser), for: .decline, now: now)
    } catch {
      declined(.failed(error), now: now)
    }
  }

  // MARK: - Twilio

  func twilioTold(_ request: WebhookRequest, _ secret: String, now: Instant) throws(WebhookFault) {
    guard let signature = request.signature else { throw .unsigned }
    let form = try FormFields(parsing: request.body)
    let address = (settings.webhook.publicURL ?? "") + "/twilio"
    let query = request.query.utf8.isEmpty ? "" : "?" + request.query
    guard let algorithm = TwilioSignature.Algorithm(settings: request.signatureSettings),
      TwilioSignature.isValid(
        signature: signature, url: address + query, parameters: form, authToken: secret, algorithm: algorithm)
    else { throw .wrongSignature }
    let voice = try TwilioVoice(form)
    let status = voice.status?.rawValue ?? ""
    try admit(Name(bytes: voice.callSID.bytes + Array(status.utf8)) ?? "", createdAt: nil)
    let identity = Name("twilio-" + voice.callSID.text) ?? ""
    guard voice.isInbound, voice.status?.isAlive != false else {
      callerLeft(identity, now: now)
      return answer(request, 200)
    }
    let place = roomForCaller
    if place == nil { noteRefusal(of: "twilio", Self.noRoom, now: now) }
    let incoming = Ring.Incoming(
      kind: Participant.Kind.connector.word, identity: identity, shown: voice.from,
      way: .otherRoom(name: place ?? ""))
    var actions = switchboard.ring.offered(
      incoming, settings.ring, isBusy: place == nil || isBusy, now: now)
    if case .decline(_, let refusal)? = actions.last {
      // There is nobody yet who could be removed.
      actions.removeLast()
      answer(request, 200, TwiML.reject(isBusy: refusal == .busy))
      return carryOut(actions, now: now)
    }
    do throws(APIFailure) {
      try ask(
        Connector.connectTwilio(
          isInbound: true, ConnectorParticipant(room: place ?? "", identity: identity.text)),
        for: .caller(identity, room: place ?? "", webhook: request.number), now: now)
      carryOut(actions, now: now)
    } catch {
      answer(request, 500)
      callerFailed(identity, error, now: now)
    }
  }

  // MARK: - Both

  /// What the connector answered about somebody who calls.
  func callerAnswered(_ identity: Name, _ place: String, _ webhook: Int?, _ reply: APIAnswer, now: Instant) {
    let isExpected =
      switchboard.ring.incoming?.identity == identity || switchboard.taken?.identity == identity
    var failure: APIFailure?
    var twiML = ""
    switch reply {
    case .failed(let why): failure = why
    case .done(let json) where webhook != nil:
      let url = json["connect_url"].string ?? json["connectUrl"].string
      twiML = url.map { isExpected ? TwiML.connect(url: $0) : TwiML.reject(isBusy: false) } ?? ""
      if url == nil { failure = APIFailure(.unusable("it has no connect_url")) }
    case .done: break
    }
    if let webhook {
      emit(.webhookAnswer(number: webhook, status: failure == nil ? 200 : 500, body: twiML))
    }
    if let failure { return callerFailed(identity, failure, now: now) }
    // Refused or gone in the meantime.
    if !isExpected { remove(identity, from: place, now: now) }
  }

  private func callerFailed(_ identity: Name, _ failure: APIFailure, now: Instant) {
    perform(
      [.logWithin(budget: "webhook", .warning, failure.words, event: "ring.ended")], now: now)
    carryOut(switchboard.ring.gone(identity, reason: failure.words), now: now)
    if switchboard.taken?.identity == identity { endCall(reason: failure.words, now: now) }
  }
}

extension Ring.Incoming {
  /// Of WhatsApp.
  fileprivate var call: Name? { if case .whatsapp(let call, _) = way { call } else { nil } }
}
