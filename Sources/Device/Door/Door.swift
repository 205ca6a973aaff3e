import AudioEngine
import Base
import Configuration
import Control
import JSON

/// The door, as far as the device can know: who asked, what it did to the lock, and until when no code is taken.
struct Door {
  private var lockOut = LockOut()
  private var entries = DTMFCollector()
  /// When the pulse ends, and since when the lock is released without a pause; nil: closed.
  private var pulse: (closesAt: Instant, openedAt: Instant)?
  /// It was held open for as long as it may be.
  private var restsUntil: Instant?
  private var shutAt: Instant?
  private(set) var contact = DoorContact()
  private(set) var lastOpenedBy: String?
  private(set) var openings = 0
  private(set) var refusals = 0
  private(set) var wrongCodes = 0

  /// What the door's policy looks at beside who asks and how.
  struct Surroundings {
    /// The output that opens it; nil: there is no door.
    var output: String?
    var settings: DoorSettings
    var lockWorks = true
    /// Somebody can be heard.
    var inCall = false
  }

  var isOpen: Bool { pulse != nil }
  func isLockedOut(now: Instant) -> Bool { lockOut.isLocked(now: now) }

  func deadlines(_ settings: DoorSettings) -> [Deadline] {
    [
      Deadline("door-pulse", pulse?.closesAt),
      Deadline("door-keys", entries.due(timeoutMilliseconds: settings.keyTimeoutMilliseconds)),
      Deadline("door-left-open", contact.due(settings)),
    ]
  }

  /// How many callers are in the middle of an entry.
  var entriesOpen: Int { entries.entriesOpen }

  func status(_ around: Surroundings) -> DoorStatus? {
    guard around.output != nil else { return nil }
    let state = !around.lockWorks ? "failed" : isOpen ? "open" : "closed"
    return DoorStatus(
      state: state, lastOpenedBy: lastOpenedBy, contactIsOpen: contact.isOpen, alarm: contact.alarm?.rawValue)
  }

  /// What an earlier life left.
  mutating func restore(_ stored: LockOut, now: Instant) -> [Effect] {
    lockOut = stored
    return lockOut.isLocked(now: now) ? [.log(.notice, "the door is still locked out after wrong codes")] : []
  }

  func stored(now: Instant, unixMilliseconds: Int64) -> [JSONValue.Member] {
    lockOut.stored(now: now, unixMilliseconds: unixMilliseconds)
  }

  // MARK: - Asking

  /// One telephone key of somebody in the room, or at the keypad.
  mutating func take(_ key: UInt8, from caller: Caller, _ around: Surroundings, now: Instant) -> [Effect] {
    // Whoever reads along must not learn the code.
    let isHidden = around.output != nil && around.settings.code != nil && (0x30...0x39).contains(key)
    let digit = isHidden ? nil : String(decoding: [key], as: UTF8.self)
    let effects: [Effect] = [
      .tellWithin(budget: "dtmf " + caller.kind, .dtmf(identity: caller.words, digit: digit))
    ]
    guard around.output != nil else { return effects }
    let timeout = around.settings.keyTimeoutMilliseconds
    let end = around.settings.endKey
    switch entries.take(key, from: caller, end: end, timeoutMilliseconds: timeout, now: now) {
    case .more, .entry([]): return effects
    case .takenBack: return effects + notUnderstood(caller, around)
    case .entry(let typed):
      let isRight = around.settings.code.map { DoorPolicy.isCode(typed, Array($0.utf8)) } ?? false
      return effects + ask(caller, .code(isRight: isRight), around, now: now).effects
    }
  }

  /// Keys without an end are no code, so they are not counted as a wrong one. What they were is nobody's business.
  private func notUnderstood(_ caller: Caller, _ around: Surroundings) -> [Effect] {
    guard around.settings.code != nil else { return [] }
    let words =
      "keys of \(caller.audit) were not understood: a code ends with \(around.settings.endKey.words)"
    return [.logWithin(budget: "door keys " + caller.kind, .info, words, event: "door.keys")]
  }

  /// Opens the door, or says why not. Either is an event.
  mutating func ask(
    _ caller: Caller, _ way: DoorWay, _ around: Surroundings, now: Instant
  ) -> (refusal: DoorRefusal?, effects: [Effect]) {
    var circumstances = DoorPolicy.Circumstances()
    circumstances.hasDoor = around.output != nil
    circumstances.hasCode = around.settings.code != nil
    circumstances.inCall = around.inCall
    circumstances.isLockedOut = lockOut.isLocked(now: now)
    circumstances.lockWorks = around.lockWorks
    circumstances.wasHeldOpen = restsUntil.map { now < $0 } ?? false
    switch DoorPolicy.verdict(caller, way, circumstances, around.settings) {
    case .open:
      let opened = open(caller, way, around, now: now)
      guard case .code = way, lockOut != LockOut() else { return (nil, opened) }
      lockOut.forgive()
      return (nil, opened + [.keep])
    case .refused(let refusal): return (refusal, refused(caller, way, refusal, around.settings, now: now))
    }
  }

  private mutating func open(
    _ caller: Caller, _ way: DoorWay, _ around: Surroundings, now: Instant
  ) -> [Effect] {
    guard let output = around.output else { return [] }
    let since = pulse?.openedAt ?? now
    let longest = since.advanced(byMilliseconds: DeviceLimits.doorOpenMillisecondsMax)
    let closesAt = min(now.advanced(byMilliseconds: around.settings.pulseMilliseconds), longest)
    pulse = (closesAt, since)
    lastOpenedBy = caller.words
    openings += 1
    return [
      .board(.setOutput(output, true)), .tell(.doorOpened(by: caller.words, how: way.word)),
      .log(.notice, "the door is opened by \(caller.audit) (\(way.word))", event: "door.opened"),
      .sound(.doorOpened),
    ]
  }

  private mutating func refused(
    _ caller: Caller, _ way: DoorWay, _ refusal: DoorRefusal, _ settings: DoorSettings, now: Instant
  ) -> [Effect] {
    refusals += 1
    let event = Event.doorRefused(by: caller.words, how: way.word, reason: refusal.words)
    var effects: [Effect] = [
      // The journal is the audit; a prober of one kind cannot use up another's share of it.
      .logWithin(
        budget: "door " + caller.kind, .warning,
        "the door stays shut for \(caller.audit) (\(way.word)): \(refusal.words)", event: "door.refused"),
      .tellWithin(budget: "door.refused " + caller.kind, event),
    ]
    guard refusal == .wrongCode else { return effects }
    wrongCodes += 1
    if lockOut.countWrongCode(settings, now: now) {
      effects += [
        .tell(.doorLockedOut(by: caller.words, seconds: settings.lockOutMinutes * 60)),
        .log(
          .warning, "no code is taken for \(settings.lockOutMinutes) min: too many wrong ones",
          event: "door.locked_out"),
      ]
    }
    return effects + [.keep]
  }

  /// Whoever was in the middle of an entry has gone.
  mutating func forget(_ caller: Caller) { entries.forget(caller) }

  // MARK: - The lock

  /// The board starts with the lock as it has to be, whatever was before.
  func start(_ around: Surroundings) -> [Effect] {
    if let output = around.output { return [.board(.setOutput(output, false))] }
    guard around.settings.output != nil else { return [] }
    let words = "[door] output: this board has no [gpio] lock or relay of that name, so the door stays shut"
    return [.log(.error, words)]
  }

  mutating func shut(_ around: Surroundings, now: Instant) -> [Effect] {
    guard let pulse, let output = around.output else { return [] }
    shutAt = min(now, pulse.closesAt)
    self.pulse = nil
    return [.board(.setOutput(output, false)), .tell(.doorClosed)]
  }

  /// Its contact; nil: it cannot be read.
  mutating func stands(
    open isOpen: Bool?, isFirst: Bool, _ around: Surroundings, now: Instant
  ) -> [Effect] {
    // Whoever pulls the door in the moment in which the lock falls has a right to, too. Without a lock of ours nobody
    // knows who has.
    let isRecent = shutAt.map { now.milliseconds(since: $0) < DeviceLimits.doorGraceMilliseconds } ?? false
    return contact.stands(
      open: isOpen, isFirst: isFirst, wasReleased: pulse != nil || isRecent || around.output == nil,
      around.settings, now: now)
  }

  mutating func passTime(_ around: Surroundings, now: Instant) -> [Effect] {
    let late = entries.expire(timeoutMilliseconds: around.settings.keyTimeoutMilliseconds, now: now)
    let said =
      late.flatMap { notUnderstood($0, around) }
      + contact.passTime(around.settings, now: now)
    guard let pulse, pulse.closesAt <= now else { return said }
    let wasHeld = now.milliseconds(since: pulse.openedAt) >= DeviceLimits.doorOpenMillisecondsMax
    if wasHeld { restsUntil = now.advanced(byMilliseconds: DeviceLimits.doorRestMilliseconds) }
    let words = "the door was open for as long as it may be without a pause"
    return said + shut(around, now: now) + (wasHeld ? [.log(.warning, words, event: "door.held")] : [])
  }
}
