import AudioEngine
import Testing

@testable import Device

/// What the microphone is wanted for, by the table of `ListeningFacts` and in the device.
@Suite struct ListeningTests {
  private static let rows: [(ListeningFacts, Listening)] = [
    (ListeningFacts(), .closed), (ListeningFacts(keepsPreRoll: true), .kept),
    (ListeningFacts(isMuted: true, keepsPreRoll: true), .closed), (ListeningFacts(isMuted: true), .closed),
    (ListeningFacts(isInCall: true), .live), (ListeningFacts(isInCall: true, isMuted: true), .live),
    (ListeningFacts(isTested: true), .live), (ListeningFacts(isTested: true, isMuted: true), .live),
  ]

  @Test(arguments: rows) func asTheTableSays(facts: ListeningFacts, listening: Listening) {
    #expect(facts.listening == listening)
  }

  private func heard(_ bench: Bench) -> [Listening] {
    bench.audio.compactMap { if case .listen(let listening, _) = $0 { listening } else { nil } }
  }

  @Test func aDeviceThatWaitsKeepsThePreRollAlone() throws {
    let bench = try Bench()
    #expect(heard(bench) == [.kept])
    bench.ask(.call)
    #expect(heard(bench) == [.kept, .live])
    bench.ask(.leave)
    #expect(heard(bench) == [.kept, .live, .kept])
    bench.ask(.mute(on: true))
    bench.ask(.mute(on: false))
    #expect(heard(bench) == [.kept, .live, .kept, .closed, .kept])
  }

  @Test func withoutAPreRollItIsClosed() throws {
    let bench = try Bench { $0.audio.preRollMilliseconds = 0 }
    #expect(heard(bench).allSatisfy { $0 == .closed })
    bench.ask(.call)
    #expect(heard(bench).last == .live)
    bench.ask(.leave)
    #expect(heard(bench).last == .closed)
    bench.handle(.soundCard(SoundCardEvent(.capture, .closed)))
    #expect(bench.status["audio"]["capture"]["state"].string == "stopped")
  }

  @Test func aSelfTestListensWhateverItIs() throws {
    let bench = try Bench { $0.audio.preRollMilliseconds = 0 }
    bench.ask(.doctor(yes: true))
    #expect(heard(bench).last == .live)
    bench.pass(seconds: 120)
    #expect(heard(bench).last == .closed)
  }

  @Test func oneThatIsAlwaysInItsRoomListens() throws {
    let bench = try Bench { $0.session.mode = .alwaysOn }
    #expect(heard(bench).last == .live)
  }
}
