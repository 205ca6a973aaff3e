import Synchronization

/// Plays tones into what the speaker gets, one after the other in the order in which they were asked for; one
/// that repeats for ever ends when the next is asked for. `mix` belongs to the audio thread, the rest to the
/// reactor thread.
final class ToneGenerator: @unchecked Sendable {
  private struct Command: BitwiseCopyable {
    var number: UInt32
    var tone: Tone
  }

  private let ring = RecordRing<Command>(bytes: AudioLimits.toneRingBytes)
  private let stoppedAfter = Atomic<UInt32>(0)
  /// The reactor thread's.
  private var asked: UInt32 = 0

  // The audio thread's.
  /// A whole turn of the sine, and its first value again, in Q14.
  private let sines: UnsafeMutablePointer<Int16>
  private var cadence: Cadence?
  private var number: UInt32 = 0
  private var next: Command?
  private var stepIndex = 0
  private var round = 0
  private var sample = 0
  private var phases: (UInt32, UInt32) = (0, 0)

  init() {
    sines = .allocate(capacity: 257)
    for index in 0...256 {
      sines[index] = Int16(clamping: FixedMath.sineQ30(turns: UInt32(index & 255) << 24) >> 16)
    }
  }

  deinit { sines.deallocate() }

  // MARK: Reactor thread

  /// False if too many wait already.
  func play(_ tone: Tone) -> Bool {
    let command = Command(number: asked &+ 1, tone: tone)
    guard ring.push(command, UnsafeRawBufferPointer(start: nil, count: 0)) else { return false }
    asked &+= 1
    return true
  }

  /// Silences what plays and what waits; later tones play.
  func stop() { stoppedAfter.store(asked, ordering: .releasing) }

  // MARK: Audio thread

  /// Nothing sounds, and nothing waits.
  var isQuiet: Bool { cadence == nil && next == nil && ring.isEmpty }

  /// Adds to `output`, saturating. `gain` is Q12.
  func mix(into output: UnsafeMutablePointer<Int16>, _ count: Int, gain: Int32) {
    let stopped = stoppedAfter.load(ordering: .acquiring)
    if cadence != nil, Int32(bitPattern: stopped &- number) >= 0 { cadence = nil }
    if next == nil { takeNext(stopped) }
    if let repeating = cadence, repeating.rounds == 0, next != nil { cadence = nil }
    if cadence == nil { begin(stopped) }
    guard cadence != nil else { return }
    for index in 0..<count {
      guard let value = advance() else { return }
      let louder = Int32(output[index]) &+ (value &* gain) >> 12
      output[index] = Int16(clamping: louder)
    }
  }

  private func takeNext(_ stopped: UInt32) {
    var isLooking = true
    while isLooking {
      isLooking = ring.pop { command, _ in
        if Int32(bitPattern: stopped &- command.number) < 0 { next = command }
      }
      if next != nil { return }
    }
  }

  private func begin(_ stopped: UInt32) {
    guard let command = next else { return }
    next = nil
    guard Int32(bitPattern: stopped &- command.number) < 0 else { return }
    cadence = Cadence(command.tone)
    number = command.number
    stepIndex = 0
    round = 0
    sample = 0
    phases = (0, 0)
  }

  /// The next sample of the tone, nil when it has ended.
  private func advance() -> Int32? {
    guard let cadence else { return nil }
    let step = cadence.steps[stepIndex]
    let on = Int(step.onMilliseconds) * AudioFormat.samplesPerMillisecond
    let length = on + Int(step.offMilliseconds) * AudioFormat.samplesPerMillisecond
    let value = sample < on ? sound(step, envelope: min(sample, on - sample)) : 0
    sample += 1
    if sample >= length {
      sample = 0
      phases = (0, 0)
      stepIndex += 1
      if stepIndex == cadence.count {
        stepIndex = 0
        round = cadence.rounds == 0 ? 0 : round + 1
        if cadence.rounds > 0, round == cadence.rounds { self.cadence = nil }
      }
    }
    return value
  }

  private func sound(_ step: ToneStep, envelope: Int) -> Int32 {
    var sum = sine(phases.0)
    phases.0 &+= UInt32(step.first) &* turnsPerHertz
    if step.second > 0 {
      sum = (sum &+ sine(phases.1)) >> 1
      phases.1 &+= UInt32(step.second) &* turnsPerHertz
    }
    // Q14 down to a peak of 6000, -15 dB; and in and out over 5 ms, so that it does not click.
    let loudness = (sum &* 6_000) >> 14
    return loudness &* Int32(truncatingIfNeeded: min(envelope, rampSamples)) / Int32(rampSamples)
  }

  private func sine(_ phase: UInt32) -> Int32 {
    let place = Int(phase >> 24)
    let fraction = Int32(bitPattern: phase >> 9 & 0x7FFF)
    let from = Int32(sines[place])
    return from &+ ((Int32(sines[place + 1]) &- from) &* fraction) >> 15
  }
}

/// 2^32 / 16 000.
private let turnsPerHertz: UInt32 = 268_435
private let rampSamples = 5 * AudioFormat.samplesPerMillisecond
