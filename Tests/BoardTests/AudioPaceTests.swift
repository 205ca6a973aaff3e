import Base
import Testing

@testable import Board

/// What is a card, and what only says that it is one.
struct AudioPaceTests {
  private let start = Instant(microseconds: 3_000_000)

  /// When it is found out, in milliseconds; nil if it is not. `moves` periods are moved every 10 ms.
  private func found(_ milliseconds: Int, moves: (Int) -> Int) -> Int? {
    var pace = AudioPace(now: start)
    for at in stride(from: 10, through: milliseconds, by: 10)
    where !pace.isPossible(periods: moves(at), start.advanced(byMilliseconds: at)) { return at }
    return nil
  }

  @Test func aCardIsOneForHours() {
    #expect(found(3_600_000) { _ in 1 } == nil)
  }

  @Test func aCardMayRunATenthTooFast() {
    #expect(found(3_600_000) { $0 % 100 == 0 ? 2 : 1 } == nil)
  }

  @Test func aCardThatCatchesUpIsOne() {
    #expect(found(60_000) { $0 % 10_000 == 0 ? 100 : 1 } == nil)
  }

  @Test func whatRunsAtTwiceTheSpeedIsFoundOutWithinSeconds() throws {
    let at = try #require(found(60_000) { _ in 2 })
    #expect(at > 1_000 && at < 4_000)
  }

  @Test func whatIsAlwaysReadyIsFoundOutAtOnce() {
    var pace = AudioPace(now: start)
    var rounds = 0
    while pace.isPossible(periods: 6, start.advanced(byMicroseconds: rounds * 50)) { rounds += 1 }
    #expect(rounds == 16)
  }

  @Test func aProgramThatWasStoppedMayCatchUp() {
    var pace = AudioPace(now: start)
    let isPossible = pace.isPossible(periods: 500, start.advanced(byMilliseconds: 5_000))
    #expect(isPossible)
  }
}
