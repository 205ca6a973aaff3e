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
    return reading
  }

  // MARK: Audio thread

  func played(_ samples: UnsafeBufferPointer<Int16>) {
    guard isOn, playedAt.load(ordering: .relaxed) < 0 else { return }
    if tone(samples) > audibleMeanSquare {
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
    listen(tone(samples), number)
    periods.store(number + 1, ordering: .relaxed)
  }

  /// The tone is heard when it stands out of what was there before for 50 ms.
  private func listen(_ tone: UInt64, _ number: Int) {
    let played = playedAt.load(ordering: .relaxed)
    guard played >= 0 else {
      background += tone
      return
    }
    guard heardAt.load(ordering: .relaxed) < 0 else { return }
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
    periods.store(0, ordering: .relaxed)
    playedAt.store(-1, ordering: .relaxed)
    heardAt.store(-1, ordering: .relaxed)
  }

  private func decibels(_ meanSquare: UInt32) -> Int { -Int(Level.decibels(meanSquare: meanSquare)) }

  /// The mean square of the 1 kHz in the samples: one bin of a Fourier transform, 16 samples a turn.
  private func tone(_ samples: UnsafeBufferPointer<Int16>) -> UInt64 {
    guard samples.count > 0 else { return 0 }
    var real: Int64 = 0
    var imaginary: Int64 = 0
    for (index, sample) in samples.enumerated() {
      real += Int64(sample) * Int64(cosine(index))
      imaginary += Int64(sample) * Int64(cosine(index + 12))
    }
    let scale = Int64(samples.count)
    // In sixteenths of a step, as a faint tone is less than a step of the converter.
    real = (real >> 10) / scale
    imaginary = (imaginary >> 10) / scale
    return UInt64(2 * (real * real + imaginary * imaginary)) >> 8
  }

  /// Q14.
  private func cosine(_ sixteenths: Int) -> Int32 {
    let quarter: InlineArray<5, Int32> = [16_384, 15_137, 11_585, 6_270, 0]
    let turn = sixteenths & 15
    switch turn {
    case 0...4: return quarter[turn]
    case 5...8: return -quarter[8 - turn]
    case 9...12: return -quarter[turn - 8]
    default: return quarter[16 - turn]
    }
  }
}

/// -70 dBov.
private let audibleMeanSquare: UInt64 = 107
