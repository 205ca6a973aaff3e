import Base
import Control
import Testing

@testable import Device

/// One test a row of the table in Call.swift, and the rows that are not there.
@Suite struct CallTests {
  @Test(arguments: [
    (CallState.idle, Call.Event.joinBegan, CallState.connecting),
    (.failed, .joinBegan, .connecting),
    (.connecting, .connected(somebodyIsHeard: false), .waitingAgent),
    (.connecting, .connected(somebodyIsHeard: true), .talking),
    (.waitingAgent, .audience(somebodyIsHeard: true), .talking),
    (.talking, .audience(somebodyIsHeard: true), .talking),
    (.talking, .audience(somebodyIsHeard: false), .waitingAgent),
    (.waitingAgent, .sessionLost, .connecting),
    (.talking, .sessionLost, .connecting),
    (.connecting, .leaveBegan, .ending),
    (.waitingAgent, .leaveBegan, .ending),
    (.talking, .leaveBegan, .ending),
    (.failed, .leaveBegan, .idle),
    (.ending, .roomClosed, .idle),
    (.connecting, .failed, .failed),
    (.talking, .failed, .failed),
  ]) func movesAsTheTableSays(from: CallState, event: Call.Event, to: CallState) {
    #expect(Call.next(from, event) == to)
  }

  @Test(arguments: [
    (CallState.idle, Call.Event.audience(somebodyIsHeard: true)),
    (.idle, .leaveBegan), (.idle, .roomClosed), (.idle, .sessionLost),
    (.idle, .connected(somebodyIsHeard: true)),
    (.connecting, .audience(somebodyIsHeard: true)), (.connecting, .sessionLost), (.connecting, .roomClosed),
    (.ending, .audience(somebodyIsHeard: false)), (.ending, .joinBegan), (.ending, .leaveBegan),
    (.ending, .connected(somebodyIsHeard: true)), (.failed, .roomClosed), (.failed, .sessionLost),
    (.talking, .joinBegan), (.talking, .roomClosed),
  ]) func staysForEverythingElse(state: CallState, event: Call.Event) {
    #expect(Call.next(state, event) == state)
  }
}
