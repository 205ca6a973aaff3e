/// The microphone's gain, with a limiter in place of clipping: it turns down within a millisecond what would come
/// too near to full scale, and up again over about a tenth of a second; the little that gets past it is bent
/// towards full scale, which it never reaches.
struct Gain {
  private let nominalQ10: Int32
  private var currentQ10: Int32

  /// -20...30 dB.
  init(decibels: Int) {
    nominalQ10 = FixedMath.factorQ10(decibels: max(-20, min(30, decibels)))
    currentQ10 = nominalQ10
  }

  mutating func apply(_ samples: UnsafeMutablePointer<Int16>, _ count: Int) {
    guard nominalQ10 != unityQ10 else { return }
    var begin = 0
    while begin < count {
      let length = min(blockSamples, count - begin)
      applyToBlock(samples + begin, length)
      begin += length
    }
  }

  private mutating func applyToBlock(_ samples: UnsafeMutablePointer<Int16>, _ count: Int) {
    var peak: Int32 = 0
    for index in 0..<count { peak = max(peak, abs(Int32(samples[index]))) }
    let before = currentQ10
    var target = min(nominalQ10, before &+ (nominalQ10 &- before) / 64 &+ 1)
    if (peak &* nominalQ10) >> 10 > limit { target = min(target, limit << 10 / peak) }
    currentQ10 = target
    let change = target &- before
    for index in 0..<count {
      let factor = before &+ (change &* Int32(truncatingIfNeeded: index)) >> 4
      samples[index] = bend((Int32(samples[index]) &* factor &+ 512) >> 10)
    }
  }

  /// Straight up to `knee`, then ever flatter.
  private func bend(_ value: Int32) -> Int16 {
    let over = abs(value) &- knee
    guard over > 0 else { return Int16(truncatingIfNeeded: value) }
    let room = Int32(Int16.max) &- knee
    // Beyond 2^18 the curve is flat to a few steps, and the product would not fit.
    let bent = over > 1 << 18 ? room &- 1 : room &* over / (over &+ room)
    return Int16(truncatingIfNeeded: value < 0 ? -(knee &+ bent) : knee &+ bent)
  }
}

private let unityQ10: Int32 = 1 << 10
private let blockSamples = 16
/// -2 dB below full scale is what the limiter aims at; the knee lies a little above it.
private let limit: Int32 = 26_000
private let knee: Int32 = 28_000
