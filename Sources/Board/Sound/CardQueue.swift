import Base

/// How much lies in a speaker's card when the next period is written: the least that keeps it playing, as whatever
/// waits there is delay. Two periods make it start. Then it is filled when it has come down to the reserve, and the
/// reserve follows what was left when the periods were really written: it grows at once when that was nearly nothing or
/// the card ran dry, and shrinks when for a while more was left than is needed: a while that is longer for each time that
/// this was too little, and shorter again when it was not for long. All in frames of the card.
struct CardQueue {
  /// What is left when the card is filled.
  private(set) var reserve: Int
  /// When the card has come down to that, as far as it can be told; nil: it says so itself.
  private(set) var dueAt: Instant?
  /// The card tells where it stands more often than once a period, so that the time says when it wants more.
  private(set) var isTimed = true

  private let period: Int
  private let bufferFrames: Int
  private let framesPerSecond: Int
  private let startFrames: Int
  /// What was written since the card was made ready, and when that was enough for it to start.
  private var written = 0
  private var startedAt = Instant(microseconds: 0)
  /// What is to be left: more for a card that takes it in larger pieces.
  private var keep: Int
  private var leastLeft = Int.max
  private var writes = 0
  /// So many writes without trouble, and what was too much all the time is given up.
  private var writesToShrink = Self.writesMin
  /// How often in a row nothing ran dry for that long.
  private var calm = 0
  private var fruitless = 0
  /// Less was kept than before the last trouble. Several of them before that are one.
  private var hasShrunk = true

  init(_ card: AlsaParameters) {
    period = card.periodFrames
    bufferFrames = card.bufferFrames
    framesPerSecond = card.rate
    // A card that moves in longer steps than ours needs two of its own.
    startFrames = min(bufferFrames, BoardLimits.playbackStartPeriods * max(period, card.cardPeriodFrames))
    reserve = max(0, startFrames - period)
    keep = period * 3 / 10
  }

  /// What may be written now that the card has room for `available`.
  mutating func room(available: Int, _ now: Instant) -> Int {
    let level = max(0, bufferFrames - available)
    // A whole period at least: the engine may have given a shorter one before, and without enough the card never starts.
    guard written >= startFrames else {
      dueAt = nil
      return level < startFrames ? max(period, startFrames - level) : 0
    }
    // A card's own wake-ups may come half a period early; the time is more precise.
    let early = isTimed ? period / 20 : period / 2
    let room = max(0, min(available, reserve + early + period - level))
    guard room < period else { return room }
    if let dueAt, dueAt <= now { fruitless += 2 }
    if fruitless > Self.fruitlessMax { isTimed = false }
    wait(from: level, now)
    return room
  }

  /// `frames` were written, and `level` is in the card since. True if the reserve has changed.
  mutating func wrote(_ frames: Int, level: Int, _ now: Instant) -> Bool {
    let isRunning = written >= startFrames
    written = min(written + frames, bufferFrames)
    guard written >= startFrames else {
      // A card that stands still never says that it wants the rest.
      dueAt = now
      return false
    }
    if !isRunning { startedAt = now }
    fruitless = max(0, fruitless - 1)
    let before = reserve
    if isRunning { judge(left: max(0, level - frames)) }
    wait(from: level, now)
    return reserve != before
  }

  /// It ran dry and was made ready again. True if the reserve has changed.
  mutating func ranDry(_ now: Instant) -> Bool {
    let before = reserve
    // It cannot have played what it was given: a sound server that does not run yet, or no more, says so again and again.
    let isTrue = written >= startFrames && 2 * now.microseconds(since: startedAt) >= microseconds(startFrames)
    guard isTrue else {
      written = 0
      dueAt = nil
      return false
    }
    let late = dueAt.map { frames(now.microseconds(since: $0)) } ?? period
    // Nobody was late, and there was nothing left all the same: it takes large pieces.
    if late < keep { keep = min(2 * keep, period) }
    stoodStill()
    // Less was kept than this machine needs now and then.
    if hasShrunk { writesToShrink = min(2 * writesToShrink, Self.writesMax) }
    calm = 0
    // Who was late is covered with what else is kept; a long stall would not be by any reserve.
    grow(by: late < keep ? period : min(period, max(keep, late + keep - reserve)))
    return reserve != before
  }

  /// It stopped because nobody wanted it to play, and begins anew.
  mutating func stoodStill() {
    written = 0
    dueAt = nil
  }

  /// What the reserve may not be longer than.
  private var reserveMax: Int { max(0, bufferFrames - period) }

  private mutating func judge(left: Int) {
    leastLeft = min(leastLeft, left)
    writes += 1
    if left < keep / 3 { return grow(by: keep - left) }
    guard writes >= writesToShrink else { return }
    let spare = min(reserve, leastLeft) - keep
    if spare > period / 20 {
      reserve -= spare
      hasShrunk = true
    }
    leastLeft = .max
    writes = 0
    calm += 1
    guard calm >= Self.calmMax else { return }
    writesToShrink = max(Self.writesMin, writesToShrink / 2)
    calm = 0
  }

  private mutating func grow(by frames: Int) {
    reserve = min(reserveMax, reserve + frames)
    leastLeft = .max
    writes = 0
    hasShrunk = false
  }

  /// Until so much of `level` was played that the card can be filled.
  private mutating func wait(from level: Int, _ now: Instant) {
    dueAt = isTimed ? now.advanced(byMicroseconds: Int(microseconds(max(period / 20, level - reserve)))) : nil
  }

  private func frames(_ microseconds: Int64) -> Int {
    Int(max(0, min(1_000_000, microseconds)) * Int64(framesPerSecond) / 1_000_000)
  }

  private func microseconds(_ frames: Int) -> Int64 { Int64(frames) * 1_000_000 / Int64(framesPerSecond) }

  /// 5 s to begin with, and twice as long after each time that it ran dry, up to 10 minutes. What was nearly too little
  /// was enough.
  private static let writesMin = 500
  private static let writesMax = 60_000
  /// What was once a busy hour is forgotten after so many times as long.
  private static let calmMax = 16
  private static let fruitlessMax = 32
}
