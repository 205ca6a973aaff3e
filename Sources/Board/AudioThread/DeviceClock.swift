import AudioEngine
import Base

/// One direction's state in time, as the audio thread has it: when its next period is due without a device, whether an
/// open one still moves, and whether it moves faster than sound can.
struct DeviceClock {
  private(set) var isOpen = false
  private var pace: AudioPace
  /// When the next period is due while there is no device.
  private var due: Instant
  private var moved: Instant
  var toldDropouts = 0
  var toldDropoutsAt: Instant

  init(now: Instant) {
    pace = AudioPace(now: now)
    due = now
    moved = now
    toldDropoutsAt = now
  }

  mutating func opened(_ now: Instant) {
    isOpen = true
    pace = AudioPace(now: now)
    moved = now
  }

  /// Nobody looked at it for a while.
  mutating func resumed(_ now: Instant) {
    due = now
    if isOpen { opened(now) }
  }

  mutating func lost() {
    due = moved.advanced(byMilliseconds: AudioFormat.periodMilliseconds)
    isOpen = false
  }

  /// So many periods were moved. False if no sound can be that fast.
  mutating func noteProgress(periods: Int, _ now: Instant) -> Bool {
    guard periods > 0 else { return true }
    moved = now
    return pace.isPossible(periods: periods, now)
  }

  func isStalled(_ now: Instant) -> Bool {
    isOpen && now.milliseconds(since: moved) > BoardLimits.stallMillisecondsMax
  }

  /// Without a device: how many periods are due, and how many before them are too old to be made up.
  mutating func takeDue(_ now: Instant) -> (periods: Int, skipped: Int) {
    guard now >= due else { return (0, 0) }
    let missed = Int(clamping: now.microseconds(since: due) / periodMicroseconds) + 1
    due = due.advanced(byMicroseconds: missed * Int(periodMicroseconds))
    let periods = min(missed, BoardLimits.catchUpPeriodsMax)
    return (periods, missed - periods)
  }

  /// When this direction has to be looked at next even if nothing happens.
  var deadline: Instant {
    isOpen ? moved.advanced(byMilliseconds: BoardLimits.stallMillisecondsMax + 1) : due
  }
}

private let periodMicroseconds = Int64(AudioFormat.periodMilliseconds) * 1_000
