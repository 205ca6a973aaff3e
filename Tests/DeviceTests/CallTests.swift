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
    (.interrupted(.media), true, .connecting), (.interrupted(.session), true, .connecting),
    (.interrupted(.signalling), true, .talking), (.interrupted(.signalling), false, .waitingAgent),
    (.joined, false, .waitingAgent), (.joined, true, .talking),
    (.leaving, true, .ending), (.failed, false, .failed), (.failed, true, .failed),
  ]) func followsFromTheStay(phase: Stay.Phase, isHeard: Bool, state: CallState) {
    #expect(Call.state(of: phase, somebodyIsHeard: isHeard) == state)
  }

  /// Two seconds without media are nobody's business, and neither is what comes back within them.
  @Test func aShortSilenceIsNotShown() {
    let start = Instant(microseconds: 0)
    var call = Call(since: start)
    func show(_ phase: Stay.Phase, _ milliseconds: Int) -> CallState? {
      call.show(
        phase, somebodyIsHeard: true, reason: nil, now: start.advanced(byMilliseconds: milliseconds))
    }
    _ = show(.joined, 0)
    #expect(show(.interrupted(.media), 100) == nil)
    #expect(call.deadlines.first?.at == start.advanced(byMilliseconds: 2_100))
    // Whoever comes or goes meanwhile does not begin it anew.
    #expect(show(.interrupted(.media), 1_000) == nil)
    #expect(show(.joined, 1_900) == nil)
    #expect(call.deadlines.first?.at == nil)
    #expect(show(.interrupted(.media), 3_000) == nil)
    #expect(show(.interrupted(.media), 4_999) == nil)
    #expect(show(.interrupted(.media), 5_000) == .talking && call.state == .connecting)
    #expect(call.deadlines.first?.at == nil)
    // Media is back before signalling, which nobody hears.
    #expect(show(.interrupted(.signalling), 6_000) == .connecting && call.state == .talking)
    #expect(show(.interrupted(.signalling), 60_000) == nil)
    #expect(show(.interrupted(.session), 60_001) == .talking && call.state == .connecting)
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
