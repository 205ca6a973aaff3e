import Base
import Configuration
import Control
import JSON
import LiveKit

/// The router: what a part asks for is done here, in order, by the part or the output that it concerns.
extension Device {
  func perform(_ effects: [Effect], now: Instant) {
    outputs.ownWait = nil
    for effect in effects { perform(effect, now: now) }
  }

  private func perform(_ effect: Effect, now: Instant) {
    // The wall clock is read where it is needed.
    var milliseconds: Int64 { instruments.unixMilliseconds }
    switch effect {
    case .audio(let command): emit(.audio(command))
    case .board(let command): emit(.board(command))
    case .tell(let event): emit(report.tell(event, unixMilliseconds: milliseconds))
    case .tellWithin(let budget, let event):
      emit(report.tell(event, within: budget, unixMilliseconds: milliseconds, now: now))
    case .log(let priority, let text, let event): emit(report.log(priority, text, event: event))
    case .logWithin(let budget, let priority, let text, let event):
      emit(report.log(priority, text, event: event, within: budget, now: now))
    case .sound(let tone): if settings.audio.tones { emit(.audio(.playTone(tone))) }
    case .stopTones: if settings.audio.tones { emit(.audio(.stopTones)) }
    case .answer(let answer, let asker): self.answer(answer, to: asker, now: now)
    case .askServerTime(let url): emit(.askServerTime(url: url))
    case .keep:
      let members = door.stored(now: now, unixMilliseconds: milliseconds)
      emit(.storeState(StoredState.bytes(members, isMuted: microphone.isMutedByHand)))
    case .stay(let event):
      let moment = Stay.Moment(now: now, unixSeconds: milliseconds / 1000)
      for action in stay.handle(event, settings, at: moment) { perform(action, now: now) }
    case .request(let request, let asker): serve(request, asker, now: now)
    case .hand(let hand): self.hand(hand, now: now)
    case .endCall(let reason): endCall(reason: reason, now: now)
    case .nobodyCame(let joinsAnew):
      if settings.ring.standby == .room { return endCall(reason: "nobody came", now: now) }
      perform([.stay(.nobodyCame(joinsAnew: joinsAnew))], now: now)
    case .ask(let request): emit(.serverRequest(request))
    case .mute(let event): perform(microphone.change(event, in: room, now: now) ?? [], now: now)
    case .startAnew(let use):
      perform([.log(.warning, "the button was held: \(use.rawValue)", event: "device.long_press")], now: now)
      terminate(now: now)
    case .shutDoor: perform(door.shut(surroundings, now: now), now: now)
    case .doorStands(let isOpen, let isFirst):
      perform(door.stands(open: isOpen, isFirst: isFirst, surroundings, now: now), now: now)
    case .serve(let call): serve(call, now: now)
    case .key(let key, let caller):
      var caller = caller
      caller.isCalled = caller.kind == "sip" && switchboard.dialling.rang(caller.identity)
      perform(door.take(key, from: caller, surroundings, now: now), now: now)
    }
  }

  private func perform(_ action: Stay.Action, now: Instant) {
    switch action {
    case .begin(let isAnew):
      audience.strangers.begin()
      guard settings.ring.standby != .room else { break }
      switchboard.engagedAt = now
      report.countCall()
      plan.begin(isAnew: isAnew)
      perform(microphone.begin(settings, in: room, now: now), now: now)
    case .show(let phase, let connection, let reason):
      if call.connect(connection) { perform([.tell(.roomConnection(connection, reason: reason))], now: now) }
      show(phase, reason: reason, now: now)
    case .dial(let url, let token):
      do throws(Failure) {
        try room.join(url: url, token: token, now: now)
      } catch {
        perform([.stay(.notDialled(RoomFailure(error)))], now: now)
      }
    case .leaveRoom:
      letTakenGo(now: now)
      hangUpLegs(now: now)
      switchboard.isEngaged = false
      switchboard.isForLegs = false
      leaveRoom(now: now)
    case .readSecret(let path): emit(.readToken(path: path))
    case .post(let request): emit(.httpRequest(request))
    case .accept(let asker, let connection):
      let result = JSONValue.object([.init("connection", .string(connection.rawValue))])
      perform([.succeed(result, asker)], now: now)
    case .refuse(let asker, let code, let message): perform([.refuse(code, message, asker)], now: now)
    case .tell(let failure):
      let next = failure.retryInMilliseconds.map { "; next attempt in \($0) ms" } ?? ""
      let priority = failure.retriable ? LogEntry.Priority.warning : .error
      perform(
        [.tell(.roomFailure(failure)), .log(priority, failure.message + next, event: "room.failure")],
        now: now)
    case .note(let priority, let words): perform([.log(priority, words, event: "room.connection")], now: now)
    }
  }

  /// The call as it follows from the stay and from who can be heard.
  private func show(_ phase: Stay.Phase, reason: String?, now: Instant) {
    let isHeard = audience.somebodyIsHeard
    let before = call.show(phase, somebodyIsHeard: isHeard, standsBy: standsBy, reason: reason, now: now)
    guard let before else { return }
    let state = call.state
    switch CallTone.next(from: before, to: state) {
    case .play(let tone): perform([.stopTones, .sound(tone)], now: now)
    case .stop: perform([.stopTones], now: now)
    case .noChange: break
    }
    if state == .failed { report.countCallFailure() }
    perform([.tell(.callState(state, reason: reason))], now: now)
    if state == .idle || state == .ending || state == .failed { preConnect(.callEnded, now: now) }
    // Nobody is called for a device that is in no room.
    if phase == .away || phase == .failed {
      hangUpLegs(now: now)
      // Who dialled while the room was being left waits for the next one, which is being joined already.
      if stay.phase == phase { refuseWantedDial(reason, now: now) }
    }
    let rings = switchboard.dialling.isRinging || !settings.call.plan.steps.isEmpty
    plan.callChanged(to: state, settings.session, rings: rings, now: now)
    microphone.watchReports(phase.isInRoom, now: now)
    if state != .talking, state != .waitingAgent { closeTurn(failure: nil, now: now) }
  }

  /// Somebody began or ceased to be heard.
  func audienceChanged(now: Instant) { show(stay.phase, reason: stay.reason, now: now) }

  func emit(_ many: [Output]) { for output in many { emit(output) } }

  func answer(_ answer: Answer, to asker: Asker, now: Instant) {
    switch asker {
    case .client(let request, let client): emit(.answer(answer, to: request, client: client))
    case .participant(let call): answerRemote(answer, to: call, now: now)
    case .button:
      if case .refused(let failure) = answer { perform([.log(.warning, failure.description)], now: now) }
    }
  }
}
