/// Sines and windows in whole numbers, for tables that are made at start: the engine also runs where there is no
/// floating point.
enum FixedMath {
  /// The sine of `turns`, where 2^32 is a whole turn, in Q30. The error is below 10^-7.
  static func sineQ30(turns: UInt32) -> Int32 {
    // Folded into the quarter turns around 0: z is -1...1 in Q30 for -90...90 degrees.
    var z = Int64(Int32(bitPattern: turns))
    if z > 1 << 30 { z = 1 << 31 - z }
    if z < -(1 << 30) { z = -(1 << 31) - z }
    let square = (z * z) >> 30
    // Taylor's series of sin(z pi/2).
    var sum: Int64 = -3_864
    sum = 172_272 + (sum * square) >> 30
    sum = -5_026_995 + (sum * square) >> 30
    sum = 85_569_306 + (sum * square) >> 30
    sum = -693_598_668 + (sum * square) >> 30
    sum = 1_686_629_713 + (sum * square) >> 30
    return Int32(max(-(1 << 30), min(1 << 30, (z * sum) >> 30)))
  }

  /// Kaiser's window for 72 dB at the place whose square is `square` (Q24, 0 is the middle, 1 the end), not
  /// normalised, in Q24. The Bessel function is summed as it is defined, so no root is needed.
  static func kaiserQ24(square: Int64) -> Int64 {
    let argument = (kaiserQuarterBetaSquaredQ24 * max(0, oneQ24 - square)) >> 24
    var term = oneQ24
    var sum = oneQ24
    var order: Int64 = 1
    while term > 0 {
      term = ((term * argument) >> 24) / (order * order)
      sum += term
      order += 1
    }
    return sum
  }

  /// `decibels` (-60...60) as a factor of amplitude in Q10.
  static func factorQ10(decibels: Int) -> Int32 {
    var factor: Int64 = 1 << 26
    var left = max(-60, min(60, decibels))
    while left != 0 {
      factor = (factor * (left > 0 ? 73_533 : 58_409)) >> 16
      left += left > 0 ? -1 : 1
    }
    return Int32((factor + 1 << 15) >> 16)
  }
}

private let oneQ24: Int64 = 1 << 24
/// (beta / 2)^2 with beta = 0.1102 (72 - 8.7).
private let kaiserQuarterBetaSquaredQ24: Int64 = 204_094_000
