import Base

/// How often something is looked at that does not tell when it changes: a line without interrupts, as many expanders
/// have it, and what has failed. A bus that is slow or hangs (a look takes a second then) keeps nobody from speaking: it
/// gets a twentieth of the time.
///
/// | a look took | a line is looked at again | what failed |
/// |---|---|---|
/// | up to 2.5 ms | at the next multiple of 50 ms, so that all such lines wake the board together | after 2 s |
/// | up to 100 ms | after 20 times that | after 2 s |
/// | longer | after 20 times that | after 20 times that |
public enum Looking {
  static let lineMilliseconds = 50
  static let failureMilliseconds = 2_000
  static let share = 20

  /// When a line is looked at again.
  public static func next(tookMilliseconds took: Int, now: Instant) -> Instant {
    guard took * share <= lineMilliseconds else { return now.advanced(byMilliseconds: took * share) }
    let step = Int64(lineMilliseconds) * 1000
    return Instant(microseconds: (now.microseconds / step + 1) * step)
  }

  /// How long what failed is left alone.
  public static func pauseMilliseconds(tookMilliseconds took: Int) -> Int {
    max(failureMilliseconds, took * share)
  }
}
