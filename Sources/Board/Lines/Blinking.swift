import Base

/// Lights that blink in step: each has a pattern of sixteen steps, the first one in the highest bit, which is gone
/// through again and again. While none of them blinks there is nothing to wait for.
public struct Blinking: Equatable, Sendable {
  public static let steps = 16

  /// When the next step is due; nil while every light is steady.
  public private(set) var deadline: Instant?
  private var patterns: [UInt16]
  private let stepMilliseconds: Int
  private var step = 0

  /// All lights are dark at first.
  public init(lights: Int, stepMilliseconds: Int) {
    patterns = [UInt16](repeating: 0, count: lights)
    self.stepMilliseconds = stepMilliseconds
  }

  /// What is shown from now on, a pattern a light; new patterns begin with their first step. The same ones go on.
  public mutating func show(_ patterns: [UInt16], now: Instant) {
    precondition(patterns.count == self.patterns.count)
    guard patterns != self.patterns else { return }
    self.patterns = patterns
    step = 0
    let blinks = patterns.contains { $0 != 0 && $0 != .max }
    deadline = blinks ? now.advanced(byMilliseconds: stepMilliseconds) : nil
  }

  /// Goes on to the step that is due. Somebody who comes late finds the step of that moment, so that a busy machine
  /// blinks as fast as an idle one.
  public mutating func advance(now: Instant) {
    guard let due = deadline, due <= now else { return }
    let passed = 1 + now.milliseconds(since: due) / stepMilliseconds
    step = (step + passed) % Self.steps
    deadline = due.advanced(byMilliseconds: passed * stepMilliseconds)
  }

  public func isLit(_ light: Int) -> Bool { patterns[light] & (0x8000 >> step) != 0 }
}
