import Base
import Configuration
import Control

/// What the board tells.
public enum BoardEvent: Equatable, Sendable {
  /// `isFirst`: how it was found, when nobody has done anything yet.
  case input(BoardInput, isOn: Bool, isFirst: Bool)
  /// A key of the keypad: `0` to `9`, `*` or `#`.
  case key(UInt8)
  case function(FunctionKey)
  /// A piece of hardware works, or does not.
  case part(BoardPart)
}

/// What somebody at the board can move. The raw value is its name for `press` and in events.
public enum BoardInput: String, CaseIterable, Sendable {
  /// The visitor's: starts a call and ends it; with push-to-talk it is held while speaking.
  case button
  /// On while the handset is lifted.
  case hook
  /// On while the housing is open.
  case tamper
  /// The switch of the hard mute.
  case mute

  /// Its place in `Device.inputsOn`.
  var index: Int {
    switch self {
    case .button: 0
    case .hook: 1
    case .tamper: 2
    case .mute: 3
    }
  }
}

public enum FunctionKey: Sendable { case call, hangUp, volumeUp, volumeDown, mute }

/// A configured piece of hardware.
public struct BoardPart: Equatable, Sendable {
  /// For programs, such as `button` or `status-light`.
  public var name: String
  /// Where it is, such as `GPIO line 17`.
  public var place: String
  /// Why it cannot be used, as a sentence without its full stop.
  public var problem: String?

  public init(name: String, place: String, problem: String?) {
    self.name = name
    self.place = place
    self.problem = problem
  }

  var words: String { problem ?? place + " works" }
}

extension Device {
  func handle(_ event: BoardEvent, now: Instant) {
    switch event {
    case .input(let input, let isOn, let isFirst): changed(input, isOn: isOn, isFirst: isFirst, now: now)
    case .key(let key): keyOfKeypad(key, now: now)
    case .function(let key): perform(key, now: now)
    case .part(let part): changed(part, now: now)
    }
  }

  func changed(_ input: BoardInput, isOn: Bool, isFirst: Bool = false, now: Instant) {
    guard inputsOn[input.index] != isOn else { return }
    inputsOn[input.index] = isOn
    announce(.input(name: input.rawValue, on: isOn))
    switch input {
    case .mute: _ = changeMute(.hardSwitch(isOn), now: now)
    case .tamper: tampered(isOn)
    // A button that is found pressed is stuck, and nobody lifted a handset that lies beside its hook.
    case .button: if !isFirst { pressed(isOn, now: now) }
    case .hook: if !isFirst { handset(isLifted: isOn, now: now) }
    }
  }

  private func pressed(_ isDown: Bool, now: Instant) {
    let isInCall = call.state == .talking || call.state == .waitingAgent
    if isInCall, settings.session.mode == .pushToTalk {
      handle(.turn(isDown ? .start : .end), from: .button, now: now)
    } else if isDown, call.state == .idle || call.state == .failed {
      handle(.call, from: .button, now: now)
    } else if isDown, settings.session.mode == .onDemand {
      handle(.hangup, from: .button, now: now)
    }
  }

  private func handset(isLifted: Bool, now: Instant) {
    if isLifted, call.state == .idle || call.state == .failed {
      handle(.call, from: .button, now: now)
    } else if !isLifted, call.state != .idle, settings.session.mode != .alwaysOn {
      handle(.hangup, from: .button, now: now)
    }
  }

  private func tampered(_ isOpen: Bool) {
    log(isOpen ? .warning : .notice, isOpen ? "the housing is open" : "the housing is closed", event: "input")
    if isOpen, settings.device.tamperAlarm { sound(.error) }
  }

  /// Digits are the door's where its policy takes them from here, and otherwise the room's.
  private func keyOfKeypad(_ key: UInt8, now: Instant) {
    emit(.audio(.playKey(key)))
    if settings.door.codeAllow.allow(kind: Caller.keypad.kind, identity: Caller.keypad.identity),
      doorOutput != nil
    {
      keyPressed(key, by: .keypad, now: now)
    } else if connection == .connected {
      handle(.dtmf(digits: String(decoding: [key], as: UTF8.self), to: nil), from: .button, now: now)
    }
  }

  private func perform(_ key: FunctionKey, now: Instant) {
    switch key {
    case .call: handle(.call, from: .button, now: now)
    case .hangUp: handle(.hangup, from: .button, now: now)
    case .volumeUp: setVolume(min(100, volumePercent + DeviceLimits.volumeStepPercent))
    case .volumeDown: setVolume(max(0, volumePercent - DeviceLimits.volumeStepPercent))
    case .mute: handle(.mute(on: mute.mutedBy == nil), from: .button, now: now)
    }
  }

  /// What does not work is told once, and once that it works again.
  private func changed(_ part: BoardPart, now: Instant) {
    if let index = parts.firstIndex(where: { $0.name == part.name }) {
      guard parts[index].problem != part.problem else { return }
      parts[index].problem = part.problem
    } else {
      parts.append(part)
      if part.problem == nil { return }
    }
    announce(.hardware(name: part.name, problem: part.problem))
    let words = "\(part.name): \(part.words)"
    log(part.problem == nil ? .notice : .error, words, event: "hardware")
    guard part.problem != nil else { return }
    // What the switch says cannot be known, and it may say that nobody shall be heard.
    if part.name == BoardInput.mute.rawValue { changed(.mute, isOn: true, now: now) }
    if part.name == doorOutput { closeDoor() }
  }

  /// What `status` tells of the hardware.
  var boardStatus: BoardStatus {
    var status = BoardStatus()
    let isSimulated = settings.device.board == .simulated
    for input in BoardInput.allCases where isSimulated || parts.contains(where: { $0.name == input.rawValue })
    {
      status.inputs.append(.init(input.rawValue, .bool(inputsOn[input.index])))
    }
    if let doorOutput { status.outputs = [.init(doorOutput, .bool(door.closesAt != nil))] }
    status.indicator = indicator.rawValue
    for light in BoardLight.allCases {
      status.lights.append(
        .init(light.rawValue, .string(LightPattern.text(LightPattern.of(indicator, light)))))
    }
    for part in parts where part.problem != nil {
      status.problems.append(.string("\(part.name): \(part.words)"))
    }
    return status
  }
}
