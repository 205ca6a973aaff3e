/// Decoded samples that wait to be played: room for one period and the longest packet.
struct SampleQueue: ~Copyable {
  private let memory: UnsafeMutablePointer<Int16>
  private var begin = 0
  private(set) var count = 0
  private let capacity = AudioLimits.decodedSamplesMax + AudioFormat.periodSamples

  init() {
    memory = .allocate(capacity: AudioLimits.decodedSamplesMax + AudioFormat.periodSamples)
    memory.initialize(repeating: 0, count: AudioLimits.decodedSamplesMax + AudioFormat.periodSamples)
  }

  deinit { memory.deallocate() }

  mutating func clear() {
    begin = 0
    count = 0
  }

  /// Where the next samples may be written: at least `AudioLimits.decodedSamplesMax` of them, provided that less
  /// than a period waits.
  mutating func room() -> UnsafeMutablePointer<Int16> {
    if begin > 0 {
      memory.update(from: memory + begin, count: count)
      begin = 0
    }
    return memory + count
  }

  /// Takes over `more` samples that were written into `room()`.
  mutating func append(_ more: Int, gainQ15: Int32 = 32_768) {
    let added = min(more, capacity - begin - count)
    if gainQ15 != 32_768 {
      let start = memory + begin + count
      for index in 0..<added {
        start[index] = Int16(truncatingIfNeeded: (Int32(start[index]) &* gainQ15) >> 15)
      }
    }
    count += added
  }

  mutating func appendSilence(_ more: Int) {
    let added = min(more, AudioLimits.decodedSamplesMax)
    room().update(repeating: 0, count: added)
    append(added)
  }

  mutating func take(_ wanted: Int, into output: UnsafeMutablePointer<Int16>) {
    let taken = min(wanted, count)
    output.update(from: memory + begin, count: taken)
    begin += taken
    count -= taken
  }
}
