import Base
import Configuration
import Control
import LiveKit

/// What is waited for, and what comes of it.
extension Device {
  /// The next of its own times; the room's are the room's.
  var nextDeadline: Deadline? { Deadline.earliest(of: deadlines) }

  /// The next one that somebody may wait for; what is looked at every other second is none.
  var nextToldDeadline: Deadline? {
    Deadline.earliest(of: deadlines.filter { $0.name != "uplink-report" && $0.name != "published-state" })
  }

  private var deadlines: [Deadline] {
    stay.deadlines + plan.deadlines + microphone.deadlines + door.deadlines(settings.door) + panel.deadlines
      + audience.deadlines + switchboard.dialling.deadlines + switchboard.ring.deadlines
      + switchboard.telephone.deadlines + call.deadlines
      + [Deadline("decline", switchboard.declines.first?.due)]
      + [Deadline("self-test", doctor.due), Deadline("keypad", switchboard.keypad.due)]
      + [Deadline("published-state", report.published.due)]
  }

  func passTime(_ now: Instant) {
    perform(door.passTime(surroundings, now: now), now: now)
    perform(panel.passTime(house, now: now), now: now)
    // What was asked to be shown for a while may be over.
    report.noteChange()
    perform(audience.passTime(now: now), now: now)
    if isDue(microphone.preConnectDue, now) { preConnect(.timeout, now: now) }
    if isDue(microphone.reportsDue, now) {
      perform(audience.strangers.look(room.strangerDatagrams), now: now)
    }
    perform(microphone.passReports(in: room, settings.audio, now: now), now: now)
    if isDue(report.published.due, now) { publishState(now: now) }
    if isDue(doctor.due, now) { perform(doctor.advance(facts, now: now), now: now) }
    carryOut(switchboard.dialling.passTime(stamp: stamp, now: now), now: now)
    carryOut(switchboard.ring.passTime(now), now: now)
    while isDue(switchboard.declines.first?.due, now) { declineNext(now: now) }
    perform(switchboard.telephone.passTime(now), now: now)
    if switchboard.keypad.passTime(now) { perform([.tell(.keypadDialled(digits: ""))], now: now) }
    perform(plan.passTime(settings.session, now: now), now: now)
    if isDue(call.patienceEnds, now) { audienceChanged(now: now) }
    if stay.deadlines.contains(where: { isDue($0.at, now) }) { perform([.stay(.timeout)], now: now) }
  }

  private func isDue(_ deadline: Instant?, _ now: Instant) -> Bool { deadline.map { $0 <= now } ?? false }

  /// Leaves the room; `.exit` follows when that is done.
  func terminate(now: Instant) {
    guard !stay.isEnding else { return }
    perform([.log(.notice, "linteld is ending"), .shutDoor], now: now)
    // Nobody waits for an answer from here any more.
    carryOut(switchboard.ring.refused() ?? [], now: now)
    letTakenGo(now: now)
    while !switchboard.declines.isEmpty { declineNext(now: now) }
    switchboard.telephone.endsBy = now.advanced(byMilliseconds: DeviceLimits.serverEndMilliseconds)
    perform([.stay(.terminate)], now: now)
  }

  /// A limit of the process itself.
  func crossed(_ finding: SelfWatch.Finding, now: Instant) {
    let event = Event.deviceLimit(
      quantity: finding.quantity.rawValue, value: finding.value, limit: finding.limit,
      restarts: finding.needsRestart)
    let words = finding.words + (finding.needsRestart ? "; starting anew" : "")
    perform(
      [.tell(event), .log(finding.needsRestart ? .error : .warning, words, event: "device.limit")], now: now)
    if finding.needsRestart { terminate(now: now) }
  }

  /// A number that changes while signalling makes progress; nil while none is expected, as while a token is waited for.
  public var signallingTurns: Int? {
    guard stay.phase.isDialled else { return nil }
    let statistics = room.statistics
    return statistics.signalMessagesReceived &+ statistics.failedAttempts &+ statistics.reconnects
  }
}
