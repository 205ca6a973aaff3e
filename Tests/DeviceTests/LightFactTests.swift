import Control
import Testing

@testable import Device
@testable import LiveKit

/// Each light is a function of its facts: the table of `LightPattern`, a row each, under all that could hide it.
@Suite struct LightFactTests {
  private static let rows: [(BoardLight, IndicatorPolicy, UInt16)] = [
    (.mute, IndicatorPolicy(hardMuted: true), 0xFFFF),
    (.mute, IndicatorPolicy(isMuted: true, call: .talking), 0xFF00), (.mute, IndicatorPolicy(), 0),
    (.error, IndicatorPolicy(call: .failed), 0xAAAA), (.error, IndicatorPolicy(isLost: true), 0xAAAA),
    (.error, IndicatorPolicy(isTampered: true), 0xAAAA), (.error, IndicatorPolicy(asked: .refused), 0xA800),
    (.error, IndicatorPolicy(), 0),
    (.microphone, IndicatorPolicy(microphone: .live), 0xFFFF),
    (.microphone, IndicatorPolicy(microphone: .kept), 0x8000), (.microphone, IndicatorPolicy(), 0),
    (.call, IndicatorPolicy(call: .connecting), 0xF0F0),
    (.call, IndicatorPolicy(call: .waitingAgent), 0xF0F0),
    (.call, IndicatorPolicy(call: .talking), 0xFFFF), (.call, IndicatorPolicy(call: .ending), 0),
    (.call, IndicatorPolicy(call: .failed), 0), (.call, IndicatorPolicy(), 0),
    (.recording, IndicatorPolicy(isRecorded: true), 0xFFFF), (.recording, IndicatorPolicy(), 0),
  ]

  @Test(arguments: rows) func asTheTableSays(light: BoardLight, facts: IndicatorPolicy, pattern: UInt16) {
    #expect(LightPattern(facts)[light] == pattern)
  }

  /// What makes the status light show something else changes no other light, but the one whose fact it is.
  @Test(arguments: rows) func nothingElseHidesIt(light: BoardLight, facts: IndicatorPolicy, pattern: UInt16) {
    var covered = facts
    covered.isCounting = true
    covered.turnIsOpen = true
    covered.agentState = "thinking"
    if light != .mute { covered.hardMuted = true }
    if light != .error {
      covered.isTampered = true
      covered.asked = .refused
    }
    if light != .microphone { covered.microphone = .live }
    if light != .recording { covered.isRecorded = true }
    #expect(LightPattern(covered)[light] == pattern)
    #expect(LightPattern(covered)[.status] == 0x8888)
  }

  private func light(_ bench: Bench, _ name: String) -> String? {
    bench.status["board"]["lights"][name].string
  }

  @Test func theMicrophoneLightTellsWhatItIsOpenFor() throws {
    let bench = try Bench.withDoor()
    #expect(light(bench, "microphone") == "#...............")
    bench.ask(.call)
    #expect(light(bench, "microphone") == "################")
    bench.ask(.mute(on: true))
    #expect(light(bench, "microphone") == "................")
    bench.ask(.leave)
    #expect(light(bench, "microphone") == "................")
    // A self-test hears also what is muted.
    bench.ask(.doctor(yes: true))
    #expect(light(bench, "microphone") == "################")
  }

  @Test func aRecordedRoomIsShown() throws {
    let bench = try Bench.withDoor()
    bench.enter(("bot", .agent))
    #expect(light(bench, "recording") == "................")
    bench.act { device, now in
      device.room.core.info.isRecording = true
      device.handle(.recordingChanged(true), now: now)
    }
    #expect(light(bench, "recording") == "################")
    #expect(bench.events(named: "room.recording").count == 1)
  }
}
