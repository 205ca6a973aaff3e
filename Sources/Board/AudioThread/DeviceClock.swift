import AudioEngine
import Base

/// One direction's state in time: whether its device is open and when a missing one is tried again, when its next
/// period is due without it, whether an open one still moves, and whether it moves faster than sound can.
struct DeviceClock {
  private var reopening: Reopening
  private var pace: AudioPace
  /// When the next period is due while there is no device.
  private(set) var due: Instant
  private var moved: Instant
  /// What was told last, so that the same reason is not told at every attempt.
  private var toldReason: String?
  /// A device that ran away is not believed until it has kept time for a while; what it agreed to when it was opened.
  private var onTrial: AudioParameters?
  private var isSuspect = false
  private var openedAt: Instant
  var toldDropouts = 0
  var toldDropoutsAt: Instant

  init(now: Instant) {
    reopening = Reopening(
      firstMilliseconds: BoardLimits.reopenMillisecondsMin,
      longestMilliseconds: BoardLimits.reopenMillisecondsMax,
      now: now)
    pace = AudioPace(now: now)
    due = now
    moved = now
    openedAt = now
    toldDropoutsAt = now
  }

  var isOpen: Bool { reopening.isOpen }

  func isDue(_ now: Instant) -> Bool { reopening.isDue(now) }

  /// True if that shall be told now; otherwise `takeProven` says when.
  mutating func opened(_ parameters: AudioParameters, _ now: Instant) -> Bool {
    reopening.opened()
    pace = AudioPace(now: now)
    moved = now
    openedAt = now
    onTrial = isSuspect ? parameters : nil
    if !isSuspect { toldReason = nil }
    return !isSuspect
  }

  /// So many periods were moved. False if no sound can be that fast.
  mutating func noteProgress(periods: Int, _ now: Instant) -> Bool {
    guard periods > 0 else { return true }
    moved = now
    reopening.worked()
    return pace.isPossible(periods: periods, now)
  }

  /// What a device that had run away agreed to, once it has kept time.
  mutating func takeProven(_ now: Instant) -> AudioParameters? {
    guard let parameters = onTrial, now.milliseconds(since: openedAt) >= BoardLimits.trialMilliseconds else {
      return nil
    }
    onTrial = nil
    isSuspect = false
    toldReason = nil
    return parameters
  }

  func isStalled(_ now: Instant) -> Bool {
    isOpen && now.milliseconds(since: moved) > BoardLimits.stallMillisecondsMax
  }

  /// The device is gone or could not be opened. True if that is news.
  mutating func failed(_ failure: BoardFailure, _ now: Instant) -> Bool {
    if isOpen { due = moved.advanced(byMilliseconds: AudioFormat.periodMilliseconds) }
    if case .runsAway = failure {
      isSuspect = true
      reopening.failed(forMilliseconds: BoardLimits.runawayPauseMilliseconds, now: now)
    } else {
      reopening.failed(now: now)
    }
    onTrial = nil
    let reason = failure.description
    if let told = toldReason, told.utf8.elementsEqual(reason.utf8) { return false }
    toldReason = reason
    return true
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
    guard let again = reopening.deadline else {
      return moved.advanced(byMilliseconds: BoardLimits.stallMillisecondsMax + 1)
    }
    return min(due, again)
  }
}

private let periodMicroseconds = Int64(AudioFormat.periodMilliseconds) * 1_000
