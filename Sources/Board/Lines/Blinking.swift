import Base

/// Lights that blink in step: each has a pattern of sixteen steps, the first one in the highest bit, which is gone
/// through again and again. While none of them blinks there is nothing to wait for.
public struct Blinking: Equatable, Sendable {
  public static let steps = 16

  /// When a light changes next; nil while every one is steady.
  public private(set) var deadline: Instant?
  private var patterns: [UInt16]
  private let stepMilliseconds: Int
  private var step = 0
  /// When that step began.
  private var begun = Instant(microseconds: 0)

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
    begun = now
    wait()
  }

  /// Goes on to the step of that moment, so that a busy machine blinks as fast as an idle one.
  public mutating func advance(now: Instant) {
    guard let due = deadline, due <= now else { return }
    let passed = now.milliseconds(since: begun) / stepMilliseconds
    begun = begun.advanced(byMilliseconds: passed * stepMilliseconds)
    step = (step + passed) % Self.steps
    wait()
  }

  /// Until a light changes.
  private mutating func wait() {
    deadline = nil
    for ahead in 1...Self.steps {
      let next = (step + ahead) % Self.steps
      let changes = patterns.contains { ($0 << step ^ $0 << next) & 0x8000 != 0 }
      guard changes else { continue }
      deadline = begun.advanced(byMilliseconds: ahead * stepMilliseconds)
      return
    }
  }

  /// Whether it is lit now and then at least.
  public func isUsed(_ light: Int) -> Bool { patterns[light] != 0 }
  public func isLit(_ light: Int) -> Bool { patterns[light] & (0x8000 >> step) != 0 }
}
