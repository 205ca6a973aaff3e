/// The level of a block of samples as RFC 6464 §3 wants it: 0 is a full-scale square wave, 127 is silence, the
/// unit is -dBov.
public enum Level {
  public static let silence: UInt8 = 127

  /// Mean square of the samples; 2^30 is full scale. 0 for an empty block.
  static func meanSquare(_ samples: UnsafeBufferPointer<Int16>) -> UInt32 {
    guard samples.count > 0 else { return 0 }
    var sum: UInt64 = 0
    for sample in samples {
      let value = Int32(sample)
      sum &+= UInt64(UInt32(bitPattern: value &* value))
    }
    return UInt32(truncatingIfNeeded: sum / UInt64(samples.count))
  }

  /// -dBov, rounded to the nearest, of samples whose mean square is `meanSquare`.
  static func decibels(meanSquare: UInt32) -> UInt8 {
    guard meanSquare > 0 else { return silence }
    // 10 log10(2^30 / m) = 3.0103 (30 - log2 m), with log2 in Q15: the whole part is the highest set bit, the
    // fraction is that of the mantissa, bent by a parabola (the error stays below 0.03 dB).
    let exponent = 31 - meanSquare.leadingZeroBitCount
    let mantissa = exponent >= 15 ? meanSquare >> (exponent - 15) : meanSquare << (15 - exponent)
    let fraction = Int32(bitPattern: mantissa) - 32_768
    let bend = (fraction &* (32_768 - fraction)) >> 15
    let logarithm = Int32(exponent) << 15 + fraction + (bend &* 11_272) >> 15
    let below = (Int32(30) << 15 - logarithm) / 64
    let decibels = (below &* 30_103 / 10_000 + 256) >> 9
    return UInt8(max(0, min(127, decibels)))
  }
}
