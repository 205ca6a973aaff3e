import Base
import Configuration
import Control

/// The door, as far as the device can know: what it did to the lock.
struct Door {
  var lockOut = LockOut()
  var entries = DTMFCollector()
  /// When the pulse ends; nil: closed.
  var closesAt: Instant?
  var lastOpenedBy: String?
}

extension Device {
  /// The output that opens it: any name on the simulated board, else one of those that have a line.
  var doorOutput: String? {
    guard let name = settings.door.output, settings.device.board != .simulated else {
      return settings.door.output
    }
    let isThere = [GPIOSettings.Use.lock, .relay].contains { $0.rawValue == name && settings.gpio[$0] != nil }
    return isThere ? name : nil
  }

  private var lockWorks: Bool { !parts.contains { $0.name == doorOutput && $0.problem != nil } }

  var doorStatus: DoorStatus? {
    guard doorOutput != nil else { return nil }
    let state = !lockWorks ? "failed" : door.closesAt == nil ? "closed" : "open"
    return DoorStatus(state: state, lastOpenedBy: door.lastOpenedBy)
  }

  /// What `.storeDoorState` gave in an earlier life; nil if there is nothing. Call it before `start`.
  public func restoreDoor(_ stored: [UInt8]?, now: Instant) {
    guard let stored else { return }
    let milliseconds = instruments.unixMilliseconds
    guard let lockOut = LockOut(stored: stored, settings.door, now: now, unixMilliseconds: milliseconds)
    else { return log(.warning, "the stored state of the door is damaged; wrong codes are counted from 0") }
    door.lockOut = lockOut
    if lockOut.isLocked(now: now) { log(.notice, "the door is still locked out after wrong codes") }
  }

  /// The board starts with the lock as it has to be, whatever was before.
  func startDoor() {
    if let doorOutput { emit(.board(.setOutput(doorOutput, false))) }
    if settings.door.output != nil, doorOutput == nil {
      log(
        .error, "[door] output: this board has no [gpio] lock or relay of that name, so the door stays shut")
    }
  }

  func openDoor(_ asker: Asker, _ now: Instant) {
    let refusal =
      switch asker {
      case .participant(let call): askDoor(call.caller, .rpc, now: now)
      default: askDoor(.local, .local, now: now)
      }
    if let refusal { return refuse(refusal, asker, now) }
    succeed(doorStatus?.json ?? .null, asker, now)
  }

  /// For those who may go past the policy. A device without a door still has none.
  func overrideDoor(_ asker: Asker, _ now: Instant) {
    if let refusal = askDoor(.local, .override, now: now) { return refuse(refusal, asker, now) }
    succeed(doorStatus?.json ?? .null, asker, now)
  }

  func refuse(_ refusal: DoorRefusal, _ asker: Asker, _ now: Instant) {
    let isPolicy = refusal != .noDoor && refusal != .lockFailed
    answer(
      .refused(
        isPolicy ? .notAllowed(refusal.words) : .failed(code: refusal.rawValue, message: refusal.words)),
      to: asker, now: now)
  }

  /// One telephone key of somebody in the room, or at the keypad.
  func keyPressed(_ key: UInt8, by typist: DTMFCollector.Typist, now: Instant) {
    let caller =
      switch typist {
      case .keypad: Caller.keypad
      case .room(let sender): caller(sender)
      }
    // Whoever reads along must not learn the code.
    let isHidden = doorOutput != nil && settings.door.code != nil && (0x30...0x39).contains(key)
    let digit = isHidden ? nil : String(decoding: [key], as: UTF8.self)
    announce(.dtmf(identity: caller.identity, digit: digit), budgeted: now)
    guard doorOutput != nil else { return }
    let timeout = settings.door.keyTimeoutMilliseconds
    guard let typed = door.entries.take(key, from: typist, timeoutMilliseconds: timeout, now: now),
      !typed.isEmpty
    else { return }
    let isRight = settings.door.code.map { DoorPolicy.isCode(typed, Array($0.utf8)) } ?? false
    _ = askDoor(caller, .code(isRight: isRight), now: now)
  }

  /// Opens the door, or says why not. Either is an event.
  private func askDoor(_ caller: Caller, _ way: DoorWay, now: Instant) -> DoorRefusal? {
    var circumstances = DoorPolicy.Circumstances()
    circumstances.hasDoor = doorOutput != nil
    circumstances.hasCode = settings.door.code != nil
    circumstances.inCall = call.state == .talking
    circumstances.isLockedOut = door.lockOut.isLocked(now: now)
    circumstances.lockWorks = lockWorks
    switch DoorPolicy.verdict(caller, way, circumstances, settings.door) {
    case .open:
      if case .code = way, door.lockOut != LockOut() {
        door.lockOut.forgive()
        storeDoor(now)
      }
      pulse(caller, way, now)
      return nil
    case .refused(let refusal):
      counters.doorRefusals += 1
      announce(
        .doorRefused(by: caller.words, how: way.word, reason: refusal.words), budgeted: now)
      if refusal == .wrongCode { countWrongCode(caller, now) }
      return refusal
    }
  }

  private func pulse(_ caller: Caller, _ way: DoorWay, _ now: Instant) {
    guard let doorOutput else { return }
    emit(.board(.setOutput(doorOutput, true)))
    door.closesAt = now.advanced(byMilliseconds: settings.door.pulseMilliseconds)
    door.lastOpenedBy = caller.words
    counters.doorOpenings += 1
    announce(.doorOpened(by: caller.words, how: way.word))
    log(.notice, "the door is opened by \(caller.words) (\(way.word))", event: "door.opened")
    sound(.doorOpened)
  }

  func closeDoor() {
    guard door.closesAt != nil, let doorOutput else { return }
    door.closesAt = nil
    emit(.board(.setOutput(doorOutput, false)))
    announce(.doorClosed)
  }

  private func countWrongCode(_ caller: Caller, _ now: Instant) {
    if door.lockOut.countWrongCode(settings.door, now: now) {
      announce(.doorLockedOut(by: caller.words, seconds: settings.door.lockOutMinutes * 60))
      log(
        .warning, "no code is taken for \(settings.door.lockOutMinutes) min: too many wrong ones",
        event: "door.locked_out")
    }
    storeDoor(now)
  }

  private func storeDoor(_ now: Instant) {
    emit(.storeDoorState(door.lockOut.stored(now: now, unixMilliseconds: instruments.unixMilliseconds)))
  }
}
