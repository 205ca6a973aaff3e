/// Goes on with a sound that repeats when its packet is missing. libopus mutes a lost voice within some 60 ms and
/// takes as long to come back; where the sound is periodic enough, its last period is repeated and faded instead,
/// the decoder is not asked at all, and comes back at full strength.
struct Concealer: ~Copyable {
  private static let kept = PitchSearch.window + PitchSearch.lagMax
  private static let joinSamples = 80
  /// Full for 20 ms, then down to silence at 120.
  private static let fullSamples = 320
  private static let fadedSamples = 1920
  /// The squared correlation from which the sound counts as periodic (0.75).
  private static let periodic: UInt32 = 24_576

  private let search = PitchSearch()
  /// What was decoded last.
  private let past: UnsafeMutablePointer<Int16>
  private var pastCount = 0
  private var lag = 0
  private var made = 0
  /// Nil until it is decided for this gap.
  private var repeats: Bool?

  init() {
    past = .allocate(capacity: Self.kept)
    past.initialize(repeating: 0, count: Self.kept)
  }

  deinit { past.deallocate() }

  mutating func reset() {
    pastCount = 0
    repeats = nil
  }

  /// Fills `output`; false if the sound does not repeat (then the decoder knows better).
  mutating func fill(_ output: UnsafeMutablePointer<Int16>, _ count: Int) -> Bool {
    if repeats == nil { decide() }
    guard repeats == true else { return false }
    for index in 0..<count { output[index] = next() }
    return true
  }

  /// Joins decoded sound to what was made up, and remembers its end.
  mutating func follow(_ samples: UnsafeMutablePointer<Int16>, _ count: Int) {
    if repeats == true {
      let length = min(Self.joinSamples, count)
      for index in 0..<length {
        let old = Int32(next())
        let change = Int32(samples[index]) &- old
        samples[index] = Int16(
          truncatingIfNeeded: old &+ (change &* Int32(truncatingIfNeeded: index + 1)) / Int32(length))
      }
    }
    repeats = nil
    let fresh = min(count, Self.kept)
    past.copy(from: past + fresh, count: Self.kept - fresh)
    (past + Self.kept - fresh).copy(from: samples + count - fresh, count: fresh)
    pastCount = min(Self.kept, pastCount + fresh)
  }

  private mutating func decide() {
    repeats = false
    guard pastCount == Self.kept,
      let match = search.match(before: UnsafePointer(past + Self.kept), longest: PitchSearch.lagMax),
      match.similarity >= Self.periodic
    else { return }
    repeats = true
    lag = match.lag
    made = 0
  }

  private mutating func next() -> Int16 {
    let sample = Int32(past[Self.kept - lag + made % lag])
    let left = max(0, min(Self.fadedSamples - made, Self.fadedSamples - Self.fullSamples))
    made += 1
    return Int16(truncatingIfNeeded: (sample &* Int32(truncatingIfNeeded: left * 32 / 50)) >> 10)
  }
}
