import Base
import Testing

@testable import Board

/// How much of the card's buffer is filled, in virtual time.
struct CardQueueTests {
  /// A card that plays, and a thread that fills it as the queue says.
  private struct Card {
    var queue: CardQueue
    var now = Instant(microseconds: 1_000_000)
    let rate: Int
    let buffer: Int
    /// It tells where it stands, and takes what it plays, in pieces of so many frames.
    var piece = 1
    var underruns = 0
    private var written = 0
    private var startedAt: Instant?

    init(rate: Int = 16_000, cardPeriod: Int = 160, buffer: Int = 640) {
      self.rate = rate
      self.buffer = buffer
      queue = CardQueue(
        AlsaParameters(
          channels: 1, rate: rate, cardPeriodFrames: cardPeriod, bufferFrames: buffer, line: ""))
    }

    var level: Int {
      guard let startedAt else { return written }
      let played = Int(now.microseconds(since: startedAt)) * rate / 1_000_000
      return written - (played + piece - 1) / piece * piece
    }

    /// Periods are written as they are wanted, each wake-up so many microseconds late; answers what was left each time.
    mutating func play(periods: Int, late: (Int) -> Int = { _ in 0 }) -> [Int] {
      var left: [Int] = []
      while left.count < periods {
        let wake = queue.dueAt ?? now.advanced(byMilliseconds: 1)
        now = max(now, wake.advanced(byMicroseconds: late(left.count)))
        if level < 0 {
          underruns += 1
          written = 0
          startedAt = nil
          _ = queue.ranDry(now)
        }
        var room = queue.room(available: buffer - level, now)
        if room < rate / 100 && queue.isTimed && queue.dueAt == nil { return left }
        while room >= rate / 100 {
          left.append(level)
          written += rate / 100
          if written >= rate / 50, startedAt == nil { startedAt = now }
          _ = queue.wrote(rate / 100, level: level, now)
          room -= rate / 100
        }
      }
      return left
    }
  }

  /// What the engine gives may be shorter than a period, and a card that was opened again must start all the same.
  @Test(arguments: [40, 80, 120, 159]) func startsAfterAShorterPiece(frames: Int) {
    var queue = CardQueue(
      AlsaParameters(channels: 1, rate: 16_000, cardPeriodFrames: 160, bufferFrames: 640, line: ""))
    let now = Instant(microseconds: 0)
    var level = 0
    for piece in [frames, 160, 160] where queue.room(available: 640 - level, now) >= 160 {
      level += piece
      _ = queue.wrote(piece, level: level, now)
    }
    #expect(level >= 320 && queue.dueAt != nil)
  }

  @Test(arguments: [16_000, 44_100, 48_000]) func startsWithTwoPeriodsAndLearnsThatLessIsEnough(rate: Int) {
    var card = Card(rate: rate, cardPeriod: rate / 100, buffer: rate / 25)
    let first = card.play(periods: 10)
    #expect(Array(first.prefix(2)) == [0, rate / 100])
    #expect(first.dropFirst(2).allSatisfy { abs($0 - rate / 100) <= rate / 1_000 })
    let later = card.play(periods: 3_000).suffix(1_000)
    // 3 ms are kept, and the time is told to half a millisecond.
    #expect(later.allSatisfy { $0 >= rate / 1_000 * 2 && $0 <= rate / 1_000 * 4 }, "\(later.max() ?? 0)")
    #expect(card.underruns == 0)
  }

  @Test func aThreadThatIsOftenLateGetsWhatItNeeds() {
    var card = Card()
    // Up to 4 ms late, as without real-time priority.
    _ = card.play(periods: 6_000) { $0 * 7_919 % 4_000 }
    #expect(card.underruns == 0)
    #expect(card.queue.reserve >= 6 * 16 && card.queue.reserve <= 9 * 16, "\(card.queue.reserve)")
  }

  @Test func growsAtOnceWhenHardlyAnythingWasLeft() {
    var card = Card()
    _ = card.play(periods: 3_000)
    let before = card.queue.reserve
    _ = card.play(periods: 20) { $0 == 10 ? 2_500 : 0 }
    #expect(card.underruns == 0 && card.queue.reserve >= before + 32)
    // And gives it up when that does not come again, after 5 s: it was enough.
    _ = card.play(periods: 450)
    #expect(card.queue.reserve >= before + 32)
    _ = card.play(periods: 100)
    #expect(card.queue.reserve <= before + 8)
  }

  /// A machine that stalls three times in a row was not trusted too soon, but once.
  @Test func troublesInARowAreOne() {
    var card = Card(buffer: 3_200)
    _ = card.play(periods: 3_000)
    let before = card.queue.reserve
    for _ in 0..<3 { _ = card.play(periods: 10) { $0 == 5 ? 60_000 : 0 } }
    #expect(card.queue.reserve == before + 3 * 160)
    _ = card.play(periods: 980)
    #expect(card.queue.reserve == before + 3 * 160)
    _ = card.play(periods: 60)
    #expect(card.queue.reserve <= before + 2 * 160, "after 10 s, as after one")
  }

  /// But one that stalls again after less was kept is trusted half as soon each time.
  @Test func troubleAfterEachShrinkingCountsAnew() {
    var card = Card()
    _ = card.play(periods: 3_000)
    var calm: [Int] = []
    for _ in 0..<3 {
      let before = card.queue.reserve
      _ = card.play(periods: 1) { _ in 4_000 }
      var periods = 0
      while card.queue.reserve > before + 8, periods < 10_000 {
        _ = card.play(periods: 1)
        periods += 1
      }
      calm.append(periods)
    }
    #expect(calm.map { ($0 + 100) / 500 } == [2, 4, 8], "\(calm)")
    // What has been calm for long is trusted as soon as at first.
    _ = card.play(periods: 3 * 16 * 8 * 500)
    let before = card.queue.reserve
    _ = card.play(periods: 1) { _ in 4_000 }
    _ = card.play(periods: 1_050)
    #expect(card.queue.reserve <= before + 8)
  }

  /// 4 to 9 ms late where 3 are kept: 3 ms more than that are kept from then on, and no whole period.
  @Test(arguments: [4, 6, 9]) func anUnderrunAddsWhatWasMissing(lateMilliseconds: Int) {
    var card = Card()
    _ = card.play(periods: 3_000)
    _ = card.play(periods: 10) { $0 == 5 ? lateMilliseconds * 1_000 : 0 }
    #expect(card.underruns == 1)
    #expect(abs(card.queue.reserve - (lateMilliseconds + 3) * 16) <= 24, "\(card.queue.reserve)")
    let later = card.play(periods: 600) { $0 % 97 == 5 ? lateMilliseconds * 1_000 : 0 }
    #expect(card.underruns == 1 && (later.min() ?? 0) > 0, "which is enough for as much again")
  }

  @Test func anUnderrunAddsAPeriodUpToTheBuffer() {
    var card = Card()
    _ = card.play(periods: 3_000)
    let before = card.queue.reserve
    _ = card.play(periods: 10) { $0 == 5 ? 40_000 : 0 }
    #expect(card.underruns == 1 && card.queue.reserve == before + 160)
    for _ in 0..<10 { _ = card.play(periods: 10) { $0 == 5 ? 60_000 : 0 } }
    #expect(card.queue.reserve == 480)
    // The next ones are that long ago soon, and less is kept again.
    _ = card.play(periods: 130_000)
    #expect(card.queue.reserve < 100)
  }

  /// As USB does: it takes 5 ms at once, and stands still meanwhile.
  @Test func aCardThatTakesLargePiecesKeepsMore() {
    var card = Card()
    card.piece = 80
    _ = card.play(periods: 60_000)
    let before = card.underruns
    _ = card.play(periods: 60_000)
    #expect(card.underruns - before <= 1 && before <= 3, "\(before), then \(card.underruns - before)")
    #expect(card.queue.reserve >= 48 && card.queue.reserve <= 320, "\(card.queue.reserve)")
  }

  @Test func aCardThatTellsOncePerPeriodIsLeftToTellWhen() {
    var queue = CardQueue(
      AlsaParameters(channels: 1, rate: 16_000, cardPeriodFrames: 160, bufferFrames: 640, line: ""))
    var now = Instant(microseconds: 0)
    for _ in 0..<2 { _ = queue.wrote(160, level: 320, now) }
    for _ in 0..<40 {
      guard let due = queue.dueAt else { break }
      now = max(now, due)
      // It always says that nothing was played since.
      #expect(queue.room(available: 320, now) < 160)
    }
    #expect(queue.dueAt == nil && !queue.isTimed)
    #expect(queue.room(available: 400, now) >= 160, "half a period early")
  }

  @Test func aCardWithLongPeriodsGetsTwoOfThem() {
    var card = Card(rate: 48_000, cardPeriod: 1_024, buffer: 4_096)
    #expect(card.queue.room(available: 4_096, card.now) == 2_048)
  }

  @Test func neverMoreThanTheBuffer() {
    var card = Card(rate: 16_000, cardPeriod: 300, buffer: 320)
    #expect(card.queue.room(available: 320, card.now) == 320)
  }

  /// PipeWire says that it ran dry until it is running, and after its death: nobody is to hear everything later for it.
  @Test func aServerThatDoesNotRunDoesNotMakeItLonger() {
    var queue = CardQueue(
      AlsaParameters(channels: 1, rate: 16_000, cardPeriodFrames: 160, bufferFrames: 3_200, line: ""))
    let reserve = queue.reserve
    var now = Instant(microseconds: 5_000_000)
    for _ in 0..<100 {
      for _ in 0..<2 { _ = queue.wrote(160, level: 320, now) }
      now = now.advanced(byMilliseconds: 2)
      let hasChanged = queue.ranDry(now)
      #expect(!hasChanged)
    }
    #expect(queue.reserve == reserve)
    for _ in 0..<2 { _ = queue.wrote(160, level: 320, now) }
    // It did play what it had.
    _ = queue.ranDry(now.advanced(byMilliseconds: 30))
    #expect(queue.reserve == reserve + 160)
  }

  /// The engine may give less than a period, and a card that stands still does not say that it wants the rest.
  @Test func aCardThatGotTooLittleToStartIsFilledAtOnce() {
    var card = Card()
    let room = card.queue.room(available: 640, card.now)
    #expect(room == 320)
    _ = card.queue.wrote(110, level: 110, card.now)
    _ = card.queue.wrote(160, level: 270, card.now)
    #expect(card.queue.dueAt == card.now)
    #expect(card.queue.room(available: 640 - 270, card.now) == 160)
    #expect(card.queue.dueAt == nil)
    _ = card.queue.wrote(160, level: 430, card.now)
    #expect(card.queue.dueAt.map { $0 > card.now } == true)
  }
}
