import Base
import Configuration
import Control
import Testing

@testable import Device

/// What outlives a restart, and what a file of another kind makes of it.
@Suite struct StoredStateTests {
  @Test func aMuteByHandSurvives() throws {
    let before = try Bench { $0.session.mode = .alwaysOn }
    before.ask(.mute(on: true))
    let stored = try #require(before.storedStates.last)
    let after = try Bench(storedState: stored) { $0.session.mode = .alwaysOn }
    #expect(after.status["audio"]["muted"].bool == true)
    #expect(after.audio.contains(.setMuted(true)))
    #expect(after.log.contains { $0.text.contains("still muted") })
    after.ask(.mute(on: false))
    let third = try Bench(storedState: after.storedStates.last)
    #expect(third.status["audio"]["muted"].bool == false)
  }

  @Test func aMuteFromAfarAndTheSwitchAreNotKept() throws {
    let bench = try Bench { $0.device.board = .simulated }
    bench.enter(("bot", .agent))
    _ = bench.call("lintel.mute", "{\"on\":true}")
    bench.ask(.press(name: "mute", .on))
    #expect(bench.storedStates.isEmpty)
  }

  @Test func bothPartsAreKeptTogether() throws {
    let before = try Bench.withDoor()
    before.enter(("phone", .sip))
    for _ in 0..<5 { before.type("0000#", as: "phone") }
    before.ask(.mute(on: true))
    let after = try Bench.withDoor(storedState: before.storedStates.last)
    after.enter(("phone", .sip))
    after.type("4711#", as: "phone")
    #expect(after.lock == [false] && after.status["audio"]["muted"].bool == true)
  }

  /// The file of an older version has no mute, one of a newer version has more than this one knows.
  @Test(arguments: [
    ("{\"wrong_codes\":2,\"locked_until_ms\":null}", false, false),
    ("{\"format\":9,\"muted\":true,\"wrong_codes\":1,\"locked_until_ms\":null,\"more\":[1,{}]}", true, false),
    ("{\"muted\":true}", true, false), ("{}", false, false), ("{\"muted\":\"yes\"}", false, false),
    ("", false, true), ("[true]", false, true), ("{\"muted\":tr", false, true), ("\u{0}", false, true),
  ]) func anotherVersionsFile(text: String, isMuted: Bool, isDamaged: Bool) throws {
    let bench = try Bench.withDoor(storedState: Array(text.utf8))
    #expect(bench.status["audio"]["muted"].bool == isMuted)
    #expect(bench.log.contains { $0.text.contains("damaged") } == isDamaged)
  }
}
