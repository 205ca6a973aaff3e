import Base
import Configuration
import Control
import JSON
import LiveKit
import Telephony

/// What was dialled before there was a room to dial from.
struct WantedDial {
  let people: [Dialling.Person]
  let seconds: Int
  let options: DialOptions
  let asker: Asker?
}

/// What the technician and the keys of the device ask of the telephone.
extension Device {
  func serveDial(_ request: DialRequest, _ asker: Asker, now: Instant) {
    do throws(ControlFailure) {
      let people = try peopleMeant(by: request.target)
      guard !switchboard.dialling.isRinging, switchboard.wantedDial == nil else {
        throw .failed(code: "busy-here", message: Leg.Failure.busyHere.words)
      }
      guard !switchboard.ring.isRinging else {
        throw .failed(code: "busy-here", message: "somebody rings this device; answer or refuse first")
      }
      var options = DialOptions(settings.phone)
      options.dialled(with: request)
      let seconds = request.ringSeconds ?? settings.phone.ringSeconds
      // Whoever does not wait is answered when it is begun.
      if !request.waits {
        let result: [JSONValue.Member] = [
          .init("target", .string(request.target)), .init("state", .string(Leg.Phase.calling.rawValue)),
        ]
        perform([.succeed(.object(result), asker)], now: now)
      }
      let waits: Asker? = request.waits ? asker : nil
      guard isInRoom, !standsBy else {
        switchboard.wantedDial = WantedDial(people: people, seconds: seconds, options: options, asker: waits)
        return beginForDial(now: now)
      }
      dial(people, seconds: seconds, options, waits, now: now)
    } catch {
      answer(.refused(error), to: asker, now: now)
    }
  }

  private func beginForDial(now: Instant) {
    if settings.ring.standby == .room { return engage(now: now) }
    if stay.phase == .away || stay.phase == .failed || stay.phase == .waiting || stay.phase == .leaving {
      perform([.stay(.asked(.configured, by: .button))], now: now)
    }
  }

  /// Whoever waits for somebody to answer, and goes away, takes the call back.
  func clientLeft(_ client: ClientID, now: Instant) {
    messaging.clientLeft(client, now: now)
    func isHis(_ asker: Asker?) -> Bool { if case .client(_, client)? = asker { true } else { false } }
    guard isHis(switchboard.dialling.asker) || isHis(switchboard.wantedDial?.asker) else { return }
    if switchboard.wantedDial == nil { return hangUpLegs(now: now) }
    endCall(reason: nil, now: now)
  }

  /// The room cannot be had, so nobody is dialled from it.
  func refuseWantedDial(_ reason: String?, now: Instant) {
    guard let wanted = switchboard.wantedDial else { return }
    switchboard.wantedDial = nil
    guard let asker = wanted.asker else { return }
    perform([.refuse("no-room", reason ?? "the room was left", asker)], now: now)
  }

  /// As the button does it.
  func serveCall(_ asker: Asker, now: Instant) {
    guard settings.ring.standby == .room else {
      return perform([.stay(.asked(.configured, by: asker))], now: now)
    }
    engage(now: now)
    perform([.succeed(.object([.init("connection", .string(stay.connection.rawValue))]), asker)], now: now)
  }

  func serveAnswer(_ asker: Asker, now: Instant) {
    let from = switchboard.ring.incoming?.shown
    let hand: String
    if case .participant = asker { hand = "rpc" } else { hand = asker == .button ? "button" : "command" }
    guard let from, let actions = switchboard.ring.answered(by: hand) else {
      return refuseNobodyRings(asker, now: now)
    }
    carryOut(actions, now: now)
    perform([.succeed(.object([.init("from", .string(from))]), asker)], now: now)
  }

  func serveRefuse(_ asker: Asker, now: Instant) {
    let from = switchboard.ring.incoming?.shown
    guard let from, let actions = switchboard.ring.refused() else {
      return refuseNobodyRings(asker, now: now)
    }
    carryOut(actions, now: now)
    perform([.succeed(.object([.init("from", .string(from))]), asker)], now: now)
  }

  private func refuseNobodyRings(_ asker: Asker, now: Instant) {
    perform([.refuse("nobody-rings", "nobody rings this device", asker)], now: now)
  }

  /// Without a name the call ends; with one, one leg of it.
  func serveHangup(_ who: String?, _ asker: Asker, now: Instant) {
    guard let who else {
      let refused = switchboard.ring.incoming?.shown
      if let actions = switchboard.ring.refused() { carryOut(actions, now: now) }
      let before = stay.connection
      let wasInCall = call.state != .idle
      if settings.ring.standby == .room || settings.stayMode == .alwaysOn && !switchboard.dialling.isClear {
        endCall(reason: nil, now: now)
      } else {
        perform([.stay(.leave(reason: nil))], now: now)
      }
      let was = settings.ring.standby == .room && !wasInCall ? RoomConnection.disconnected : before
      var result: [JSONValue.Member] = [
        .init("connection", .string(stay.connection.rawValue)), .init("was", .string(was.rawValue)),
      ]
      if let refused { result.append(.init("refused", .string(refused))) }
      return perform([.succeed(.object(result), asker)], now: now)
    }
    guard let leg = switchboard.dialling.leg(named: who) else {
      return perform([.refuse("no-such-leg", "nobody of that name is rung or in the call", asker)], now: now)
    }
    carryOut(switchboard.dialling.hangUp(leg.identity, now: now), now: now)
    let result: [JSONValue.Member] = [
      .init("connection", .string(stay.connection.rawValue)), .init("was", .string(stay.connection.rawValue)),
    ]
    perform([.succeed(.object(result), asker)], now: now)
  }

  func serveHold(_ isHeld: Bool, _ asker: Asker, now: Instant) {
    guard isInRoom, !standsBy else {
      return perform([.refuse("no-call", "there is no call", asker)], now: now)
    }
    setHeld(isHeld, now: now)
    perform([.succeed(.object([.init("held", .bool(audience.isHeld))]), asker)], now: now)
  }

  func serveTransfer(_ request: TransferRequest, _ asker: Asker, now: Instant) {
    let leg =
      request.who.map { switchboard.dialling.leg(named: $0) }
      ?? switchboard.dialling.legs.first { $0.phase == .answered }
    let identity =
      leg?.identity ?? (request.who == nil ? switchboard.taken?.identity : request.who.flatMap { Name($0) })
    guard let identity, !identity.isEmpty, isInRoom else {
      return perform([.refuse("no-such-leg", "nobody of that name is in the call", asker)], now: now)
    }
    do throws(APIFailure) {
      let transfer = try settings.transfer(request, identity: identity.text, room: room.info.name)
      try ask(transfer, for: .transfer(asker, identity, to: request.to), now: now)
    } catch {
      perform([.refuse(error.code, error.words, asker)], now: now)
    }
  }

  func serveDirectory(_ asker: Asker, now: Instant) {
    let entries: [JSONValue] = settings.directory.entries.map { entry in
      let targets: [JSONValue]
      var isGroup = false
      switch entry.value {
      case .target(let target): targets = [.string(target.text)]
      case .group(let names):
        targets = names.map { .string($0) }
        isGroup = true
      }
      return .object([
        .init("name", .string(entry.name)), .init("targets", .array(targets)), .init("group", .bool(isGroup)),
      ])
    }
    let plan: [JSONValue] = settings.call.plan.steps.map {
      .object([.init("name", .string($0.name)), .init("seconds", .number($0.seconds))])
    }
    perform(
      [.succeed(.object([.init("entries", .array(entries)), .init("plan", .array(plan))]), asker)], now: now)
  }

  func serveAPI(_ request: ServerAPIRequest, _ asker: Asker, now: Instant) {
    do throws(APIFailure) {
      let body = try settings.filled(request, room: room.info.name, secret: readSecret)
      try ask(
        APIRequest.raw(service: request.service, method: request.method, body: body), for: .command(asker),
        now: now)
    } catch {
      perform([.refuse(error.code, error.words, asker)], now: now)
    }
  }
}

extension DialOptions {
  /// What was said for this one call alone.
  mutating func dialled(with request: DialRequest) {
    keys = request.dtmf ?? keys
    displayName = request.displayName ?? displayName
    from = request.from ?? from
    maxSeconds = request.maxSeconds ?? maxSeconds
    dialTone = request.dialTone ?? dialTone
    headers = request.headers
    hidesNumber = hidesNumber || request.hidesNumber
    encryption = request.encryption.flatMap { PhoneEncryption(rawValue: $0) } ?? encryption
  }
}

extension Leg {
  func json(now: Instant) -> JSONValue {
    .object([
      .init("target", .string(name)), .init("state", .string(phase.rawValue)),
      .init("identity", .string(identity.text)),
      .init("after_ms", .number(answeredAt.map { $0.milliseconds(since: beganAt) })),
    ])
  }
}
