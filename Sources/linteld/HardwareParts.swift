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
    /// It was quiet for a while.
    case settled
    case set(Bool)
  }

  let name: String
  let light: BoardLight?
  var onEvent: ((BoardEvent) -> Void)?
  fileprivate var watcher: DescriptorWatcher?
  private(set) var isOpen = false
  private let place: String

  init(_ name: String, _ place: String, light: BoardLight? = nil) {
    self.name = name
    self.place = place
    self.light = light
  }

  func perform(_ step: Step) throws(BoardFailure) {}
  func close() {}

  final func tryToOpen() {
    isOpen = true
    take(.open)
    guard isOpen else { return }
    tell(nil)
    take(.begin)
  }

  /// What fails closes it, until it is asked for again.
  final func take(_ step: Step) {
    guard isOpen else { return }
    do throws(BoardFailure) {
      try perform(step)
    } catch {
      isOpen = false
      watcher = nil
      close()
      tell(error.description)
    }
  }

  fileprivate final func watch(_ loop: EventLoop, _ descriptor: Int32) throws(BoardFailure) {
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

/// A button or switch: it counts when it was quiet for a while. Between an edge and that moment nobody listens, so
/// that a line that swings wildly wakes the loop once in a while and no more.
final class InputPart: HardwarePart {
  private let input: BoardInput
  private let gpio: GPIOPlace
  private let loop: EventLoop
  private let settle: Timer
  private let debounceMilliseconds: Int
  private var line: GPIOLine?
  private var roundsLeft = 0

  init(_ input: BoardInput, _ place: GPIOPlace, _ loop: EventLoop, _ debounceMilliseconds: Int) {
    self.input = input
    gpio = place
    self.loop = loop
    settle = Timer(loop)
    self.debounceMilliseconds = debounceMilliseconds
    super.init(input.rawValue, place.words)
    settle.onFire = { self.take(.settled) }
  }

  override func perform(_ step: Step) throws(BoardFailure) {
    if case .open = step { line = try GPIOLine(gpio, isOutput: false, consumer: "lintel " + name) }
    guard let line else { return }
    var hasChanged = false
    let isOn = try line.read(&hasChanged)
    switch step {
    case .begin:
      try watch(loop, line.descriptor)
      onEvent?(.input(input, isOn: isOn, isFirst: true))
    case .readable:
      watcher?.stop()
      roundsLeft = Self.roundsMax
      settle.schedule(afterMilliseconds: debounceMilliseconds)
    case .settled:
      roundsLeft -= 1
      // Still bouncing; what never rests is taken as it is found.
      if hasChanged, roundsLeft > 0 { return settle.schedule(afterMilliseconds: debounceMilliseconds) }
      watcher?.resume()
      onEvent?(.input(input, isOn: isOn, isFirst: false))
    case .open, .set: break
    }
  }

  override func close() {
    settle.cancel()
    line = nil
  }

  private static let roundsMax = 10
}

/// A relay, or a light: a line of its own, or one of the kernel's lights.
final class OutputPart: HardwarePart {
  enum Source {
    case line(GPIOPlace)
    case led(String, folder: String)

    var words: String {
      switch self {
      case .line(let place): place.words
      case .led(let name, _): "light " + name
      }
    }
  }

  private let source: Source
  private var output: (any DigitalOutput)?
  private var isOn = false

  init(_ name: String, _ source: Source, light: BoardLight?) {
    self.source = source
    super.init(name, source.words, light: light)
  }

  override func perform(_ step: Step) throws(BoardFailure) {
    switch step {
    case .open:
      isOn = false
      switch source {
      case .line(let place): output = try GPIOLine(place, isOutput: true, consumer: "lintel " + name)
      case .led(let name, let folder): output = try LED(name, folder: folder)
      }
    case .set(let on):
      guard on != isOn else { return }
      try output?.set(on)
      isOn = on
    default: break
    }
  }

  override func close() { output = nil }
}

final class KeypadPart: HardwarePart {
  private let device: String
  private let loop: EventLoop
  private var keypad: Keypad?

  init(_ device: String, _ loop: EventLoop) {
    self.device = device
    self.loop = loop
    super.init("keypad", "'\(device)'")
  }

  override func perform(_ step: Step) throws(BoardFailure) {
    switch step {
    case .open: keypad = try Keypad(device)
    case .begin: if let keypad { try watch(loop, keypad.descriptor) }
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
