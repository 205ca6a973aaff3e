/// How much of the echo is taken away, in the middle of the periods in which little else was heard: while somebody talks
/// into it, what is left says nothing.
struct EchoReduction {
  private var quarters = 0
  private var isKnown = false

  /// In decibels, 0...60; nil before any echo was heard.
  var decibels: Int? { isKnown ? (quarters + 2) / 4 : nil }

  /// One period of the microphone, what of it is thought to be echo, and what was left.
  mutating func note(
    _ near: UnsafePointer<Int32>, _ echo: UnsafePointer<Int32>, _ rest: UnsafePointer<Int32>
  ) {
    var heard: Int64 = 0
    var thought: Int64 = 0
    var left: Int64 = 0
    for index in 0..<AudioFormat.periodSamples {
      heard &+= Int64(near[index]) &* Int64(near[index])
      thought &+= Int64(echo[index]) &* Int64(echo[index])
      left &+= Int64(rest[index]) &* Int64(rest[index])
    }
    guard heard > audibleEnergy, thought > heard - heard / 5 else { return }
    isKnown = true
    // The median, in steps: a second and a half from nothing to 36 dB.
    let isMore = Self.level(left) - Self.level(heard) > quarters / 4
    quarters = max(0, min(4 * 60, quarters + (isMore ? 1 : -1)))
  }

  /// -dBov of an energy over a period.
  private static func level(_ energy: Int64) -> Int {
    Int(Level.decibels(meanSquare: UInt32(clamping: energy / Int64(AudioFormat.periodSamples))))
  }
}
