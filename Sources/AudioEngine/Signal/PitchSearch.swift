/// Finds the period with which a piece of sound repeats: where it can be cut, doubled or continued without being
/// heard. First at 4 kHz over all periods, then at the full rate around the best.
struct PitchSearch: ~Copyable {
  /// 400 Hz and 67 Hz.
  static let lagMin = 40
  static let lagMax = 240
  /// What is compared: the last 10 ms with the 10 ms that lie one lag before.
  static let window = 160

  struct Match {
    var lag: Int
    /// The square of the normalised correlation, Q15: 32768 repeats exactly.
    var similarity: UInt32
  }

  private static let coarse = 4
  private static let coarseMax = (lagMax + window) / coarse
  private let reduced: UnsafeMutablePointer<Int16>

  init() {
    reduced = .allocate(capacity: Self.coarseMax)
    reduced.initialize(repeating: 0, count: Self.coarseMax)
  }

  deinit { reduced.deallocate() }

  /// The best lag up to `longest` of the sound whose last sample lies before `end`; nil if it is silent there.
  /// At least `window + longest` samples lie before `end`.
  func match(before end: UnsafePointer<Int16>, longest: Int) -> Match? {
    let longest = min(longest, Self.lagMax)
    guard longest >= Self.lagMin + Self.coarse else { return nil }
    let count = (Self.window + longest) / Self.coarse
    reduce(end, count)
    let shift = Self.shift(UnsafePointer(reduced), count, bits: 12)
    let reducedEnd = UnsafePointer(reduced + count)
    var best = Match(lag: 0, similarity: 0)
    for lag in (Self.lagMin / Self.coarse)...(longest / Self.coarse) {
      let similarity = Self.similarity(reducedEnd, lag, Self.window / Self.coarse, shift)
      if similarity > best.similarity { best = Match(lag: lag, similarity: similarity) }
    }
    guard best.lag > 0 else { return nil }
    let center = best.lag * Self.coarse
    let fineShift = Self.shift(end - Self.window - longest, Self.window + longest, bits: 11)
    best.similarity = 0
    for lag in max(Self.lagMin, center - Self.coarse)...min(longest, center + Self.coarse) {
      let similarity = Self.similarity(end, lag, Self.window, fineShift)
      if similarity > best.similarity { best = Match(lag: lag, similarity: similarity) }
    }
    return best.similarity > 0 ? best : nil
  }

  /// Every four samples become their mean.
  private func reduce(_ end: UnsafePointer<Int16>, _ count: Int) {
    let start = end - count * Self.coarse
    for index in 0..<count {
      let four = start + index * Self.coarse
      let sum = Int32(four[0]) &+ Int32(four[1]) &+ Int32(four[2]) &+ Int32(four[3])
      reduced[index] = Int16(truncatingIfNeeded: sum >> 2)
    }
  }

  /// How far samples must be shifted right to have fewer than `bits` bits: sums of products then stay below 2^30.
  private static func shift(_ samples: UnsafePointer<Int16>, _ count: Int, bits: Int32) -> Int32 {
    var all: Int32 = 0
    for index in 0..<count {
      let value = Int32(samples[index])
      all |= value ^ (value >> 31)
    }
    return max(0, 32 - Int32(all.leadingZeroBitCount) - bits)
  }

  private static func similarity(
    _ end: UnsafePointer<Int16>, _ lag: Int, _ count: Int, _ shift: Int32
  ) -> UInt32 {
    var cross: Int32 = 0
    var late: Int32 = 0
    var early: Int32 = 0
    let newer = end - count
    let older = newer - lag
    for index in 0..<count {
      let left = Int32(newer[index]) >> shift
      let right = Int32(older[index]) >> shift
      cross &+= left &* right
      late &+= left &* left
      early &+= right &* right
    }
    guard cross > 0 else { return 0 }
    // All three below 2^30; brought to 15 bits together, so that the square and the quotient fit 32.
    let down = max(0, 17 - Int32(max(late, early, cross).leadingZeroBitCount))
    let product = UInt32(cross >> down) &* UInt32(cross >> down)
    let share = product / max(1, UInt32(early >> down))
    return min(32_768, (share << 15) / max(1, UInt32(late >> down)))
  }
}
