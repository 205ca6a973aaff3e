import Base
import Control
import Testing

@testable import Device

/// One test a row of the table in Call.swift.
@Suite struct CallTests {
  @Test(arguments: [
    (Stay.Phase.away, false, CallState.idle), (.away, true, .idle),
    (.wanting, false, .connecting), (.wanting, true, .connecting),
    (.dialling, false, .connecting), (.waiting, false, .connecting),
    (.interrupted(isResuming: true), true, .connecting), (.interrupted(isResuming: false), true, .connecting),
    (.joined, false, .waitingAgent), (.joined, true, .talking),
    (.leaving, true, .ending), (.failed, false, .failed), (.failed, true, .failed),
  ]) func followsFromTheStay(phase: Stay.Phase, isHeard: Bool, state: CallState) {
    #expect(Call.state(of: phase, somebodyIsHeard: isHeard) == state)
  }

  @Test func tellsWhatItLeftAndSinceWhen() {
    let start = Instant(microseconds: 0)
    let later = start.advanced(byMilliseconds: 5)
    var call = Call(since: start)
    let same = call.show(.away, somebodyIsHeard: false, reason: "a reason", now: later)
    #expect(same == nil && call.since == start && call.reason == "a reason")
    let before = call.show(.joined, somebodyIsHeard: true, reason: nil, now: later)
    #expect(before == .idle && call.state == .talking && call.since == later && call.reason == nil)
    let news = [call.connect(.connected), call.connect(.connected), call.connect(.disconnected)]
    #expect(news == [true, false, true])
  }
}
