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
    case set(Bool)
  }

  let name: String
  let light: BoardLight?
  var onEvent: ((BoardEvent) -> Void)?
  /// `deadline` may have changed.
  var onDeadline: (() -> Void)?
  fileprivate let loop: EventLoop
  fileprivate var watcher: DescriptorWatcher?
  private let place: String
  private var reopening: Reopening

  init(_ name: String, _ place: String, light: BoardLight? = nil, _ loop: EventLoop) {
    self.name = name
    self.place = place
    self.light = light
    self.loop = loop
    reopening = Reopening(
      firstMilliseconds: Self.retryMilliseconds, longestMilliseconds: Self.retryMilliseconds, now: loop.now)
  }

  func perform(_ step: Step) throws(BoardFailure) {}
  func close() {}
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
    do throws(BoardFailure) {
      try perform(step)
    } catch {
      watcher = nil
      close()
      reopening.failed(now: loop.now)
      tell(error.description)
    }
    onDeadline?()
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

  private static let retryMilliseconds = 2_000
}

/// A button or switch. While it bounces nobody listens.
final class InputPart: HardwarePart {
  private let input: BoardInput
  private let gpio: GPIOPlace
  private let debounceMilliseconds: Int
  private var line: GPIOLine?
  private var debounce: Debounce?

  init(_ input: BoardInput, _ place: GPIOPlace, _ debounceMilliseconds: Int, _ loop: EventLoop) {
    self.input = input
    gpio = place
    self.debounceMilliseconds = debounceMilliseconds
    super.init(input.rawValue, place.words, loop)
  }

  override var settling: Instant? { debounce?.deadline }

  override func perform(_ step: Step) throws(BoardFailure) {
    if case .open = step { line = try GPIOLine(gpio, isOutput: false, consumer: "lintel " + name) }
    guard let line else { return }
    var hadEdges = false
    let isOn = try line.read(&hadEdges)
    switch step {
    case .begin:
      try watch(line.descriptor)
      // Nobody shall be heard a moment longer than he wants to be.
      debounce = Debounce(milliseconds: debounceMilliseconds, closesAtOnce: input == .mute, isOn: isOn)
      onEvent?(.input(input, isOn: isOn, isFirst: true))
    case .readable:
      watcher?.stop()
      if debounce?.edge(now: loop.now) == true { tellInput() }
    case .settled:
      let changed = debounce?.look(isOn: isOn, hadEdges: hadEdges, now: loop.now) == true
      if debounce?.deadline == nil { watcher?.resume() }
      if changed { tellInput() }
    case .open, .set: break
    }
  }

  override func close() {
    debounce = nil
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
  private var isOn = false

  init(_ name: String, _ source: Source, light: BoardLight?, _ loop: EventLoop) {
    self.source = source
    super.init(name, source.words, light: light, loop)
  }

  override func perform(_ step: Step) throws(BoardFailure) {
    switch step {
    case .open:
      isOn = false
      output = try open()
    case .set(let on):
      guard on != isOn else { return }
      try output?.set(on)
      isOn = on
    default: break
    }
  }

  override func close() { output = nil }

  private func open() throws(BoardFailure) -> any DigitalOutput {
    switch source {
    case .line(let place): return try GPIOLine(place, isOutput: true, consumer: "lintel " + name)
    case .led(let name, let folder): return try LED(name, folder: folder)
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
  private var keypad: Keypad?

  init(_ device: String, _ loop: EventLoop) {
    self.device = device
    super.init("keypad", "'\(device)'", loop)
  }

  override func perform(_ step: Step) throws(BoardFailure) {
    switch step {
    case .open: keypad = try Keypad(device)
    case .begin: if let keypad { try watch(keypad.descriptor) }
    default: try keypad?.read { onEvent?(BoardEvent($0)) }
    }
  }

  override func close() { keypad = nil }
}

extension BoardEvent {
  fileprivate init(_ key: KeypadKey) {
    switch key {
    case .telephone(let key): self = .key(key)
    case .button(let isDown): self = .input(.button, isOn: isDown, isFirst: false)
    case .call: self = .function(.call)
    case .hangUp: self = .function(.hangUp)
    case .volumeUp: self = .function(.volumeUp)
    case .volumeDown: self = .function(.volumeDown)
    case .mute: self = .function(.mute)
    }
  }
}
