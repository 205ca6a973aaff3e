import AudioEngine

/// One direction's state in time: when a missing device is tried again, when its next period is due without it,
/// and whether an open one still moves. All times are monotonic microseconds.
struct DeviceClock {
  private(set) var isOpen = false
  private(set) var reopenAt: Int64 = 0
  /// When the next period is due while there is no device.
  private(set) var due: Int64
  private var pauseMilliseconds = BoardLimits.reopenMillisecondsMin
  private var moved: Int64
  /// What was told last, so that the same reason is not told at every attempt.
  var toldReason: String?
  var toldDropouts = 0
  var toldDropoutsAt: Int64 = 0

  init(now: Int64) {
    due = now
    moved = now
  }

  mutating func opened(_ now: Int64) {
    isOpen = true
    moved = now
    toldReason = nil
  }

  mutating func noteProgress(_ now: Int64) {
    moved = now
    pauseMilliseconds = BoardLimits.reopenMillisecondsMin
  }

  func isStalled(_ now: Int64) -> Bool {
    isOpen && now - moved > Int64(BoardLimits.stallMillisecondsMax) * 1_000
  }

  /// The device is gone or could not be opened: the next attempt waits longer than this one did.
  mutating func closed(_ now: Int64) {
    if isOpen { due = moved + periodMicroseconds }
    isOpen = false
    reopenAt = now + Int64(pauseMilliseconds) * 1_000
    pauseMilliseconds = min(pauseMilliseconds * 2, BoardLimits.reopenMillisecondsMax)
  }

  /// Without a device: how many periods are due, and how many before them are too old to be made up.
  mutating func takeDue(_ now: Int64) -> (periods: Int, skipped: Int) {
    guard now >= due else { return (0, 0) }
    let missed = Int((now - due) / periodMicroseconds) + 1
    due += Int64(missed) * periodMicroseconds
    let periods = min(missed, BoardLimits.catchUpPeriodsMax)
    return (periods, missed - periods)
  }

  /// When this direction has to be looked at next even if nothing happens.
  func deadline(_ now: Int64) -> Int64 {
    isOpen ? moved + Int64(BoardLimits.stallMillisecondsMax) * 1_000 + 1_000 : min(due, reopenAt)
  }
}

private let periodMicroseconds = Int64(AudioFormat.periodMilliseconds) * 1_000
