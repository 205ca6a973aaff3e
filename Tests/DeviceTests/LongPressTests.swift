import AudioEngine
import Base
import Configuration
import Control
import Testing

@testable import Device

/// The button that is held for long: the table of `LongPress`, and what the device makes of it.
@Suite struct LongPressTests {
  private let start = Instant(microseconds: 5_000_000)

  private func device(_ use: LongPressUse, seconds: Int = 10) -> DeviceSettings {
    var settings = DeviceSettings()
    settings.longPress = use
    settings.longPressSeconds = seconds
    return settings
  }

  private func pass(_ press: inout LongPress, to milliseconds: Int) -> [LongPress.Step] {
    var steps: [LongPress.Step] = []
    while let step = press.passTime(start.advanced(byMilliseconds: milliseconds)) { steps.append(step) }
    return steps
  }

  @Test func offDoesNothing() {
    var press = LongPress()
    press.pressed(device(.off), now: start)
    #expect(press.due == nil && pass(&press, to: 100_000) == [] && press.released() == nil)
  }

  @Test func aShortPressIsNone() {
    var press = LongPress()
    press.pressed(device(.restart), now: start)
    #expect(pass(&press, to: 4_999) == [] && !press.isCounting)
    #expect(press.released() == nil && press.due == nil)
  }

  @Test func itCountsAndIsDoneOnce() {
    var press = LongPress()
    press.pressed(device(.restart), now: start)
    #expect(pass(&press, to: 5_000) == [.counts(5)] && press.isCounting)
    #expect(pass(&press, to: 6_000) == [.counts(4)])
    #expect(pass(&press, to: 9_999) == [.counts(3), .counts(2), .counts(1)])
    #expect(pass(&press, to: 10_000) == [.done] && !press.isCounting)
    #expect(pass(&press, to: 100_000) == [] && press.released() == nil)
  }

  @Test func lettingGoEndsTheCountdown() {
    var press = LongPress()
    press.pressed(device(.restart), now: start)
    #expect(pass(&press, to: 9_500).count == 5)
    #expect(press.released() == .released && press.due == nil)
    #expect(pass(&press, to: 100_000) == [])
  }

  private func put(_ bench: Bench, _ isOn: Bool, isFirst: Bool = false) {
    bench.handle(.board(.input(.button, isOn: isOn, isFirst: isFirst)))
  }

  private func held(_ use: LongPressUse, _ change: (inout Settings) -> Void = { _ in }) throws -> Bench {
    try Bench.withDoor {
      $0.device.longPress = use
      $0.audio.tones = false
      change(&$0)
    }
  }

  @Test(arguments: [LongPressUse.restart, .resetNetwork])
  func itIsSeenAndHeardAndThenDone(use: LongPressUse) throws {
    let bench = try held(use)
    put(bench, true)
    bench.pass(seconds: 9)
    #expect(bench.status["board"]["indicator"].string != "countdown")
    bench.pass(seconds: 2)
    #expect(bench.status["board"]["indicator"].string == "countdown")
    #expect(bench.status["board"]["lights"]["status"].string == "#...#...#...#...")
    bench.pass(seconds: 3)
    let clicks = bench.audio.filter { $0 == .playTone(.click) }
    #expect(clicks.count == 5 && !bench.hasExited)
    #expect(bench.events(named: "device.long_press").compactMap { $0["in_s"].integer } == [5, 4, 3, 2, 1])
    bench.pass(seconds: 5)
    #expect(bench.hasExited && bench.device?.startsAnew == use)
  }

  @Test func lettingGoLeavesEverythingAsItIs() throws {
    let bench = try held(.restart)
    put(bench, true)
    bench.pass(seconds: 13)
    put(bench, false)
    #expect(bench.status["board"]["indicator"].string != "countdown")
    #expect(bench.events(named: "device.long_press").last?["in_s"] == .null)
    bench.pass(seconds: 60)
    #expect(!bench.hasExited && bench.device?.startsAnew == nil)
  }

  @Test func aStuckButtonRestartsNothing() throws {
    let bench = try held(.restart)
    put(bench, true, isFirst: true)
    bench.pass(seconds: 60)
    #expect(!bench.hasExited)
  }

  @Test func aTurnMayTakeAsLongAsItWants() throws {
    let bench = try held(.restart) { $0.session.mode = .pushToTalk }
    bench.enter(("bot", .agent))
    put(bench, true)
    bench.pass(seconds: 60)
    #expect(!bench.hasExited && bench.events(named: "device.long_press").isEmpty)
  }
}
