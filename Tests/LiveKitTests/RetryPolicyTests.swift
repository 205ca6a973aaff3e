import Base
import Testing

@testable import LiveKit

/// The two tables of `RetryPolicy`, row by row.
@Suite struct RetryPolicyTests {
  @Test(arguments: [
    (1, 0, 250), (2, 300, 800), (3, 1200, 2200), (4, 2700, 3700), (5, 4800, 5800), (6, 7000, 8000),
    (7, 7000, 8000), (10_000, 7000, 8000),
  ])
  func theSteps(attempt: Int, least: Int, most: Int) {
    let policy = RetryPolicy()
    let last = RetryPolicy.randomMillisecondsBound - 1
    #expect(policy.delayMilliseconds(pace: .backOff, attempt: attempt, random: 0) == least)
    #expect(policy.delayMilliseconds(pace: .backOff, attempt: attempt, random: last) == most)
    #expect(policy.delayMilliseconds(pace: .slow, attempt: attempt, random: 7) == 30_007)
    #expect(policy.delayMilliseconds(pace: .never, attempt: attempt, random: 7) == nil)
  }

  @Test func theLimit() {
    let policy = RetryPolicy(attemptsMax: 3)
    #expect(policy.delayMilliseconds(pace: .backOff, attempt: 3, random: 0) == 1200)
    for pace in [RetryPace.backOff, .slow] {
      #expect(policy.delayMilliseconds(pace: pace, attempt: 4, random: 0) == nil)
    }
  }

  @Test(arguments: [
    (Failure.badURL(""), RetryPace.never), (.malformedToken(""), .never),
    (.notAllowed(.configured, status: 401, ""), .never), (.notAllowed(.refreshed, status: 403, ""), .never),
    (.rejected(status: 400, ""), .never), (.roomDoesNotExist(""), .never),
    (.unknownHost(host: "", ""), .unreached), (.connectionRefused(host: "", ""), .backOff),
    (.timedOut(host: ""), .unanswered), (.unreachable(host: "", ""), .unreached),
    (.proxy(""), .backOff), (.captivePortal(""), .backOff),
    (.serverUnavailable(status: 503, ""), .backOff), (.noJoinResponse, .backOff), (.signalLost(""), .backOff),
    (.pingTimeout, .backOff), (.mediaTimeout(""), .backOff), (.noRelay(""), .backOff),
    (.mediaFailed(""), .backOff),
    (.negotiationTimeout, .backOff), (.badDescription(""), .slow), (.tls(host: "", ""), .slow),
    (.notLiveKit(""), .slow), (.roomTooLarge(bytesMax: 1), .slow),
    (.rejoinAsked(.stateMismatch), .asked), (.resumeAsked(.connectionTimeout), .asked),
  ])
  func thePaceOfAFailure(failure: Failure, pace: RetryPace) {
    #expect(failure.retryPace == pace)
    #expect(failure.isRetriable == (pace != .never))
  }

  @Test func thePaceOfADismissal() {
    let final: Set<DisconnectReason> = [
      .clientInitiated, .duplicateIdentity, .participantRemoved, .roomDeleted, .roomClosed, .userUnavailable,
      .userRejected, .sipTrunkFailure,
    ]
    for number in Int32(0)...16 {
      guard let reason = DisconnectReason(rawValue: number) else {
        Issue.record("no reason \(number)")
        continue
      }
      #expect(Failure.dismissed(reason).retryPace == (final.contains(reason) ? .never : .backOff))
    }
    #expect(DisconnectReason(rawValue: 17) == nil)
  }

  /// After a server's restart a hundred doors knock, each at a time of its own, from the first attempt on.
  @Test func aHerdIsSpread() {
    for attempt in 1...3 {
      let random = SeededRandom(seed: 3)
      let times = Set(
        (0..<100).map { _ in
          RetryPolicy().delayMilliseconds(
            pace: .backOff, attempt: attempt, random: random.next(below: RetryPolicy.randomMillisecondsBound))
        })
      #expect(times.count > 50)
    }
  }

  /// A way back is given up soon, for another attempt is sooner than what TCP does about a lost datagram.
  @Test(
    arguments: [
      (true, nil, 2_000), (true, 5, 400), (true, 150, 400), (true, 300, 700), (true, 9_000, 15_000),
      (false, nil, 2_000), (false, 5, 2_000), (false, 600, 2_400), (false, 9_000, 15_000),
    ] as [(Bool, Int?, Int)])
  func dialsAreGivenUp(resumes: Bool, usual: Int?, after: Int) {
    #expect(RetryPolicy.dialMilliseconds(resumes: resumes, usual: usual, max: 15_000) == after)
  }

  /// While media lives there is time, and a way that has become slower is found in the end.
  @Test(
    arguments: [
      (1, nil, 2_000), (1, 150, 400), (2, 150, 2_000), (3, 150, 4_000), (5, 150, 8_000), (9, 150, 15_000),
      (2, 900, 3_600), (1_000_000, 900, 15_000),
    ] as [(Int, Int?, Int)])
  func aResumeThatIsInNoHurryTakesLongerEachTime(attempt: Int, usual: Int?, after: Int) {
    #expect(RetryPolicy.dialMilliseconds(resumesAlive: attempt, usual: usual, max: 15_000) == after)
  }
}
