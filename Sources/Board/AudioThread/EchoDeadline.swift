/// Decides that there is no time for the echo canceller: how many periods the audio thread was late of late.
struct EchoDeadline {
  private var latePeriods = 0
  private var since: Int64 = 0

  /// `backlogPeriods` waited when the thread came; `now` is in microseconds. True when it is too much.
  mutating func isMissed(backlogPeriods: Int, _ now: Int64) -> Bool {
    if now - since >= windowMicroseconds {
      since = now
      latePeriods = 0
    }
    // A scheduler may be a period late, and the card buffers more.
    latePeriods += max(0, backlogPeriods - 2)
    return latePeriods >= latePeriodsMax
  }
}

private let windowMicroseconds: Int64 = 5_000_000
/// A tenth of the time.
private let latePeriodsMax = 50
