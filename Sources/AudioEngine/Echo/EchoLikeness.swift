/// How much the predicted echo is like what is heard: what of it is in there. Somebody else's words do not change that, but
/// when the path becomes another one it falls at once.
struct EchoLikeness {
  private(set) var valueQ15: Int32 = 32_768
  private(set) var shareQ15: Int32 = 32_768
  private var periodQ15: Int32 = 32_768
  private var energy: Int64 = 0
  /// Over 160 ms, as long as words of the two are apart.
  private var heard: Int64 = 0
  private var thought: Int64 = 0
  private var common: Int64 = 0
  private var shortEnergy: Int64 = 0
  private var shortCommon: Int64 = 0
  private var uncertainty: Int64 = 0
  private var periodsLost = 0
  private var pause = 0

  /// The path is another one.
  var isLost: Bool { periodsLost >= 7 && pause == 0 }

  /// More is heard than the filter thinks that can be.
  var isLouderThanExpected: Bool { heard > audibleEnergy * 16 && heard * 5 / 512 > thought }

  /// 0 below 0.35, 1 from 0.65 on; and less for a single period, in which it may have fallen already.
  var trustQ15: Int32 {
    max(0, min(32_768, 10 * (valueQ15 - 11_469) / 3, 4 * (periodQ15 - 4_096)))
  }

  mutating func take(
    _ near: UnsafePointer<Int32>, _ echo: UnsafePointer<Int32>, _ expected: UnsafePointer<UInt32>
  ) {
    var own: Int64 = 0
    var both: Int64 = 0
    var all: Int64 = 0
    for index in 0..<AudioFormat.periodSamples {
      own &+= Int64(echo[index]) &* Int64(echo[index])
      all &+= Int64(near[index]) &* Int64(near[index])
      both &+= Int64(near[index]) &* Int64(echo[index])
    }
    var wrong: Int64 = 0
    for bin in 0..<EchoTransform.bins { wrong &+= Int64(expected[bin]) }
    heard = heard &* 15 / 16 &+ all
    thought = thought &* 15 / 16 &+ wrong
    energy = energy &* 11 / 16 &+ own
    common = common &* 11 / 16 &+ both
    uncertainty = uncertainty &* 11 / 16 &+ wrong
    shortEnergy = shortEnergy / 2 &+ own
    shortCommon = shortCommon / 2 &+ both
    shareQ15 = Self.ratioQ15(shortCommon, shortEnergy)
    // A filter that is not sure of itself says nothing: its unit is 256/5 of a squared sample, and 0.3 of it is much.
    let isSure = uncertainty < energy * 15 / 2560 && energy > audibleEnergy
    periodQ15 = isSure && own > audibleEnergy / 2 && own * 4 > all ? Self.ratioQ15(both, own) : 32_768
    valueQ15 = isSure ? Self.ratioQ15(common, energy) : 32_768
    periodsLost = valueQ15 < 13_107 ? periodsLost + 1 : 0
    pause = max(0, pause - 1)
  }

  mutating func restartLevel() {
    heard = 0
    thought = 0
  }

  mutating func restart() {
    energy = 0
    common = 0
    heard = 0
    periodsLost = 0
    pause = 20
  }

  private static func ratioQ15(_ part: Int64, _ whole: Int64) -> Int32 {
    guard whole > 0 && part < whole else { return 32_768 }
    guard part > 0 else { return 0 }
    // A quotient of 32 bits, as longer ones are slow on small processors.
    let shift = Int64(max(0, 47 - whole.leadingZeroBitCount))
    return Int32(truncatingIfNeeded: (UInt32(part >> shift) << 15) / max(1, UInt32(whole >> shift)))
  }
}

/// Of a period: -60 dBov.
let audibleEnergy: Int64 = 144_000
