import Base

/// Decides that there is no time for the echo canceller: how many periods the audio thread was late of late.
struct EchoDeadline {
  private var latePeriods = 0
  private var since: Instant

  init(now: Instant) { since = now }

  /// `backlogPeriods` waited when the thread came. True when it is too much.
  mutating func isMissed(backlogPeriods: Int, _ now: Instant) -> Bool {
    if now.milliseconds(since: since) >= windowMilliseconds {
      since = now
      latePeriods = 0
    }
    // A scheduler may be a period late, and the card buffers more.
    latePeriods += max(0, backlogPeriods - 2)
    return latePeriods >= latePeriodsMax
  }
}

private let windowMilliseconds = 5_000
/// A tenth of the time.
private let latePeriodsMax = 50
