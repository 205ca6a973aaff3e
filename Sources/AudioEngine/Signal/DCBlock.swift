/// Takes the constant offset of a cheap microphone away: a high pass of first order at 20 Hz (-3 dB).
struct DCBlock {
  private var previous: Int32 = 0
  /// The output with 12 more bits: what rounding would lose is kept for the next sample.
  private var sumQ12: Int32 = 0

  mutating func apply(_ samples: UnsafeMutablePointer<Int16>, _ count: Int) {
    for index in 0..<count {
      let sample = Int32(samples[index])
      // y[n] = (1 - 1/128) (y[n-1] + x[n] - x[n-1]): 16 000 / (2 pi 128) = 19.9 Hz.
      sumQ12 &+= (sample &- previous) << 12
      sumQ12 &-= sumQ12 >> 7
      previous = sample
      samples[index] = Int16(clamping: (sumQ12 &+ 1 << 11) >> 12)
    }
  }
}
