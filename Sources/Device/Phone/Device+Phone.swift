import AudioEngine
import Base
import Configuration
import Control
import JSON
import LiveKit
import Telephony

/// The telephone as the rest of the device sees it: what `Dialling` and `Ring` decide is done here.
extension Device {
  /// Makes identities unlike those of any other call.
  var stamp: Int64 { instruments.unixMilliseconds }

  // MARK: - Rung from here

  /// The plan, where there is one: the device is in its room and wants somebody to talk to.
  func ringPlan(now: Instant) {
    if let wanted = switchboard.wantedDial {
      switchboard.wantedDial = nil
      return dial(wanted.people, seconds: wanted.seconds, wanted.options, wanted.asker, now: now)
    }
    let steps = settings.call.plan.steps.map { step in
      Dialling.Step(people: people(step.name), seconds: step.seconds)
    }
    guard !steps.isEmpty, switchboard.dialling.isClear else { return }
    carryOut(switchboard.dialling.begin(steps, DialOptions(settings.phone), stamp: stamp, now: now), now: now)
  }

  private func people(_ name: String) -> [Dialling.Person] {
    settings.directory.members(of: name).map { Dialling.Person(name: $0.name, target: $0.target) }
  }

  /// A name of the directory, a target, or a number as it stands.
  func peopleMeant(by text: String) throws(ControlFailure) -> [Dialling.Person] {
    let listed = people(text)
    if !listed.isEmpty { return listed }
    do throws(ValueFault) {
      if let target = try DialTarget(parsing: text) {
        return [Dialling.Person(name: "phone", target: target)]
      }
      let hasDigits = text.utf8.contains { isDigit($0) }
      let isNumber = hasDigits && !text.utf8.contains { isLetterOrDigit($0) && !isDigit($0) }
      if isNumber {
        let number = try DialTarget.Way.sip.check(Array(text.utf8))
        return [Dialling.Person(name: "phone", target: DialTarget(.sip, number))]
      }
    } catch {
      throw .invalidParameters("dial: the target \(error.why)")
    }
    let nearest = nearestName(to: text, among: settings.directory.entries.map { $0.name })
    throw .failed(
      code: "not-in-directory",
      message: "'\(printable(text))' is not in [directory]"
        + (nearest.map { ", did you mean '\($0)'?" } ?? ""))
  }

  func dial(
    _ people: [Dialling.Person], seconds: Int, _ options: DialOptions, _ asker: Asker?, now: Instant
  ) {
    let steps = [Dialling.Step(people: people, seconds: seconds)]
    carryOut(switchboard.dialling.begin(steps, options, asker: asker, stamp: stamp, now: now), now: now)
  }

  /// Ends everything that this device rang.
  func hangUpLegs(now: Instant) { carryOut(switchboard.dialling.hangUp(nil, now: now), now: now) }

  func carryOut(_ actions: [Dialling.Action], now: Instant) {
    for action in actions { carryOut(action, now: now) }
    let rings = switchboard.dialling.isRinging
    guard rings != switchboard.wasRinging else { return }
    switchboard.wasRinging = rings
    plan.ringing(rings, call.state, settings.session, now: now)
  }

  private func carryOut(_ action: Dialling.Action, now: Instant) {
    switch action {
    case .order(let leg): order(leg, now: now)
    case .end(let leg, let again): end(leg, again: again, now: now)
    case .look(let leg):
      let look = try? settings.twilio(readSecret).call(leg.reference ?? "")
      if let look { try? ask(look, for: .look(leg: leg.number), now: now) }
    case .tell(let event): perform([.tell(event)], now: now)
    case .log(let priority, let words): perform([.log(priority, words, event: "call.ended")], now: now)
    case .succeed(let asker, let leg): perform([.succeed(leg.json(now: now), asker)], now: now)
    case .refuse(let asker, let failure): perform([.refuse(failure.code, failure.words, asker)], now: now)
    case .goesOn(let failure):
      perform([.log(.info, "\(failure.words); ringing the next of the plan", event: "call.failed")], now: now)
    case .answered(let leg, _):
      perform([.log(.notice, "\(leg.name) answered", event: "call.answered")], now: now)
      audienceChanged(now: now)
    case .over(let failure, let words): legsAreOver(failure, words, now: now)
    }
  }

  /// Nobody is left of those who were rung: the call that was for them is over.
  private func legsAreOver(_ failure: Leg.Failure?, _ words: String, now: Instant) {
    let reason: String? = words.utf8.isEmpty ? nil : words
    if let failure, failure != .cancelled {
      perform([.log(.notice, words, event: "call.failed")], now: now)
    }
    if switchboard.isForLegs { endCall(reason: reason, now: now) }
    if switchboard.wantedDial != nil { return }
    if let tone = failure == nil ? (reason == nil ? nil : Tone.busy) : failure?.tone {
      perform([.stopTones, .sound(tone)], now: now)
    }
  }

  // MARK: - Orders

  private func order(_ leg: Leg, now: Instant) {
    if call.state != .talking { switchboard.isForLegs = true }
    let place = room.info.name
    switchboard.dialling.note(leg.number) { $0.room = place }
    do throws(APIFailure) {
      if leg.target.way == .device { return try ringDevice(leg, now: now) }
      let request = try settings.order(leg, room: place, secret: readSecret)
      try ask(request, for: .order(leg: leg.number), now: now)
    } catch {
      carryOut(switchboard.dialling.failed(leg.number, Leg.Failure(error), stamp: stamp, now: now), now: now)
    }
  }

  /// Another one in the room who serves `lintel.ring`; its answer is the answer.
  private func ringDevice(_ leg: Leg, now: Instant) throws(APIFailure) {
    guard room.participants.contains(where: { $0.identity == leg.identity }) else {
      throw APIFailure("unreachable", "\(leg.target.address) is not in the room")
    }
    let payload = JSONValue.object([
      .init("from", .string(settings.device.id)), .init("timeout", .number(leg.ringSeconds)),
    ])
    messaging.call(
      "lintel.ring", of: leg.identity.text, payload: payload.text,
      timeoutMilliseconds: leg.ringSeconds * 1000 + DeviceLimits.serverGraceMilliseconds,
      for: .ring(leg: leg.number), now: now)
  }

  func ringAnswered(_ number: Int, _ result: Result<String, RPCError>, now: Instant) {
    switch result {
    case .success:
      carryOut(
        switchboard.dialling.ordered(number, reference: nil, isAnswer: true, stamp: stamp, now: now), now: now
      )
    case .failure(let error):
      carryOut(switchboard.dialling.failed(number, Leg.Failure(error), stamp: stamp, now: now), now: now)
    }
  }

  private func end(_ leg: Leg, again: Bool, now: Instant) {
    if leg.target.way == .device {
      messaging.call(
        "lintel.hangup", of: leg.identity.text, payload: "",
        timeoutMilliseconds: DeviceLimits.turnAnswerMilliseconds,
        for: .ringEnd(leg: leg.number), now: now)
      return
    }
    do throws(APIFailure) {
      var purpose = Telephone.Purpose.end(leg: leg.number)
      if leg.target.way == .twilio, let call = leg.reference {
        // One that rings and is answered in the same moment is not cancelled, and completed the next time.
        let isRinging = leg.answeredAt == nil && !again
        try ask(settings.twilio(readSecret).endCall(call, isRinging: isRinging), for: purpose, now: now)
        purpose = .decline
      }
      let requests = try settings.ends(of: leg, secret: readSecret)
      for request in requests {
        try ask(request, for: purpose, now: now)
        // The participant goes with the call, and says nothing of it before it came.
        if leg.target.way == .whatsapp { purpose = .decline }
      }
      // Nothing has a name yet that could be ended.
      if requests.isEmpty {
        carryOut(switchboard.dialling.endAnswered(leg.number, isGone: true, now: now), now: now)
      }
    } catch {
      // Without the right to remove, whoever speaks can still be asked to hang up, through the room.
      guard stay.phase == .joined || stay.phase == .leaving, leg.target.way == .sip else {
        let actions = switchboard.dialling.endAnswered(leg.number, isGone: false, why: error.words, now: now)
        return carryOut(actions, now: now)
      }
      askToHangUp(leg.identity, for: .ringEnd(leg: leg.number), now: now)
    }
  }

  /// A telephone, by the bridge in the room.
  func askToHangUp(_ identity: Name, for call: PendingCall, now: Instant) {
    messaging.call(
      "lk.sip.EndCall", of: identity.text, payload: "{}",
      timeoutMilliseconds: DeviceLimits.farewellMilliseconds, for: call, now: now)
  }

  /// The room is left when nobody in it has to be asked to hang up any more.
  func leaveRoom(now: Instant) { if !messaging.hasFarewells { room.leave(now: now) } }

  // MARK: - Servers

  func ask(_ request: APIRequest, for purpose: Telephone.Purpose, now: Instant) throws(APIFailure) {
    let right = try dialRight()
    let seconds = instruments.unixMilliseconds / 1000
    perform(
      [try switchboard.telephone.send(request, for: purpose, with: right, unixSeconds: seconds)], now: now)
  }

  var readSecret: ReadSecret {
    { [instruments] path, key throws(APIFailure) in
      guard let path else { throw .notConfigured(key) }
      switch instruments.secret(at: path) {
      case .success(let secret): return secret
      case .failure(let failure): throw APIFailure("no-secret", failure.words)
      }
    }
  }

  /// With what the server is asked, as `[phone] via` has it.
  private func dialRight() throws(APIFailure) -> Telephone.Right {
    if settings.phone.via == .endpoint {
      var bearer: String?
      if let path = settings.phone.bearerFile { bearer = try readSecret(path, "[phone] bearer-file") }
      return .endpoint(url: settings.phone.endpoint ?? "", bearer: bearer)
    }
    if settings.token.source == .apiKey, let server = settings.token.url, let key = settings.token.apiKey {
      return .key(
        server: server, key: key,
        secret: try readSecret(settings.token.apiSecretFile, "[token] api-secret-file"))
    }
    guard let server = stay.serverURL, let token = stay.tokenSeen.flatMap({ try? AccessToken($0) }) else {
      throw .noRight
    }
    return .roomToken(server: server, token)
  }
}
