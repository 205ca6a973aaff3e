import Base
import Testing

@testable import Board

struct BlinkingTests {
  private let start = Instant(microseconds: 7_000_000)

  /// What a light does in so many steps, as the tables of patterns are written.
  private func watch(_ blinking: inout Blinking, _ light: Int, steps: Int) -> String {
    var text = ""
    for step in 0..<steps {
      blinking.advance(now: start.advanced(byMilliseconds: step * 125))
      text += blinking.isLit(light) ? "#" : "."
    }
    return text
  }

  @Test func aPatternIsGoneThroughAgainAndAgain() {
    var blinking = Blinking(lights: 2, stepMilliseconds: 125)
    blinking.show([0b1010_0000_0000_0001, 0xFFFF], now: start)
    #expect(watch(&blinking, 0, steps: 20) == "#.#............##.#.")
    #expect(watch(&blinking, 1, steps: 20) == "####################")
  }

  @Test func nobodyWakesBeforeALightChanges() {
    var blinking = Blinking(lights: 2, stepMilliseconds: 125)
    blinking.show([0x8000, 0xFF00], now: start)
    var wakes: [Int] = []
    while let due = blinking.deadline, due < start.advanced(byMilliseconds: 4_000) {
      blinking.advance(now: due)
      wakes.append(due.milliseconds(since: start))
    }
    #expect(wakes == [125, 1_000, 2_000, 2_125, 3_000])
  }

  @Test func steadyLightsNeedNoTime() {
    var blinking = Blinking(lights: 3, stepMilliseconds: 125)
    #expect(blinking.deadline == nil)
    blinking.show([0xFFFF, 0, 0], now: start)
    #expect(blinking.deadline == nil && blinking.isLit(0) && !blinking.isLit(1))
    blinking.show([0xFFFF, 0xF0F0, 0], now: start)
    #expect(blinking.deadline == start.advanced(byMilliseconds: 500))
    blinking.show([0, 0, 0], now: start)
    #expect(blinking.deadline == nil && !blinking.isLit(0))
  }

  @Test func newPatternsBeginWithTheirFirstStepAndTheSameOnesGoOn() {
    var blinking = Blinking(lights: 1, stepMilliseconds: 125)
    blinking.show([0x8000], now: start)
    blinking.advance(now: start.advanced(byMilliseconds: 125))
    #expect(!blinking.isLit(0))
    blinking.show([0x8000], now: start.advanced(byMilliseconds: 200))
    #expect(!blinking.isLit(0) && blinking.deadline == start.advanced(byMilliseconds: 2_000))
    blinking.show([0xC000], now: start.advanced(byMilliseconds: 200))
    #expect(blinking.isLit(0) && blinking.deadline == start.advanced(byMilliseconds: 450))
  }

  @Test func whoComesLateFindsTheStepOfThatMoment() {
    var blinking = Blinking(lights: 1, stepMilliseconds: 100)
    blinking.show([0b0000_1000_0000_0000], now: start)
    blinking.advance(now: start.advanced(byMilliseconds: 449))
    #expect(blinking.isLit(0) && blinking.deadline == start.advanced(byMilliseconds: 500))
    blinking.advance(now: start.advanced(byMilliseconds: 450))
    #expect(blinking.isLit(0))
  }
}
