/// When the speaker's periods are due, from when the audio thread asks for them: it may wake late and then ask for
/// two at once, but nothing lets it ask early for long. So the least of its times counts, less the samples before.
struct PeriodClock: ~Copyable {
  /// The moment at which the period being played was due, in microseconds that wrap.
  private(set) var due: UInt32 = 0
  private var isRunning = false
  /// What lies between that and the next period.
  private var step: UInt32 = 0
  private var blockPeriods = 0
  private var leastLate: UInt32 = .max

  /// `count` samples are asked for at `microseconds`.
  mutating func begin(at microseconds: UInt32, count: Int) {
    let expected = due &+ step
    // 16 samples a millisecond are 2 in 125 microseconds.
    step = UInt32(truncatingIfNeeded: count * 125 / 2)
    let late = Int32(bitPattern: microseconds &- expected)
    guard isRunning, late >= 0 else { return restart(at: microseconds) }
    // Follows a card that is slower than this clock, by up to 600 parts per million.
    let followed = min(UInt32(late), 6)
    due = expected &+ followed
    leastLate = min(leastLate, UInt32(late) &- followed)
    blockPeriods += 1
    guard blockPeriods >= Self.blockLength else { return }
    // Never on time: the card stood still meanwhile, and its samples are late from now on.
    if leastLate > Self.stepMicroseconds { due = due &+ leastLate }
    beginBlock()
  }

  /// The caller asks so much later from now on, or earlier.
  mutating func move(byMicroseconds later: Int) { due = due &+ UInt32(truncatingIfNeeded: later) }

  private mutating func restart(at microseconds: UInt32) {
    isRunning = true
    due = microseconds
    beginBlock()
  }

  private mutating func beginBlock() {
    blockPeriods = 0
    leastLate = .max
  }

  private static let blockLength = 50
  private static let stepMicroseconds: UInt32 = 2_000
}
