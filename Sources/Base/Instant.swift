/// A point on the monotonic clock, in microseconds since an arbitrary start.
///
/// The rooms never read a clock: every `handle` takes the time as a parameter, so a test may advance hours
/// in an instant and a simulation repeats exactly.
public struct Instant: Comparable, Hashable, Sendable {
  public var microseconds: Int64

  public init(microseconds: Int64) { self.microseconds = microseconds }

  public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

  public func advanced(byMilliseconds milliseconds: Int) -> Instant {
    Instant(microseconds: microseconds + Int64(milliseconds) * 1000)
  }

  public func advanced(byMicroseconds delta: Int) -> Instant {
    Instant(microseconds: microseconds + Int64(delta))
  }

  /// Whole seconds from `earlier` to this instant; negative if `earlier` is later.
  public func seconds(since earlier: Instant) -> Int {
    Int(clamping: (microseconds - earlier.microseconds) / 1_000_000)
  }

  /// Whole milliseconds from `earlier` to this instant; negative if `earlier` is later. Where Int has 32 bits no more
  /// than 24 days are told apart.
  public func milliseconds(since earlier: Instant) -> Int {
    Int(clamping: (microseconds - earlier.microseconds) / 1000)
  }

  /// Whole microseconds from `earlier` to this instant; negative if `earlier` is later. 64 bits everywhere: 32 would
  /// be full after 35 minutes.
  public func microseconds(since earlier: Instant) -> Int64 { microseconds - earlier.microseconds }
}

/// The earlier of two instants, either of which may be absent ("nothing to wait for").
public func earliest(_ left: Instant?, _ right: Instant?) -> Instant? {
  guard let left else { return right }
  guard let right else { return left }
  return min(left, right)
}
