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
  private let devices = DeviceWatch("input")
  private var devicesWatcher: DescriptorWatcher?
  private var parts: [HardwarePart] = []
  private var blinking = Blinking(
    lights: BoardLight.allCases.count, stepMilliseconds: LightPattern.stepMilliseconds)

  /// Nothing is opened yet.
  init(_ loop: EventLoop, _ settings: Settings) {
    self.loop = loop
    isSimulated = settings.device.board == .simulated
    timer = Timer(loop)
    guard !isSimulated else {
      if let lock = settings.door.output { parts.append(OutputPart(lock, .journal, loop)) }
      return
    }
    for use in GPIOSettings.Use.allCases {
      guard let line = settings.gpio[use] else { continue }
      let place = GPIOPlace(line, chip: settings.gpio.chip)
      if let input = BoardInput(use) {
        parts.append(InputPart(input, place, settings.gpio.debounceMilliseconds, loop))
      } else {
        let part = OutputPart(use.rawValue, .line(place), loop)
        if let light = BoardLight(use) { part.show(light, as: LED.white) }
        parts.append(part)
      }
    }
    addLights(settings.leds)
    for (number, device) in settings.keypad.devices.enumerated() {
      parts.append(KeypadPart(device, number: number, loop))
    }
  }

  /// One of several colours may show several lights.
  private func addLights(_ settings: LEDSettings) {
    var leds: [OutputPart] = []
    for light in BoardLight.mostUrgentLast {
      guard let (name, colour) = settings.names[light.index].flatMap({ LEDSettings.parse($0) }) else {
        continue
      }
      var led = leds.first { $0.isLight(name) }
      if led == nil {
        let added = OutputPart(light.rawValue + "-led", .led(name, folder: settings.folder), loop)
        leds.append(added)
        parts.append(added)
        led = added
      }
      led?.show(light, as: colour ?? LED.white)
    }
  }

  /// Opens what there is. How the inputs stand is told before this returns.
  func start() {
    timer.onFire = { self.timeout() }
    for part in parts {
      // What is in memory always works.
      if !isSimulated { part.onEvent = { self.onEvent?($0) } }
      part.onDeadline = { self.schedule() }
    }
    watchDevices()
    timeout()
    if parts.isEmpty, !isSimulated {
      Journal.write(.info, "no button, lock, light or keypad is configured")
    }
  }

  /// A chip or a keypad that comes later is found at once; where nobody tells, the clock does.
  private func watchDevices() {
    guard !isSimulated, devices.descriptor >= 0 else { return }
    devices.look()
    devicesWatcher = try? DescriptorWatcher(loop, descriptor: devices.descriptor) {
      self.devices.takeChange()
      self.devices.look()
      for part in self.parts { part.hurry() }
      self.schedule()
    }
  }

  /// The lock is shut and lights are dark when nobody looks after them any more.
  func stop() {
    timer.onFire = nil
    timer.cancel()
    devicesWatcher = nil
    for part in parts { part.take(.set(0)) }
  }

  func perform(_ command: BoardCommand) {
    switch command {
    case .setOutput(let name, let on):
      for part in parts where part.name == name { part.take(.set(on ? LED.white : 0)) }
    case .indicate(let state):
      if isSimulated { Journal.write(.info, "the indicator shows \(state.rawValue)") }
    case .light(let pattern):
      // Nobody wakes for a light that is not there.
      blinking.show(
        BoardLight.allCases.map { light in parts.contains { $0.shows(light) } ? pattern[light] : 0 },
        now: loop.now)
      showLights()
      schedule()
    }
  }

  private func timeout() {
    let begun = loop.now
    for part in parts {
      part.timeout()
      if isSlow(part, since: begun) { break }
    }
    blinking.advance(now: loop.now)
    // One that comes late shows what holds, not what happens next.
    showLights()
    schedule()
  }

  private func showLights() {
    let begun = loop.now
    for part in parts {
      part.show(blinking)
      if isSlow(part, since: begun) { return loop.later { self.showLights() } }
    }
  }

  /// What waits for a slow bus lets others go first: the next turn goes on there. A bus that hangs does so for all that
  /// is on it, so they are not tried one after the other.
  private func isSlow(_ part: HardwarePart, since begun: Instant) -> Bool {
    let took = loop.now.milliseconds(since: begun)
    guard took > Self.turnMilliseconds else { return false }
    for other in parts where other.chip != nil && other.chip == part.chip {
      other.leaveAlone(tookMilliseconds: took)
    }
    return true
  }

  private static let turnMilliseconds = 100

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
    for light in Self.allCases where light.rawValue + "-light" == use.rawValue {
      self = light
      return
    }
    return nil
  }
}
