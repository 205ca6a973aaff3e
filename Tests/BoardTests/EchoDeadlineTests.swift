import Base
import Testing

@testable import Board

struct EchoDeadlineTests {
  /// When it gives up and tries again, in seconds. The thread comes every so many milliseconds, with a backlog.
  private func verdicts(
    seconds: Int, every milliseconds: Int, backlog: (Int) -> Int
  ) -> [(second: Int, verdict: EchoDeadline.Verdict)] {
    let start = Instant(microseconds: 0)
    var deadline = EchoDeadline(now: start)
    var verdicts: [(second: Int, verdict: EchoDeadline.Verdict)] = []
    for at in stride(from: 0, to: seconds * 1_000, by: milliseconds) {
      let verdict = deadline.judge(
        backlogPeriods: backlog(at / milliseconds), start.advanced(byMilliseconds: at))
      if verdict != .goOn { verdicts.append((at / 1_000, verdict)) }
    }
    return verdicts
  }

  @Test func aPunctualThreadIsNeverTooLate() {
    #expect(verdicts(seconds: 1_000, every: 10) { 1 + $0 % 2 }.isEmpty)
  }

  @Test func aLongPauseNowAndThenIsForgiven() {
    #expect(verdicts(seconds: 600, every: 1_000) { _ in 40 }.isEmpty)
  }

  @Test func aThreadThatCannotKeepUpGivesUpWithinSeconds() throws {
    let first = try #require(verdicts(seconds: 50, every: 40) { _ in 4 }.first)
    #expect(first.verdict == .giveUp && first.second < 3)
  }

  @Test func itIsTriedAgainWithPausesThatGrow() {
    let found = verdicts(seconds: 1_000, every: 40) { _ in 4 }
    let tries = found.filter { $0.verdict == .tryAgain }.map(\.second)
    let pauses = zip(tries, tries.dropFirst()).map { $1 - $0 }
    #expect(tries.first.map { $0 >= 60 && $0 < 65 } == true)
    #expect(zip(pauses, [120, 240, 480]).allSatisfy { abs($0 - $1) < 5 }, "\(pauses)")
  }

  /// An hour of other work, and then none: it cancels again, and the next trouble is a new one.
  @Test func itWorksAgainWhenTheOtherWorkIsDone() {
    let found = verdicts(seconds: 3_600, every: 40) { $0 < 500 || $0 > 50_000 ? 4 : 1 }
    let afterwards = found.filter { $0.second > 1_900 }
    #expect(found.first?.verdict == .giveUp && found.dropFirst().first?.verdict == .tryAgain)
    #expect(afterwards.first?.verdict == .giveUp)
    #expect(afterwards.count > 1 && afterwards[1].second - afterwards[0].second <= 61)
  }
}
