/// Plays a stream a little faster or slower, up to 500 parts per million, so that two clocks that were never set
/// to one another stay together. A band-limited interpolation of eight taps: errors of -70 dB at 1 kHz and -43 dB at 4.
///
/// Either side may be the one that is fixed: `inputs(for:)` says what `count` outputs will take (the speaker's
/// side, where the card fixes the output), `outputs(of:)` what `count` inputs will give (the microphone's).
struct ClockResampler: ~Copyable {
  static let rateMax: Int32 = 500_000
  /// The most that one call may take or give.
  static let blockSamplesMax = 512

  /// Input samples consumed for each output sample, minus one, in parts per billion; clamped to `rateMax`.
  var ratePartsPerBillion: Int32 = 0 {
    didSet {
      let rate = max(-Self.rateMax, min(Self.rateMax, ratePartsPerBillion))
      // 2^32 / 10^9 = 4.294967; six digits hold the rate to a thousandth of a part per million.
      step = Int32(truncatingIfNeeded: Int64(rate) * 4_294_967 / 1_000_000)
    }
  }
  /// The same in parts of 2^32.
  private var step: Int32 = 0
  /// Where between two input samples the next output lies, in parts of 2^32.
  private var phase: UInt32 = 0
  /// The input's last samples, then room for a block.
  private let memory: UnsafeMutablePointer<Int16>
  private let table: UnsafeMutablePointer<Int16>

  init() {
    let room = Self.taps + Self.blockSamplesMax + 2
    memory = .allocate(capacity: room)
    memory.initialize(repeating: 0, count: room)
    table = makeTaps()
  }

  deinit {
    memory.deallocate()
    table.deallocate()
  }

  /// Forgets the stream; the rate stays.
  mutating func reset() {
    memory.update(repeating: 0, count: Self.taps)
    phase = 0
  }

  /// Puts silence in the place of the stream's last samples; it goes on where it was.
  mutating func forgetSamples() { memory.update(repeating: 0, count: Self.taps) }

  /// Where the next input is to be written before `run`.
  var room: UnsafeMutablePointer<Int16> { memory + Self.taps }

  /// How many inputs the next `count` outputs consume: `count`, or one more or less.
  func inputs(for count: Int) -> Int {
    count + Int(truncatingIfNeeded: (Int64(phase) + Int64(count) * Int64(step)) >> 32)
  }

  /// How many outputs the next `count` inputs give: `count`, or one more or less. They consume all of them, or one
  /// less where the output after them lies between the two (see `run(consuming:into:)`).
  func outputs(of count: Int) -> Int {
    // One output too many would read an input that is not there; one too few leaves the phase beyond a sample.
    for candidate in (count - 1)...(count + 1) where candidate > 0 && inputs(for: candidate) == count {
      return candidate
    }
    return count - 1
  }

  /// Makes what the `count` samples in `room` give, consumes all of them, and answers how many it made.
  mutating func run(consuming count: Int, into output: UnsafeMutablePointer<Int16>) -> Int {
    let made = outputs(of: count)
    let isOneLeft = inputs(for: made) < count
    run(into: output, count: made)
    if isOneLeft {
      // The next output lies less than 1/2000 of a sample before an input that is gone then: it moves there.
      memory.copy(from: memory + count, count: Self.taps)
      phase = 0
    }
    return made
  }

  /// Makes `count` outputs from the `inputs(for: count)` samples in `room`.
  mutating func run(into output: UnsafeMutablePointer<Int16>, count: Int) {
    let consumed = inputs(for: count)
    if step == 0 && phase == 0 {
      output.copy(from: memory + Self.center, count: count)
    } else {
      interpolate(into: output, count: count)
    }
    memory.copy(from: memory + consumed, count: Self.taps)
  }

  private mutating func interpolate(into output: UnsafeMutablePointer<Int16>, count: Int) {
    var taps = Taps()
    var base = memory
    for index in 0..<count {
      // The phase moves by at most 1/2000 of a sample: one set of taps is good for four outputs.
      if index & 3 == 0 { taps = self.taps(at: phase) }
      output[index] = taps.applied(to: base)
      let next = Int64(phase) + Int64(step)
      phase = UInt32(truncatingIfNeeded: next)
      let carried = Int(truncatingIfNeeded: next >> 32)
      base += 1 + carried
      if carried != 0 { taps = self.taps(at: phase) }
    }
  }

  /// Between two neighbours of the table.
  private func taps(at phase: UInt32) -> Taps {
    let row = table + Int(phase >> 27) * Self.taps
    let fraction = Int32(truncatingIfNeeded: (phase >> 12) & 0x7FFF)
    func tap(_ index: Int) -> Int32 {
      let low = Int32(row[index])
      return low &+ ((Int32(row[index + Self.taps]) &- low) &* fraction) >> 15
    }
    return Taps(
      a: tap(0), b: tap(1), c: tap(2), d: tap(3), e: tap(4), f: tap(5), g: tap(6), h: tap(7))
  }

  private static let taps = 8
  /// The tap that a phase of 0 takes alone.
  private static let center = 3
}

private struct Taps {
  var a: Int32 = 0, b: Int32 = 0, c: Int32 = 0, d: Int32 = 0
  var e: Int32 = 0, f: Int32 = 0, g: Int32 = 0, h: Int32 = 0

  /// The taps' magnitudes add up to less than 2^15: the sum stays within 32 bits.
  func applied(to x: UnsafeMutablePointer<Int16>) -> Int16 {
    let left = a &* Int32(x[0]) &+ b &* Int32(x[1]) &+ c &* Int32(x[2]) &+ d &* Int32(x[3])
    let right = e &* Int32(x[4]) &+ f &* Int32(x[5]) &+ g &* Int32(x[6]) &+ h &* Int32(x[7])
    return Int16(clamping: (left &+ right &+ 8_192) >> 14)
  }
}
