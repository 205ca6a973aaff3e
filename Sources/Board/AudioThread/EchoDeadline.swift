import Base

/// Decides when there is no time for the echo canceller: how many periods the audio thread was late of late. As other
/// work of a machine ends some day, it is tried again, after a minute, two, four, up to an hour.
struct EchoDeadline {
  enum Verdict { case goOn, giveUp, tryAgain }

  private var latePeriods = 0
  private var since: Instant
  private var calmWindows = 0
  /// "Open" is: it cancels.
  private var trials: Reopening

  init(now: Instant) {
    since = now
    trials = Reopening(firstMilliseconds: 60_000, longestMilliseconds: 3_600_000, now: now)
    trials.opened()
  }

  /// `backlogPeriods` waited when the thread came.
  mutating func judge(backlogPeriods: Int, _ now: Instant) -> Verdict {
    if trials.isDue(now) {
      trials.opened()
      begin(now)
      return .tryAgain
    }
    guard trials.isOpen else { return .goOn }
    if now.milliseconds(since: since) >= windowMilliseconds {
      calmWindows += 1
      if calmWindows >= calmWindowsMin { trials.worked() }
      since = now
      latePeriods = 0
    }
    // A scheduler may be a period late, and the card buffers more. A long pause counts no more than a short one:
    // it says nothing about how long the canceller takes.
    latePeriods += min(2, max(0, backlogPeriods - 2))
    guard latePeriods >= latePeriodsMax else { return .goOn }
    trials.failed(now: now)
    return .giveUp
  }

  private mutating func begin(_ now: Instant) {
    since = now
    latePeriods = 0
    calmWindows = 0
  }
}

private let windowMilliseconds = 5_000
/// A tenth of the time.
private let latePeriodsMax = 50
/// Ten minutes without trouble: what comes then is new trouble.
private let calmWindowsMin = 120
