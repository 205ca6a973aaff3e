import Base
import Board
import Configuration
import Device
import Reactor

/// The hardware beside sound: what is configured is opened, and what cannot be had is asked for again, for ever. The
/// simulated board has none; what it would do is told in the journal.
final class Hardware {
  var onEvent: ((BoardEvent) -> Void)?

  private let isSimulated: Bool
  private var parts: [HardwarePart] = []
  private let retry: Timer
  private let blink: Timer
  private var shown = IndicatorState.off
  private var step = 0

  /// Nothing is opened yet.
  init(_ loop: EventLoop, _ settings: Settings) {
    isSimulated = settings.device.board == .simulated
    retry = Timer(loop)
    blink = Timer(loop)
    guard !isSimulated else { return }
    for use in GPIOSettings.Use.allCases {
      guard let line = settings.gpio[use] else { continue }
      let place = GPIOPlace(line, chip: settings.gpio.chip)
      if let input = BoardInput(use) {
        parts.append(InputPart(input, place, loop, settings.gpio.debounceMilliseconds))
      } else {
        parts.append(OutputPart(use.rawValue, .line(place), light: BoardLight(use)))
      }
    }
    for (index, light) in BoardLight.allCases.enumerated() {
      guard let name = settings.leds.names[index] else { continue }
      parts.append(
        OutputPart(light.rawValue + "-led", .led(name, folder: settings.leds.folder), light: light))
    }
    if let device = settings.keypad.device { parts.append(KeypadPart(device, loop)) }
  }

  /// Opens what there is. How the inputs stand is told before this returns.
  func start() {
    retry.onFire = { self.openMissing() }
    blink.onFire = { self.showStep() }
    for part in parts { part.onEvent = { self.take($0) } }
    openMissing()
    if parts.isEmpty, !isSimulated {
      Journal.write(.info, "no button, lock, light or keypad is configured")
    }
  }

  /// The lock is shut and lights are dark when nobody looks after them any more.
  func stop() {
    retry.cancel()
    blink.cancel()
    for part in parts { part.take(.set(false)) }
  }

  func perform(_ command: BoardCommand) {
    switch command {
    case .setOutput(let name, let on):
      if isSimulated { Journal.write(.info, "output \(name) is \(on ? "on" : "off")") }
      for part in parts where part.name == name { part.take(.set(on)) }
    case .indicate(let state):
      if isSimulated { Journal.write(.info, "the indicator shows \(state.rawValue)") }
      shown = state
      step = 0
      showStep()
    }
  }

  private func take(_ event: BoardEvent) {
    if case .part(let part) = event, part.problem != nil { scheduleRetry() }
    onEvent?(event)
  }

  private func openMissing() {
    var lightCame = false
    for part in parts where !part.isOpen {
      part.tryToOpen()
      if part.isOpen, part.light != nil { lightCame = true }
    }
    // One that comes late shows what holds, not what happens next.
    if lightCame { showStep() }
    if parts.contains(where: { !$0.isOpen }) { scheduleRetry() }
  }

  private func scheduleRetry() {
    if retry.deadline == nil { retry.schedule(afterMilliseconds: Self.retryMilliseconds) }
  }

  /// One step of the lights' patterns; the timer runs only while one of them blinks.
  private func showStep() {
    var blinks = false
    for part in parts {
      guard let light = part.light else { continue }
      let pattern = LightPattern.of(shown, light)
      if pattern != 0, pattern != 0xFFFF { blinks = true }
      part.take(.set(pattern & (0x8000 >> step) != 0))
    }
    step = (step + 1) % LightPattern.steps
    if blinks { blink.schedule(afterMilliseconds: LightPattern.stepMilliseconds) } else { blink.cancel() }
  }

  private static let retryMilliseconds = 2_000
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
