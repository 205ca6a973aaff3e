import Base
import Testing

@testable import Board

struct ReopeningTests {
  private let start = Instant(microseconds: 9_000_000)

  private func pauses(_ reopening: inout Reopening, failures: Int) -> [Int] {
    var now = reopening.deadline ?? start
    var pauses: [Int] = []
    for _ in 0..<failures {
      reopening.failed(now: now)
      guard let next = reopening.deadline else { break }
      pauses.append(next.milliseconds(since: now))
      now = next
    }
    return pauses
  }

  @Test func itIsAskedForAtOnceAndThenWithPausesThatGrow() {
    var reopening = Reopening(firstMilliseconds: 100, longestMilliseconds: 500, now: start)
    #expect(reopening.isDue(start) && !reopening.isOpen)
    #expect(pauses(&reopening, failures: 5) == [100, 200, 400, 500, 500])
    #expect(!reopening.isDue(start))
  }

  @Test func whatIsOpenIsNotAskedFor() {
    var reopening = Reopening(firstMilliseconds: 100, longestMilliseconds: 500, now: start)
    reopening.opened()
    #expect(reopening.isOpen && reopening.deadline == nil)
    #expect(!reopening.isDue(start.advanced(byMilliseconds: 1_000_000)))
  }

  @Test func onlyWhatWorkedBeginsAnew() {
    var reopening = Reopening(firstMilliseconds: 100, longestMilliseconds: 500, now: start)
    #expect(pauses(&reopening, failures: 3) == [100, 200, 400])
    reopening.opened()
    #expect(pauses(&reopening, failures: 1) == [500], "it opened and was gone again")
    reopening.opened()
    reopening.worked()
    #expect(pauses(&reopening, failures: 1) == [100])
  }

  @Test func whatWillNotBeBetterSoonIsLeftAlone() {
    var reopening = Reopening(firstMilliseconds: 100, longestMilliseconds: 500, now: start)
    reopening.opened()
    reopening.failed(forMilliseconds: 60_000, now: start)
    #expect(!reopening.isOpen && reopening.deadline == start.advanced(byMilliseconds: 60_000))
  }

  @Test func aChangeHurriesIt() {
    var reopening = Reopening(firstMilliseconds: 100, longestMilliseconds: 500, now: start)
    reopening.failed(forMilliseconds: 10_000, now: start)
    let later = start.advanced(byMilliseconds: 2_000)
    reopening.hurry(milliseconds: 100, now: later)
    #expect(reopening.deadline == later.advanced(byMilliseconds: 100))
    // Further ones put it off no more.
    reopening.hurry(milliseconds: 100, now: later.advanced(byMilliseconds: 50))
    #expect(reopening.deadline == later.advanced(byMilliseconds: 100))
    reopening.opened()
    reopening.hurry(milliseconds: 100, now: later)
    #expect(reopening.deadline == nil && reopening.isOpen)
  }
}
