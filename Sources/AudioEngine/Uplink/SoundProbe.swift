import Synchronization

/// What a self-test learned of microphone and speaker since `SoundProbe.begin`.
public struct SoundProbeReading: Equatable, Sendable {
  /// Periods of 10 ms that the microphone delivered.
  public var periods = 0
  /// From the lowest to the highest sample; 0...2 is no sound at all, whatever the level.
  public var span = 0
  /// dBov of all of it and of its loudest period, before anything is done to it.
  public var averageDecibels = -127
  public var loudestDecibels = -127
  /// The tone went to the speaker.
  public var wasPlayed = false
  /// dBov of the tone in the microphone, and how long after it was given to the speaker; nil if it was not heard.
  public var heardDecibels: Int?
  public var echoMilliseconds: Int?
  /// dBov of what the echo canceller, and the gain behind it, left of the tone when it had played for a while; nil if it
  /// was not heard for so long.
  public var leftDecibels: Int?
  /// The same of the tone before that.
  public var steadyDecibels: Int?
  /// How fast the speaker's clock runs against the microphone's; nil if the tone does not tell.
  public var speakerPartsPerMillion: Int?

  public init() {}
}

/// Listens to the microphone for a technician, muted or not, and for the tone `Tone.probe` in it. Only levels come
/// out of it. `begin`, `end` and `reading` belong to the reactor thread, the rest to the audio thread.
public final class SoundProbe: @unchecked Sendable {
  /// 0: off. Anything else is a test of its own.
  private let asked = Atomic<UInt32>(0)
  private let periods = Atomic<Int>(0)
  private let span = Atomic<Int>(0)
  private let average = Atomic<Int>(-127)
  private let loudest = Atomic<Int>(-127)
  private let heard = Atomic<Int>(-128)
  private let playedAt = Atomic<Int>(-1)
  private let heardAt = Atomic<Int>(-1)
  private let phases = TonePhases()
  /// dBov, or -128.
  private let steady = Atomic<Int>(-128)
  private let left = Atomic<Int>(-128)
  /// The reactor thread's.
  private var count: UInt32 = 0

  // The audio thread's.
  private var answered: UInt32 = 0
  private var lowest = Int16.max
  private var highest = Int16.min
  private var sum: UInt64 = 0
  private var loudestMeanSquare: UInt32 = 0
  /// The tone's share of what was heard before it was played.
  private var background: UInt64 = 0
  private var toneMeanSquare: UInt64 = 0
  /// Periods in a row that had it.
  private var run = 0
  /// The mean squares of the tone in the last window, before and behind the canceller.
  private var steadySum: UInt64 = 0
  private var leftSum: UInt64 = 0

  // MARK: Reactor thread

  public func begin() {
    count = count == .max ? 1 : count + 1
    asked.store(count, ordering: .releasing)
  }

  public func end() { asked.store(0, ordering: .releasing) }

  public var reading: SoundProbeReading {
    var reading = SoundProbeReading()
    reading.periods = periods.load(ordering: .relaxed)
    reading.span = span.load(ordering: .relaxed)
    reading.averageDecibels = average.load(ordering: .relaxed)
    reading.loudestDecibels = loudest.load(ordering: .relaxed)
    let played = playedAt.load(ordering: .relaxed)
    let heardAt = heardAt.load(ordering: .relaxed)
    reading.wasPlayed = played >= 0
    guard played >= 0, heardAt >= played else { return reading }
    reading.heardDecibels = heard.load(ordering: .relaxed)
    reading.echoMilliseconds = (heardAt - played) * 10
    let left = left.load(ordering: .acquiring)
    guard left > -128 else { return reading }
    reading.leftDecibels = left
    reading.steadyDecibels = steady.load(ordering: .relaxed)
    reading.speakerPartsPerMillion = phases.partsPerMillion
    return reading
  }

  // MARK: Audio thread

  func played(_ samples: UnsafeBufferPointer<Int16>) {
    guard isOn, playedAt.load(ordering: .relaxed) < 0 else { return }
    if ToneBin(samples).meanSquare > audibleMeanSquare {
      playedAt.store(periods.load(ordering: .relaxed), ordering: .relaxed)
    }
  }

  /// One period as it came from the card.
  func captured(_ samples: UnsafeBufferPointer<Int16>) {
    guard isOn else { return }
    let number = periods.load(ordering: .relaxed)
    for sample in samples {
      lowest = min(lowest, sample)
      highest = max(highest, sample)
    }
    let meanSquare = Level.meanSquare(samples)
    sum += UInt64(meanSquare)
    loudestMeanSquare = max(loudestMeanSquare, meanSquare)
    span.store(Int(highest) - Int(lowest), ordering: .relaxed)
    average.store(decibels(UInt32(sum / UInt64(number + 1))), ordering: .relaxed)
    loudest.store(decibels(loudestMeanSquare), ordering: .relaxed)
    let bin = ToneBin(samples)
    let heard = heardAt.load(ordering: .relaxed)
    if heard >= 0 {
      phases.note(bin, at: number - heard)
      if TonePhases.last.contains(number - heard) { steadySum += bin.meanSquare }
    } else {
      listen(bin.meanSquare, number)
    }
    periods.store(number + 1, ordering: .relaxed)
  }

  /// The same period when all was done to it.
  func cleaned(_ samples: UnsafeBufferPointer<Int16>) {
    guard isOn, left.load(ordering: .relaxed) == -128 else { return }
    let heard = heardAt.load(ordering: .relaxed)
    // `captured` has counted it already.
    let since = periods.load(ordering: .relaxed) - 1 - heard
    guard heard >= 0, TonePhases.last.contains(since) else { return }
    leftSum += ToneBin(samples).meanSquare
    guard since == TonePhases.last.upperBound - 1 else { return }
    let count = UInt64(TonePhases.last.count)
    steady.store(decibels(UInt32(truncatingIfNeeded: steadySum / count)), ordering: .relaxed)
    left.store(decibels(UInt32(truncatingIfNeeded: leftSum / count)), ordering: .releasing)
  }

  /// The tone is heard when it stands out of what was there before for 50 ms.
  private func listen(_ tone: UInt64, _ number: Int) {
    let played = playedAt.load(ordering: .relaxed)
    guard played >= 0 else {
      background += tone
      return
    }
    guard tone > audibleMeanSquare + 10 * background / UInt64(max(1, played)) else {
      run = 0
      toneMeanSquare = 0
      return
    }
    run += 1
    toneMeanSquare = max(toneMeanSquare, tone)
    guard run == 5 else { return }
    heard.store(decibels(UInt32(truncatingIfNeeded: toneMeanSquare)), ordering: .relaxed)
    heardAt.store(number - 4, ordering: .relaxed)
  }

  private var isOn: Bool {
    let wanted = asked.load(ordering: .acquiring)
    guard wanted != 0 else { return false }
    if wanted != answered { reset(wanted) }
    return true
  }

  private func reset(_ wanted: UInt32) {
    answered = wanted
    (lowest, highest, sum, loudestMeanSquare) = (.max, .min, 0, 0)
    (background, toneMeanSquare, run) = (0, 0, 0)
    (steadySum, leftSum) = (0, 0)
    phases.reset()
    left.store(-128, ordering: .relaxed)
    periods.store(0, ordering: .relaxed)
    playedAt.store(-1, ordering: .relaxed)
    heardAt.store(-1, ordering: .relaxed)
  }

  private func decibels(_ meanSquare: UInt32) -> Int { -Int(Level.decibels(meanSquare: meanSquare)) }
}

/// -70 dBov.
private let audibleMeanSquare: UInt64 = 107
