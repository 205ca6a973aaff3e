import Base
import Testing

@testable import Board

struct EchoDeadlineTests {
  /// The round in which it gives up, nil if it never does.
  private func givesUp(rounds: Int, every microseconds: Int, backlog: (Int) -> Int) -> Int? {
    let start = Instant(microseconds: 0)
    var deadline = EchoDeadline(now: start)
    for round in 0..<rounds
    where deadline.isMissed(
      backlogPeriods: backlog(round), start.advanced(byMicroseconds: round * microseconds))
    { return round }
    return nil
  }

  @Test func aPunctualThreadIsNeverTooLate() {
    #expect(givesUp(rounds: 10_000, every: 10_000) { 1 + $0 % 2 } == nil)
  }

  @Test func aLongPauseNowAndThenIsForgiven() {
    #expect(givesUp(rounds: 20, every: 6_000_000) { _ in 40 } == nil)
  }

  @Test func aThreadThatCannotKeepUpGivesUpWithinSeconds() throws {
    let round = try #require(givesUp(rounds: 1_000, every: 40_000) { _ in 4 })
    #expect(round < 50)
  }
}
