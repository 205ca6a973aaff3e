/// How the resampler's filters are made: a sinc at half the lower rate under a Kaiser window, sampled at every
/// phase. All in whole numbers, so every machine gets the same filters.
enum ResamplerDesign {
  /// Per phase, for a transition of an eighth of the lower rate at 72 dB: N = (72 - 7.95) / (14.36 / 8) taps of
  /// the lower rate (Kaiser's formula).
  static func taps(raise: Int, lower: Int) -> Int {
    let span = 36 * max(raise, lower)
    return (span + raise - 1) / raise & ~1
  }

  static func fill(_ coefficients: UnsafeMutablePointer<Int16>, raise: Int, lower: Int, taps: Int) {
    for phase in 0..<raise { fillPhase(coefficients + phase * taps, phase, raise, lower, taps) }
  }

  private static func fillPhase(
    _ coefficients: UnsafeMutablePointer<Int16>, _ phase: Int, _ raise: Int, _ lower: Int, _ taps: Int
  ) {
    var sum: Int64 = 0
    for tap in 0..<taps { sum += weight(tap, phase, raise, lower, taps) }
    guard sum != 0 else { return }
    // Each phase passes a constant unchanged, or it would be heard as a tone; rounding is mended where it shows
    // least, at the largest coefficient.
    var given: Int64 = 0
    var largest = 0
    for tap in 0..<taps {
      let scaled = weight(tap, phase, raise, lower, taps) * oneQ14
      let rounded = (scaled + (scaled < 0 ? -sum : sum) / 2) / sum
      coefficients[taps - 1 - tap] = Int16(clamping: rounded)
      given += rounded
      if coefficients[taps - 1 - tap] > coefficients[largest] { largest = taps - 1 - tap }
    }
    coefficients[largest] += Int16(clamping: oneQ14 - given)
  }

  /// The windowed sinc at t = tap - taps/2 + phase/raise samples of the input, to a common scale.
  private static func weight(_ tap: Int, _ phase: Int, _ raise: Int, _ lower: Int, _ taps: Int) -> Int64 {
    let distance = Int64((2 * tap - taps) * raise + 2 * phase)  // 2 raise t
    let cycle = Int64(max(raise, lower))
    // sin(pi c t) / (pi c t) with the cutoff c = min(1, raise / lower); pi c t is distance / (4 cycle) turns.
    let turns = UInt32(truncatingIfNeeded: (distance << 30) / cycle)
    let sinc =
      distance == 0 ? 1_686_629_713 : Int64(FixedMath.sineQ30(turns: turns)) * cycle / distance
    let length = Int64(raise * taps)
    let window = FixedMath.kaiserQ24(square: ((distance * distance) << 24) / (length * length))
    return (sinc * (window >> 12)) >> 12
  }

  private static let oneQ14: Int64 = 1 << 14
}
