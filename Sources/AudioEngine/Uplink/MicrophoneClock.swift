/// Keeps the microphone's samples at 16 000 for each second of the monotonic clock, however fast the card's clock
/// runs: the one place that measures it and the one that corrects it.
///
/// What is measured is the lag: the samples that the time asks for, less those that were given on. Somebody who
/// comes late to read makes it greater, nothing makes it smaller, so the least of each `blockMilliseconds` is
/// taken. In the first blocks nothing is corrected; what they show is where `ClockDrift` starts. A lag that steps
/// is no clock's doing: the samples in question are lost or late, and the time line goes on from there.
struct MicrophoneClock: ~Copyable {
  private var drift = ClockDrift()
  private var resampler = ClockResampler()
  private let corrected: UnsafeMutablePointer<Int16>

  /// Samples that came before any time was told go through as they are; later ones through the resampler.
  private var wasTimed = false
  private(set) var isLearned = false
  /// The moment of the last samples; nil while there is nothing to compare with.
  private var before: UInt32?
  /// In samples, and what of the time is not a whole sample yet, in 1/125 samples.
  private var lag: Int32 = 0
  private var fraction: UInt32 = 0
  private var leastLag = Int32.max
  private var blockMicroseconds: UInt32 = 0
  /// The least lag of the block before.
  private var lastLag: Int32?
  /// What the lag fell by in the blocks that are learned from, and how long they were together.
  private var learnedSamples: Int32 = 0
  private var learnedMilliseconds: Int32 = 0

  init() {
    let room = AudioFormat.periodSamples + 2
    corrected = .allocate(capacity: room)
    corrected.initialize(repeating: 0, count: room)
  }

  deinit { corrected.deallocate() }

  /// The card's speed less the monotonic clock's; 0 until it is learned.
  var driftPartsPerBillion: Int32 { drift.driftPartsPerBillion }

  /// What becomes of `count` samples (at most a period): as many, or one more or less. `isTimed` says that the card
  /// captured them; others are the caller's, who counts them by the monotonic clock. The answer is good until the
  /// next call.
  mutating func correct(
    _ samples: UnsafePointer<Int16>, _ count: Int, isTimed: Bool
  ) -> UnsafeBufferPointer<Int16> {
    if isTimed { wasTimed = true } else { interrupt() }
    guard wasTimed, count > 0 else { return UnsafeBufferPointer(start: samples, count: count) }
    resampler.ratePartsPerBillion = isTimed ? drift.ratePartsPerBillion : 0
    resampler.room.copy(from: samples, count: count)
    let made = resampler.run(consuming: count, into: corrected)
    lag &-= Int32(truncatingIfNeeded: made)
    return UnsafeBufferPointer(start: corrected, count: made)
  }

  /// The card had captured all that was given to `correct`, and `waiting` samples that were not yet, by
  /// `microseconds` of the monotonic clock, which may wrap.
  mutating func note(_ microseconds: UInt32, waiting: Int) {
    guard let before, microseconds &- before < pauseMicrosecondsMax else {
      interrupt()
      lag = 0
      self.before = microseconds
      return
    }
    let passed = microseconds &- before
    self.before = microseconds
    // 16 samples a millisecond are 2 in 125 microseconds.
    fraction += 2 * passed
    lag &+= Int32(truncatingIfNeeded: fraction / 125)
    fraction %= 125
    leastLag = min(leastLag, lag &- Int32(truncatingIfNeeded: waiting))
    blockMicroseconds += passed
    if blockMicroseconds >= UInt32(blockMilliseconds) * 1_000 { finishBlock() }
  }

  /// Samples were lost, or came from elsewhere: lags before and after it cannot be compared.
  mutating func interrupt() {
    guard before != nil else { return }
    before = nil
    forgetLag()
  }

  /// The card was opened again: it may be another one. What was learned stays in use until it was measured anew.
  mutating func reopened() {
    interrupt()
    learnedSamples = 0
    learnedMilliseconds = 0
    isLearned = false
  }

  /// Nothing of what was heard until now may be in what comes.
  mutating func forgetSamples() { resampler.forgetSamples() }

  private mutating func forgetLag() {
    drift.forgetLag()
    lastLag = nil
    leastLag = .max
    blockMicroseconds = 0
  }

  private mutating func finishBlock() {
    let least = leastLag
    let milliseconds = Int32(truncatingIfNeeded: blockMicroseconds / 1_000)
    leastLag = .max
    blockMicroseconds = 0
    let last = lastLag
    lastLag = least
    guard let last, (least &- last).magnitude <= stepSamples else {
      // This block is where the others are measured from.
      drift.forgetLag()
      if isLearned { drift.note(lagSamples: least, milliseconds: milliseconds) }
      return
    }
    if isLearned { return drift.note(lagSamples: least, milliseconds: milliseconds) }
    learnedSamples &+= last &- least
    learnedMilliseconds += milliseconds
    guard learnedMilliseconds >= learningMilliseconds else { return }
    isLearned = true
    // Samples at 16 a millisecond; beyond what is corrected already. The lag that is kept is the next block's, the
    // first that is wholly at the new rate.
    let rate = Int64(learnedSamples) * 62_500_000 / Int64(learnedMilliseconds)
    // The lag falls where the card is fast.
    drift = ClockDrift(
      driftPartsPerBillion: drift.driftPartsPerBillion + Int32(truncatingIfNeeded: rate))
  }
}

private let blockMilliseconds = 2_000
/// One sample more or less in this time is 1.6 parts per million; a block's least may be a few samples late.
private let learningMilliseconds: Int32 = 40_000
/// 500 parts per million make 16 samples in a block; 3 ms more are no clock's.
private let stepSamples: UInt32 = 64
/// Nobody reads a card this rarely without a loss; it is far from where the wrapped time is ambiguous.
private let pauseMicrosecondsMax: UInt32 = 1_000_000
