import Testing

@testable import LiveKit

/// The two tables of `RetryPolicy`, row by row.
@Suite struct RetryPolicyTests {
  @Test(arguments: [
    (1, 0, 0), (2, 300, 300), (3, 1200, 1207), (4, 2700, 2707), (5, 4800, 4807), (6, 7000, 7007),
    (7, 7000, 7007), (10_000, 7000, 7007),
  ])
  func theSteps(attempt: Int, least: Int, withRandom: Int) {
    let policy = RetryPolicy()
    #expect(policy.delayMilliseconds(pace: .backOff, attempt: attempt, random: 0) == least)
    #expect(policy.delayMilliseconds(pace: .backOff, attempt: attempt, random: 7) == withRandom)
    #expect(policy.delayMilliseconds(pace: .now, attempt: attempt, random: 7) == withRandom)
    #expect(policy.delayMilliseconds(pace: .slow, attempt: attempt, random: 7) == 30_007)
    #expect(policy.delayMilliseconds(pace: .never, attempt: attempt, random: 7) == nil)
  }

  @Test func theLimit() {
    let policy = RetryPolicy(attemptsMax: 3)
    #expect(policy.delayMilliseconds(pace: .backOff, attempt: 3, random: 0) == 1200)
    for pace in [RetryPace.backOff, .now, .slow] {
      #expect(policy.delayMilliseconds(pace: pace, attempt: 4, random: 0) == nil)
    }
  }

  @Test(arguments: [
    (Failure.badURL(""), RetryPace.never), (.malformedToken(""), .never), (.expiredToken(at: ""), .never),
    (.tokenNotYetValid(from: ""), .never), (.clockNotSet(year: 1970), .never),
    (.notAllowed(status: 401, ""), .never), (.notAllowed(status: 403, ""), .never),
    (.rejected(status: 400, ""), .never), (.roomDoesNotExist(""), .never),
    (.unknownHost(host: "", ""), .backOff), (.connectionRefused(host: "", ""), .backOff),
    (.timedOut(host: ""), .backOff), (.unreachable(host: "", ""), .backOff),
    (.serverUnavailable(status: 503, ""), .backOff), (.noJoinResponse, .backOff), (.signalLost(""), .backOff),
    (.pingTimeout, .backOff), (.mediaTimeout(""), .backOff), (.mediaFailed(""), .backOff),
    (.negotiationTimeout, .backOff), (.badDescription(""), .backOff), (.tls(host: "", ""), .slow),
    (.notLiveKit(""), .slow), (.rejoinAsked(.connectionTimeout), .now), (.rejoinAsked(.stateMismatch), .now),
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
}
