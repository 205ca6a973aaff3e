import AudioEngine
import Base
import Configuration
import Control
import JSON

/// What is at the board: inputs, keys, lights, hardware, sound cards and the speaker's volume.
struct Panel {
  /// By `BoardInput.index`.
  private var inputsOn = [Bool](repeating: false, count: BoardInput.allCases.count)
  /// Inputs of the simulated board that a command holds for a while.
  private var held: [(input: BoardInput, until: Instant)] = []
  /// The configured hardware, as far as the board told of it.
  private(set) var parts: [BoardPart] = []
  private var asked: (state: IndicatorState, until: Instant)?
  private(set) var indicator = IndicatorState.off
  private var lights = LightPattern(IndicatorPolicy())
  private(set) var volumePercent: Int
  private var cards: SoundCards
  private var longPress = LongPress()
  /// The button was held to its end, for this.
  private(set) var startsAnew: LongPressUse?

  init(_ settings: Settings) {
    volumePercent = settings.audio.volumePercent
    cards = SoundCards(settings)
  }

  var capture: AudioDeviceStatus { cards.capture }
  var playback: AudioDeviceStatus { cards.playback }
  var captureDropouts: Int { cards.captureDropouts }
  var playbackDropouts: Int { cards.playbackDropouts }

  var deadlines: [Deadline] {
    var deadlines = [
      Deadline("asked-indicator", asked?.until), Deadline("long-press", longPress.due),
    ]
    for press in held { deadlines.append(Deadline("held-input", press.until)) }
    return deadlines
  }

  func isOn(_ input: BoardInput) -> Bool { inputsOn[input.index] }
  func works(_ part: String?) -> Bool { !parts.contains { $0.name == part && $0.problem != nil } }

  mutating func passTime(_ house: House, now: Instant) -> [Effect] {
    if let end = asked?.until, end <= now { asked = nil }
    var effects: [Effect] = []
    for press in held where press.until <= now {
      held = held.filter { $0.input != press.input }
      effects += changed(press.input, isOn: false, house, now: now)
    }
    return effects + longPress(longPress.passTime(now), house)
  }

  /// What `status` tells of the hardware.
  func status(_ settings: Settings, doorOutput: String?, doorIsOpen: Bool) -> BoardStatus {
    var status = BoardStatus()
    let isSimulated = settings.device.board == .simulated
    for input in BoardInput.allCases where isSimulated || parts.contains(where: { $0.name == input.rawValue })
    {
      status.inputs.append(.init(input.rawValue, .bool(isOn(input))))
    }
    if let doorOutput { status.outputs = [.init(doorOutput, .bool(doorIsOpen))] }
    status.indicator = indicator.rawValue
    for light in BoardLight.allCases {
      status.lights.append(
        .init(light.rawValue, .string(LightPattern.text(lights[light]))))
    }
    for part in parts where part.problem != nil {
      status.problems.append(.string("\(part.name): \(part.words)"))
    }
    return status
  }

  // MARK: - Inputs

  /// What of the device decides what an input means.
  struct House {
    var settings: Settings
    var call: CallState
    var doorOutput: String?
    var isMutedBySoftware: Bool
    var isInRoom: Bool
  }

  mutating func handle(_ event: BoardEvent, _ house: House, now: Instant) -> [Effect] {
    switch event {
    case .input(let input, let isOn, let isFirst):
      changed(input, isOn: isOn, isFirst: isFirst, house, now: now)
    case .key(let key, let pad): keypad(key, pad: pad, house)
    case .function(let key): perform(key, house)
    case .part(let part): changed(part, house, now: now)
    }
  }

  private mutating func changed(
    _ input: BoardInput, isOn: Bool, isFirst: Bool = false, _ house: House, now: Instant
  ) -> [Effect] {
    // That the door is shut is news at first.
    let stands = input == .contact ? [Effect.doorStands(open: isOn, isFirst: isFirst)] : []
    guard inputsOn[input.index] != isOn else { return stands }
    inputsOn[input.index] = isOn
    let told = [Effect.tell(.input(name: input.rawValue, on: isOn))]
    switch input {
    case .mute: return told + [.mute(.hardSwitch(isOn))]
    case .contact: return told + stands
    case .tamper: return told + tampered(isOn, house)
    // A button that is found pressed is stuck, and nobody lifted a handset that lies beside its hook.
    case .button: return isFirst ? told : told + pressed(isOn, house, now: now)
    case .hook: return isFirst ? told : told + [.hand(isOn ? .lifted : .laidDown)]
    }
  }

  private mutating func pressed(_ isDown: Bool, _ house: House, now: Instant) -> [Effect] {
    let ended = isDown ? [] : longPress(longPress.released(), house)
    let isInCall = house.call == .talking || house.call == .waitingAgent
    if isInCall, house.settings.session.mode == .pushToTalk {
      return ended + [.request(.turn(isDown ? .start : .end), .button)]
    }
    guard isDown else { return ended }
    longPress.pressed(house.settings.device, now: now)
    return [.hand(.pressed)]
  }

  /// What comes of a button that is held is seen and heard before, whatever the configuration says of tones.
  private mutating func longPress(_ step: LongPress.Step?, _ house: House) -> [Effect] {
    let use = house.settings.device.longPress
    switch step {
    case nil: return []
    case .counts(let seconds):
      return [.audio(.playTone(.click)), .tell(.longPress(use.rawValue, inSeconds: seconds))]
    case .released: return [.tell(.longPress(use.rawValue, inSeconds: nil))]
    case .done:
      startsAnew = use
      return [.startAnew(use)]
    }
  }

  private func tampered(_ isOpen: Bool, _ house: House) -> [Effect] {
    let words = isOpen ? "the housing is open" : "the housing is closed"
    let logged = [Effect.log(isOpen ? .warning : .notice, words, event: "input")]
    return isOpen && house.settings.device.tamperAlarm ? logged + [.sound(.error)] : logged
  }

  /// Digits are the door's where its policy takes them from here, and otherwise the room's.
  private func keypad(_ key: UInt8, pad: Int = 0, _ house: House) -> [Effect] {
    var caller = Caller.keypad
    // Two visitors at two keypads type two codes.
    if pad > 0 { caller.sid = Name(bytes: [0x30 | UInt8(truncatingIfNeeded: pad)]) ?? "" }
    let use = house.settings.call.keypad
    let isInCall = house.call == .talking || house.call == .waitingAgent
    if use == .directory, !isInCall { return [.audio(.playKey(key)), .hand(.digit(key))] }
    let rules = house.settings.door.codeAllow
    let isDoors =
      use == .door || (use == .auto && rules.allow(kind: caller.kind, identity: caller.identity.text))
    if house.doorOutput != nil, isDoors {
      // The loudspeaker is beside an open microphone: what is sounded there is told to the room.
      return [.audio(.playTone(.click)), .key(key, caller)]
    }
    let sounded = [Effect.audio(.playKey(key))]
    guard house.isInRoom else { return sounded }
    return sounded + [.request(.dtmf(digits: String(decoding: [key], as: UTF8.self), to: nil), .button)]
  }

  private mutating func perform(_ key: FunctionKey, _ house: House) -> [Effect] {
    switch key {
    case .call: [.request(.call, .button)]
    case .hangUp: [.request(.hangup(who: nil), .button)]
    case .volumeUp: setVolume(min(100, volumePercent + DeviceLimits.volumeStepPercent))
    case .volumeDown: setVolume(max(0, volumePercent - DeviceLimits.volumeStepPercent))
    case .mute: [.request(.mute(on: !house.isMutedBySoftware), .button)]
    }
  }

  mutating func setVolume(_ percent: Int) -> [Effect] {
    guard percent != volumePercent else { return [] }
    volumePercent = percent
    return [.audio(.setVolume(percent: percent)), .tell(.audioVolume(percent: percent))]
  }

  /// What does not work is told once, and once that it works again.
  private mutating func changed(_ part: BoardPart, _ house: House, now: Instant) -> [Effect] {
    if let index = parts.firstIndex(where: { $0.name == part.name }) {
      guard parts[index].problem != part.problem else { return [] }
      parts[index].problem = part.problem
    } else {
      parts.append(part)
      if part.problem == nil { return [] }
    }
    let told: [Effect] = [
      .tell(.hardware(name: part.name, problem: part.problem)),
      .log(part.problem == nil ? .notice : .error, "\(part.name): \(part.words)", event: "hardware"),
    ]
    guard part.problem != nil else { return told }
    // What the switch says cannot be known, and it may say that nobody shall be heard.
    if part.name == BoardInput.mute.rawValue {
      return told + changed(.mute, isOn: true, house, now: now)
    }
    if part.name == BoardInput.contact.rawValue { return told + [.doorStands(open: nil, isFirst: true)] }
    return part.name == house.doorOutput ? told + [.shutDoor] : told
  }

  // MARK: - Asked for

  /// On the simulated board alone: what hangs on a real one has to be pressed there.
  mutating func press(_ name: String, _ press: Press, _ asker: Asker, _ house: House, now: Instant)
    -> [Effect]
  {
    guard house.settings.device.board == .simulated else {
      return [.refuse("no-buttons", "only the simulated board is pressed by command", asker)]
    }
    let answer = Effect.succeed(.object([.init("pressed", .string(name))]), asker)
    if let key = name.utf8.first, name.utf8.count == 1, "0123456789*#".utf8.contains(key) {
      return [answer] + keypad(key, house)
    }
    guard let input = BoardInput(rawValue: name) else {
      let legal = BoardInput.allCases.map { $0.rawValue } + ["0-9", "*", "#"]
      return [.refuse(unknown: "button", name, legal, asker)]
    }
    held = held.filter { $0.input != input }
    if case .hold(let milliseconds) = press {
      let hold = milliseconds ?? ControlLimits.pressMillisecondsDefault
      held.append((input, now.advanced(byMilliseconds: hold)))
    }
    return [answer] + changed(input, isOn: press != .off, house, now: now)
  }

  mutating func indicate(_ show: String, _ milliseconds: Int?, _ asker: Asker, now: Instant) -> [Effect] {
    let legal = IndicatorState.allCases.filter { $0 == .off || $0.mayBeAskedFor }
    guard let state = legal.first(where: { $0.rawValue == show }) else {
      return [.refuse(unknown: "indicator", show, legal.map { $0.rawValue }, asker)]
    }
    // Off takes back what was asked for; the device's own states are nobody else's.
    let until = now.advanced(byMilliseconds: milliseconds ?? DeviceLimits.askedIndicatorMilliseconds)
    asked = state == .off ? nil : (state, until)
    return []
  }

  /// What is shown follows from the facts; nothing comes of it while it stays the same.
  mutating func show(_ facts: IndicatorPolicy) -> [Effect] {
    var facts = facts
    facts.asked = asked?.state
    facts.isCounting = longPress.isCounting
    var effects: [Effect] = []
    let pattern = LightPattern(facts)
    if pattern != lights { effects.append(.board(.light(pattern))) }
    lights = pattern
    guard facts.shown != indicator else { return effects }
    indicator = facts.shown
    return effects + [.board(.indicate(indicator)), .tell(.indicator(show: indicator.rawValue))]
  }

  mutating func handle(_ event: SoundCardEvent) -> [Effect] { cards.handle(event) }
}
