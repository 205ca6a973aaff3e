import Base
import Board
import Configuration
import Device
import Reactor

/// The hardware beside sound: what is configured is opened, and what cannot be had is asked for again, for ever. What
/// a bounce, a loss or a pattern means is `Board`'s to say; here is the timer. The simulated board has outputs in
/// memory, and what they do is told in the journal.
final class Hardware {
  var onEvent: ((BoardEvent) -> Void)?

  private let isSimulated: Bool
  private let loop: EventLoop
  private let timer: Timer
  private var parts: [HardwarePart] = []
  private var blinking = Blinking(
    lights: BoardLight.allCases.count, stepMilliseconds: LightPattern.stepMilliseconds)

  /// Nothing is opened yet.
  init(_ loop: EventLoop, _ settings: Settings) {
    self.loop = loop
    isSimulated = settings.device.board == .simulated
    timer = Timer(loop)
    guard !isSimulated else {
      if let lock = settings.door.output { parts.append(OutputPart(lock, .journal, light: nil, loop)) }
      return
    }
    for use in GPIOSettings.Use.allCases {
      guard let line = settings.gpio[use] else { continue }
      let place = GPIOPlace(line, chip: settings.gpio.chip)
      if let input = BoardInput(use) {
        parts.append(InputPart(input, place, settings.gpio.debounceMilliseconds, loop))
      } else {
        parts.append(OutputPart(use.rawValue, .line(place), light: BoardLight(use), loop))
      }
    }
    for (index, light) in BoardLight.allCases.enumerated() {
      guard let name = settings.leds.names[index] else { continue }
      let source = OutputPart.Source.led(name, folder: settings.leds.folder)
      parts.append(OutputPart(light.rawValue + "-led", source, light: light, loop))
    }
    if let device = settings.keypad.device { parts.append(KeypadPart(device, loop)) }
  }

  /// Opens what there is. How the inputs stand is told before this returns.
  func start() {
    timer.onFire = { self.timeout() }
    for part in parts {
      // What is in memory always works.
      if !isSimulated { part.onEvent = { self.onEvent?($0) } }
      part.onDeadline = { self.schedule() }
    }
    timeout()
    if parts.isEmpty, !isSimulated {
      Journal.write(.info, "no button, lock, light or keypad is configured")
    }
  }

  /// The lock is shut and lights are dark when nobody looks after them any more.
  func stop() {
    timer.onFire = nil
    timer.cancel()
    for part in parts { part.take(.set(false)) }
  }

  func perform(_ command: BoardCommand) {
    switch command {
    case .setOutput(let name, let on): for part in parts where part.name == name { part.take(.set(on)) }
    case .indicate(let state):
      if isSimulated { Journal.write(.info, "the indicator shows \(state.rawValue)") }
    case .light(let pattern):
      blinking.show(BoardLight.allCases.map { pattern[$0] }, now: loop.now)
      showLights()
      schedule()
    }
  }

  private func timeout() {
    for part in parts { part.timeout() }
    blinking.advance(now: loop.now)
    // One that comes late shows what holds, not what happens next.
    showLights()
    schedule()
  }

  private func showLights() {
    for (index, light) in BoardLight.allCases.enumerated() {
      for part in parts where part.light == light { part.take(.set(blinking.isLit(index))) }
    }
  }

  private func schedule() {
    guard timer.onFire != nil else { return }
    var next = blinking.deadline
    for part in parts { next = earliest(next, part.deadline) }
    if let next { timer.schedule(at: next) } else { timer.cancel() }
  }
}

extension GPIOPlace {
  fileprivate init(_ line: GPIOLineSettings, chip: String?) {
    self.init(chip: chip, line: line.name)
    isActiveLow = line.isActiveLow
    pullsUp = line.bias == .pullUp
    pullsDown = line.bias == .pullDown
  }
}

extension BoardInput {
  fileprivate init?(_ use: GPIOSettings.Use) { self.init(rawValue: use.rawValue) }
}

extension BoardLight {
  fileprivate init?(_ use: GPIOSettings.Use) {
    switch use {
    case .statusLight: self = .status
    case .muteLight: self = .mute
    case .errorLight: self = .error
    default: return nil
    }
  }
}
