/// Adds tracks in 32 bits and saturates once. Gains are Q12 (4096 is as it was) and move over a period in a
/// straight line, so that turning a knob does not click.
struct Mixer: ~Copyable {
  /// Where a track writes its period before it is added.
  let track: UnsafeMutablePointer<Int16>
  private let sum: UnsafeMutablePointer<Int32>
  private var masterGain: Int32 = 4096

  init() {
    track = .allocate(capacity: AudioFormat.periodSamples)
    sum = .allocate(capacity: AudioFormat.periodSamples)
  }

  deinit {
    track.deallocate()
    sum.deallocate()
  }

  mutating func begin(_ count: Int) { sum.update(repeating: 0, count: count) }

  /// Adds what is in `track`. At most 8 tracks of 200 percent: the sum stays below 2^20.
  mutating func add(_ count: Int, from: Int32, to: Int32) {
    let step = (to - from) << 8 / Int32(count)
    var gain = from << 8
    for index in 0..<count {
      gain &+= step
      sum[index] &+= (Int32(track[index]) &* (gain >> 8)) >> 12
    }
  }

  mutating func finish(_ count: Int, gain: Int32, into output: UnsafeMutablePointer<Int16>) {
    let step = (gain - masterGain) << 8 / Int32(count)
    var now = masterGain << 8
    for index in 0..<count {
      now &+= step
      // Four times full scale is room enough for what a low volume brings back; it keeps the product in 32 bits.
      let sample = max(-131_072, min(131_071, sum[index]))
      output[index] = Int16(clamping: (sample &* (now >> 8)) >> 12)
    }
    masterGain = gain
  }
}
