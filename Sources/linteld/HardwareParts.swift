import Base
import Board
import Device
import Reactor

/// One configured piece of hardware, open or missing.
class HardwarePart {
  /// What can fail.
  enum Step {
    case open
    /// After it was opened: how it stands.
    case begin
    /// Its descriptor can be read.
    case readable
    /// The time of `settling` has come.
    case settled
    /// As a colour: red, green and blue in eight bits each; 0 is off.
    case set(UInt32)
  }

  let name: String
  /// The colours in which it shows the lights, in the order of `BoardLight.allCases`; 0: not here. Empty: it is none.
  private var colours: [UInt32] = []
  var onEvent: ((BoardEvent) -> Void)?
  /// `deadline` may have changed.
  var onDeadline: (() -> Void)?
  fileprivate let loop: EventLoop
  fileprivate var watcher: DescriptorWatcher?
  private let place: String
  private var reopening: Reopening

  init(_ name: String, _ place: String, _ loop: EventLoop) {
    self.name = name
    self.place = place
    self.loop = loop
    reopening = Reopening(firstMilliseconds: 0, longestMilliseconds: 0, now: loop.now)
  }

  func perform(_ step: Step) throws(BoardFailure) {}
  func close() {}
  /// Where it is a line of a chip that was named.
  var chip: String? { nil }
  /// When an open one wants to be looked at.
  var settling: Instant? { nil }

  /// When `timeout` is to be called.
  final var deadline: Instant? { earliest(reopening.deadline, settling) }

  final func timeout() {
    let now = loop.now
    if reopening.isDue(now) {
      open()
    } else if let settling, settling <= now {
      take(.settled)
    }
  }

  /// What fails closes it, until it is asked for again.
  final func take(_ step: Step) {
    guard reopening.isOpen else { return }
    let begun = loop.now
    do throws(BoardFailure) {
      try perform(step)
    } catch {
      watcher = nil
      close()
      let now = loop.now
      let pause = Looking.pauseMilliseconds(tookMilliseconds: now.milliseconds(since: begun))
      reopening.failed(forMilliseconds: pause, now: now)
      tell(error.description)
    }
    onDeadline?()
  }

  /// The bus that it is on hangs; a missing one need not be tried.
  final func leaveAlone(tookMilliseconds took: Int) {
    guard !reopening.isOpen else { return }
    reopening.failed(forMilliseconds: Looking.pauseMilliseconds(tookMilliseconds: took), now: loop.now)
  }

  /// Devices have come; some of them may be this one.
  final func hurry() { reopening.hurry(milliseconds: 50, now: loop.now) }

  final func show(_ light: BoardLight, as colour: UInt32) {
    if colours.isEmpty { colours = [UInt32](repeating: 0, count: BoardLight.allCases.count) }
    colours[light.index] = colour
  }

  final func shows(_ light: BoardLight) -> Bool { !colours.isEmpty && colours[light.index] != 0 }

  /// Lit as the most urgent of its lights that is used at all.
  final func show(_ blinking: Blinking) {
    guard !colours.isEmpty else { return }
    var lit: UInt32 = 0
    for light in BoardLight.mostUrgentLast where shows(light) && blinking.isUsed(light.index) {
      lit = blinking.isLit(light.index) ? colours[light.index] : 0
    }
    take(.set(lit))
  }

  private func open() {
    reopening.opened()
    take(.open)
    guard reopening.isOpen else { return }
    tell(nil)
    take(.begin)
  }

  fileprivate final func watch(_ descriptor: Int32) throws(BoardFailure) {
    do throws(ReactorFailure) {
      watcher = try DescriptorWatcher(loop, descriptor: descriptor) { self.take(.readable) }
    } catch {
      throw .hardware(name: place, reason: error.description)
    }
  }

  private func tell(_ problem: String?) {
    onEvent?(.part(BoardPart(name: name, place: place, problem: problem)))
  }
}

/// A button or switch. While it bounces nobody listens.
final class InputPart: HardwarePart {
  private let input: BoardInput
  private let gpio: GPIOPlace
  private let debounceMilliseconds: Int
  private var line: GPIOLine?
  private var debounce: Debounce?
  /// When a line without edges is looked at.
  private var look: Instant?

  init(_ input: BoardInput, _ place: GPIOPlace, _ debounceMilliseconds: Int, _ loop: EventLoop) {
    self.input = input
    gpio = place
    self.debounceMilliseconds = debounceMilliseconds
    super.init(input.rawValue, place.words, loop)
  }

  override var chip: String? { gpio.chip }
  override var settling: Instant? { debounce?.deadline ?? look }

  override func perform(_ step: Step) throws(BoardFailure) {
    if case .open = step {
      // A switch that closes at its first edge has to be told of that one.
      line = try GPIOLine(
        gpio, isOutput: false, consumer: "lintel " + name,
        debounceMilliseconds: input == .mute ? 0 : debounceMilliseconds)
    }
    guard let line else { return }
    var hadEdges = false
    let begun = loop.now
    let isOn = try line.read(&hadEdges)
    let now = loop.now
    if line.descriptor < 0 { look = Looking.next(tookMilliseconds: now.milliseconds(since: begun), now: now) }
    switch step {
    case .begin:
      if line.descriptor >= 0 { try watch(line.descriptor) }
      // Nobody shall be heard a moment longer than he wants to be.
      debounce = Debounce(
        milliseconds: line.isDebounced ? 0 : debounceMilliseconds, closesAtOnce: input == .mute, isOn: isOn)
      onEvent?(.input(input, isOn: isOn, isFirst: true))
    case .readable:
      watcher?.stop()
      if debounce?.edge(now: now) == true { tellInput() }
    case .settled where debounce?.deadline == nil:
      if hadEdges, debounce?.edge(now: now) == true { tellInput() }
    case .settled:
      let changed = debounce?.look(isOn: isOn, hadEdges: hadEdges, now: now) == true
      if debounce?.deadline == nil { watcher?.resume() }
      if changed { tellInput() }
    case .open, .set: break
    }
  }

  override func close() {
    debounce = nil
    look = nil
    line = nil
  }

  private func tellInput() {
    if let debounce { onEvent?(.input(input, isOn: debounce.isOn, isFirst: false)) }
  }
}

/// A relay, or a light: a line of its own, one of the kernel's lights, or a line in the journal.
final class OutputPart: HardwarePart {
  enum Source {
    case line(GPIOPlace)
    case led(String, folder: String)
    case journal

    var words: String {
      switch self {
      case .line(let place): place.words
      case .led(let name, _): "light " + name
      case .journal: "the simulated board"
      }
    }
  }

  private let source: Source
  private var output: (any DigitalOutput)?
  /// Where `output` has colours.
  private var light: LED?
  private var shown: UInt32 = 0

  init(_ name: String, _ source: Source, _ loop: EventLoop) {
    self.source = source
    super.init(name, source.words, loop)
  }

  override var chip: String? {
    guard case .line(let place) = source else { return nil }
    return place.chip
  }

  /// Whether it is that one of the kernel's lights.
  func isLight(_ name: String) -> Bool {
    guard case .led(let own, _) = source else { return false }
    return own == name
  }

  override func perform(_ step: Step) throws(BoardFailure) {
    switch step {
    case .open:
      shown = 0
      output = try open()
    case .set(let colour):
      guard colour != shown else { return }
      if let light { try light.show(colour) } else { try output?.set(colour != 0) }
      shown = colour
    default: break
    }
  }

  override func close() {
    output = nil
    light = nil
  }

  private func open() throws(BoardFailure) -> any DigitalOutput {
    switch source {
    case .line(let place): return try GPIOLine(place, isOutput: true, consumer: "lintel " + name)
    case .led(let name, let folder):
      let led = try LED(name, folder: folder)
      light = led
      return led
    case .journal:
      let line = MemoryLine()
      let name = name
      line.onSet = { Journal.write(.info, "output \(name) is \($0 ? "on" : "off")") }
      return line
    }
  }
}

final class KeypadPart: HardwarePart {
  private let device: String
  private let number: Int
  private var keypad: Keypad?

  init(_ device: String, number: Int, _ loop: EventLoop) {
    self.device = device
    self.number = number
    super.init(number == 0 ? "keypad" : "keypad-\(number + 1)", "'\(device)'", loop)
  }

  override func perform(_ step: Step) throws(BoardFailure) {
    switch step {
    case .open: keypad = try Keypad(device)
    case .begin: if let keypad { try watch(keypad.descriptor) }
    default: try keypad?.read { onEvent?(BoardEvent($0, pad: number)) }
    }
  }

  override func close() { keypad = nil }
}

extension BoardEvent {
  fileprivate init(_ key: KeypadKey, pad: Int) {
    switch key {
    case .telephone(let key): self = .key(key, pad: pad)
    case .button(let isDown): self = .input(.button, isOn: isDown, isFirst: false)
    case .call: self = .function(.call)
    case .hangUp: self = .function(.hangUp)
    case .volumeUp: self = .function(.volumeUp)
    case .volumeDown: self = .function(.volumeDown)
    case .mute: self = .function(.mute)
    }
  }
}
