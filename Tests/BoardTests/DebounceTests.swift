import Base
import Testing

@testable import Board

/// The table of `Debounce`, a test a row.
struct DebounceTests {
  private let start = Instant(microseconds: 5_000_000)
  private func after(_ milliseconds: Int) -> Instant { start.advanced(byMilliseconds: milliseconds) }

  @Test func anEdgeCountsWhenTheLineWasQuiet() {
    var button = Debounce(milliseconds: 30, isOn: false)
    #expect(!button.edge(now: start) && !button.isOn && button.deadline == after(30))
    let changed = button.look(isOn: true, hadEdges: false, now: after(30))
    #expect(changed && button.isOn && button.deadline == nil)
  }

  @Test func aLineThatBouncesIsWaitedFor() {
    var button = Debounce(milliseconds: 30, isOn: false)
    _ = button.edge(now: start)
    var changed = button.look(isOn: true, hadEdges: true, now: after(30))
    #expect(!changed && !button.isOn && button.deadline == after(60))
    changed = button.look(isOn: true, hadEdges: false, now: after(60))
    #expect(changed && button.isOn)
  }

  @Test func oneThatNeverRestsIsTakenAsItIsFound() {
    var button = Debounce(milliseconds: 10, isOn: false)
    _ = button.edge(now: start)
    for round in 1..<Debounce.roundsMax {
      let changed = button.look(isOn: round % 2 == 0, hadEdges: true, now: after(10 * round))
      #expect(!changed && button.deadline == after(10 * round + 10))
    }
    let changed = button.look(isOn: true, hadEdges: true, now: after(10 * Debounce.roundsMax))
    #expect(changed && button.isOn && button.deadline == nil)
  }

  @Test func aBounceThatEndsWhereItBeganIsNoChange() {
    var button = Debounce(milliseconds: 30, isOn: true)
    _ = button.edge(now: start)
    let changed = button.look(isOn: true, hadEdges: false, now: after(30))
    #expect(!changed && button.isOn && button.deadline == nil)
  }

  @Test func edgesWhileItWaitsAndLooksBeforeTheTimeDoNothing() {
    var button = Debounce(milliseconds: 30, isOn: false)
    _ = button.edge(now: start)
    let again = button.edge(now: after(10))
    let early = button.look(isOn: true, hadEdges: false, now: after(29))
    #expect(!again && !early && button.deadline == after(30))
  }

  @Test func aSwitchThatClosesDoesSoAtItsFirstEdge() {
    var mute = Debounce(milliseconds: 30, closesAtOnce: true, isOn: false)
    let closed = mute.edge(now: start)
    #expect(closed && mute.isOn)
    let changed = mute.look(isOn: true, hadEdges: false, now: after(30))
    #expect(!changed && mute.isOn)
  }

  @Test func itOpensWhenTheLineWasQuiet() {
    var mute = Debounce(milliseconds: 30, closesAtOnce: true, isOn: true)
    let atOnce = mute.edge(now: start)
    #expect(!atOnce && mute.isOn)
    let changed = mute.look(isOn: false, hadEdges: false, now: after(30))
    #expect(changed && !mute.isOn)
  }

  @Test func aTouchOfTheSwitchClosesItForAMoment() {
    var mute = Debounce(milliseconds: 30, closesAtOnce: true, isOn: false)
    let closed = mute.edge(now: start)
    let opened = mute.look(isOn: false, hadEdges: false, now: after(30))
    #expect(closed && opened && !mute.isOn)
  }

  @Test func aWornSwitchStaysClosedWhileItBounces() {
    var mute = Debounce(milliseconds: 10, closesAtOnce: true, isOn: true)
    _ = mute.edge(now: start)
    for round in 1...Debounce.roundsMax {
      let changed = mute.look(isOn: false, hadEdges: true, now: after(10 * round))
      #expect(!changed && mute.isOn)
    }
    #expect(mute.deadline == nil)
  }
}
