import AudioEngine
import Base

/// Tells a card, which moves as much sound as time passes, from something that is always ready, as ALSA's plugins
/// `null` and `file` are, or runs at twice the speed. What counts is how far a device is ahead of the time; half of
/// the time that passes is forgiven, as no clock is exact. Somebody who was stopped for seconds may catch up.
struct AudioPace {
  private var aheadMicroseconds: Int64 = 0
  private var looked: Instant

  init(now: Instant) { looked = now }

  /// `periods` were moved since the last call. False if no sound can be that fast.
  mutating func isPossible(periods: Int, _ now: Instant) -> Bool {
    let passed = max(0, now.microseconds(since: looked))
    looked = now
    aheadMicroseconds -= passed
    if aheadMicroseconds > 0 { aheadMicroseconds = max(0, aheadMicroseconds - passed / 2) }
    aheadMicroseconds = max(-backlogMicrosecondsMax, aheadMicroseconds)
    aheadMicroseconds += Int64(periods * AudioFormat.periodMilliseconds) * 1_000
    return aheadMicroseconds <= Int64(BoardLimits.aheadMillisecondsMax) * 1_000
  }
}

private let backlogMicrosecondsMax: Int64 = 10_000_000
