/// Makes sound shorter or longer by whole periods of its pitch, which changes how long it takes and not how high
/// it is. Works at the end of what waits to be played, without memory of its own but a search.
struct TimeStretch: ~Copyable {
  private let search = PitchSearch()
  /// Packets in a row that were not alike enough to cut; each makes the next attempt less choosy.
  private var refusals: UInt32 = 0
  /// Samples decoded since the last cut.
  private var rest = 0

  /// What at least has to wait.
  static let samplesMin = 2 * PitchSearch.window
  /// The most that one operation adds.
  static let addedMax = PitchSearch.lagMax

  mutating func reset() {
    refusals = 0
    rest = 0
  }

  /// Looks at the `count` samples before `end`, of which `fresh` are new, when the time line has `excess` samples
  /// too much (or, negative, too few). Answers by how many it grew; negative if it shrank.
  mutating func adjust(end: UnsafeMutablePointer<Int16>, count: Int, fresh: Int, excess: Int) -> Int {
    rest = min(rest + fresh, 100_000)
    guard excess > Self.tooMuch || excess < 0 else {
      refusals = 0
      return 0
    }
    // Gently, unless the conversation suffers.
    let pause =
      abs(excess) > Self.urgent ? 0 : excess < 0 || excess > Self.much ? Self.shortPause : Self.longPause
    guard count >= Self.samplesMin, rest >= pause else { return 0 }
    let longest = min(PitchSearch.lagMax, count - PitchSearch.window)
    // Neither may overshoot into the other.
    let wanted = excess > 0 ? excess : Self.much - excess - 10
    guard let lag = pick(end, min(longest, wanted), excess) else {
      // What is only a little too much is not searched for in every packet.
      if pause == Self.longPause { rest = 0 }
      refusals = min(refusals + 1, 100)
      return 0
    }
    refusals = 0
    rest = 0
    if excess > 0 {
      shrink(end, lag)
      return -lag
    }
    stretch(end, lag)
    return lag
  }

  private func pick(_ end: UnsafeMutablePointer<Int16>, _ longest: Int, _ excess: Int) -> Int? {
    guard longest >= PitchSearch.lagMin else { return nil }
    let tail = UnsafeBufferPointer(start: UnsafePointer(end - PitchSearch.window), count: PitchSearch.window)
    // In silence every place is as good.
    if Level.decibels(meanSquare: Level.meanSquare(tail)) > 55 { return longest }
    guard let match = search.match(before: UnsafePointer(end), longest: longest) else { return nil }
    let choosy: UInt32 = abs(excess) > Self.urgent ? 8_192 : 22_000
    let wanted = choosy > refusals * 512 ? choosy - refusals * 512 : 0
    return match.similarity >= wanted ? match.lag : nil
  }

  /// Leaves out `lag` samples: what lies a lag before the last 10 ms turns into them.
  private func shrink(_ end: UnsafeMutablePointer<Int16>, _ lag: Int) {
    let newer = end - PitchSearch.window
    let older = newer - lag
    for index in 0..<PitchSearch.window { older[index] = Self.blend(older[index], newer[index], index) }
  }

  /// Repeats `lag` samples: the last 10 ms turn into what lies a lag before, and from there it goes on again.
  private func stretch(_ end: UnsafeMutablePointer<Int16>, _ lag: Int) {
    end.copy(from: end - lag, count: lag)
    let newer = end - PitchSearch.window
    let older = newer - lag
    // Backwards: with a short lag both overlap, and what is read must not be blended yet.
    var index = PitchSearch.window
    while index > 0 {
      index -= 1
      newer[index] = Self.blend(newer[index], older[index], index)
    }
  }

  private static func blend(_ from: Int16, _ to: Int16, _ index: Int) -> Int16 {
    let share = Int32(truncatingIfNeeded: index) &* 205 &+ 102
    let change = Int32(to) &- Int32(from)
    return Int16(truncatingIfNeeded: Int32(from) &+ (change &* (share >> 1)) >> 14)
  }

  /// 3 ms too much are left alone, 7.5 ms can wait a little; anything too little makes packets late.
  private static let tooMuch = 48
  private static let much = 120
  private static let shortPause = 2 * AudioFormat.frameSamples
  private static let longPause = 500 * AudioFormat.samplesPerMillisecond
  private static let urgent = 60 * AudioFormat.samplesPerMillisecond
}
