/// Decoded samples that wait to be played: room for what two periods left, the longest packet, and what stretching
/// adds to it.
struct SampleQueue: ~Copyable {
  private let memory: UnsafeMutablePointer<Int16>
  private var begin = 0
  private(set) var count = 0
  private let capacity = Self.capacityMax
  private static let capacityMax =
    AudioLimits.decodedSamplesMax + 2 * AudioFormat.periodSamples + TimeStretch.addedMax

  init() {
    memory = .allocate(capacity: Self.capacityMax)
    memory.initialize(repeating: 0, count: Self.capacityMax)
  }

  deinit { memory.deallocate() }

  mutating func clear() {
    begin = 0
    count = 0
  }

  /// Where the next samples may be written: at least `AudioLimits.decodedSamplesMax` of them, provided that less
  /// than two periods wait.
  mutating func room() -> UnsafeMutablePointer<Int16> {
    if begin > 0 {
      memory.copy(from: memory + begin, count: count)
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

  /// The end of what waits, with room for `TimeStretch.addedMax` more behind it.
  mutating func end() -> UnsafeMutablePointer<Int16> { room() }

  /// What waits was made longer (or, negative, shorter) at its end.
  mutating func grow(by more: Int) { count += more }

  mutating func appendSilence(_ more: Int) {
    let added = min(more, AudioLimits.decodedSamplesMax)
    room().update(repeating: 0, count: added)
    append(added)
  }

  mutating func take(_ wanted: Int, into output: UnsafeMutablePointer<Int16>) {
    let taken = min(wanted, count)
    output.copy(from: memory + begin, count: taken)
    begin += taken
    count -= taken
  }
}
