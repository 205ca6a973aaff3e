import Configuration
import Control
import Testing

@testable import Device

@Suite struct AgentWaitTests {
  @Test(arguments: [
    (SessionMode.onDemand, 0, 0, AgentWait.goOn), (.onDemand, 7, 0, .goOn), (.onDemand, 0, 2, .joinAnew),
    (.onDemand, 1, 2, .joinAnew), (.onDemand, 2, 2, .giveUp), (.pushToTalk, 0, 0, .goOn),
    (.pushToTalk, 2, 2, .giveUp), (.alwaysOn, 0, 0, .stayQuiet), (.alwaysOn, 0, 1, .joinAnew),
    (.alwaysOn, 1, 1, .stayQuiet),
  ]) func doesAsTheTableSays(mode: SessionMode, attempts: Int, retries: Int, next: AgentWait) {
    #expect(AgentWait.next(mode, attempts: attempts, retries: retries) == next)
  }

  private func errors(_ bench: Bench) -> Int { bench.audio.filter { $0 == .playTone(.error) }.count }

  @Test func anAgentThatDoesNotComeIsAnnouncedAgainAndAgain() throws {
    let bench = try Bench()
    bench.enter(heard: false)
    bench.advance(milliseconds: 19_999)
    #expect(bench.events(named: "agent.missing").isEmpty)
    for round in 1...3 {
      bench.advance(milliseconds: round == 1 ? 1 : 20_000)
      #expect(bench.events(named: "agent.missing").count == round)
      #expect(errors(bench) == round)
    }
    #expect(bench.events(named: "agent.missing").last?["attempt"].integer == 3)
    #expect(bench.status["call"]["state"].string == "waiting-agent")
  }

  @Test func oneThatComesIsNotMissed() throws {
    let bench = try Bench()
    bench.enter(heard: false)
    bench.advance(milliseconds: 10_000)
    bench.hear()
    bench.advance(milliseconds: 60_000)
    #expect(bench.events(named: "agent.missing").isEmpty)
    // One that leaves is waited for as long again.
    bench.hear(false)
    bench.advance(milliseconds: 20_000)
    #expect(bench.events(named: "agent.missing").count == 1)
  }

  @Test func theRoomIsJoinedAnewAndThenTheCallFails() throws {
    let bench = try Bench { $0.session.agentRetries = 1 }
    bench.enter(heard: false)
    bench.advance(milliseconds: 20_000)
    #expect(bench.events(named: "agent.missing").last?["retry"].bool == true)
    #expect(bench.status["call"]["state"].string == "connecting")
    bench.act { $0.perform([.stay(.connected)], now: $1) }
    bench.advance(milliseconds: 20_000)
    #expect(bench.status["call"]["state"].string == "failed")
    #expect(bench.events(named: "room.failure").last?["code"].string == "no-agent")
    #expect(bench.board.last == .indicate(.error))
  }

  @Test func nobodyIsToldInAnEmptyAlwaysOnRoomTwice() throws {
    let bench = try Bench { $0.session.mode = .alwaysOn }
    bench.enter(heard: false)
    for _ in 0..<10 { bench.advance(milliseconds: 20_000) }
    #expect(bench.events(named: "agent.missing").count == 1)
    #expect(errors(bench) == 0)
    let never = try Bench { $0.session.agentWaitSeconds = 0 }
    never.enter(heard: false)
    for _ in 0..<10 { never.advance(milliseconds: 20_000) }
    #expect(never.events(named: "agent.missing").isEmpty)
  }

  @Test func whatTheAgentDoesIsTold() throws {
    let bench = try Bench()
    bench.enter(("bot", .agent))
    for state in ["listening", "thinking", "thinking", "speaking"] {
      bench.messaging.participants[0].attributes["lk.agent.state"] = state
      bench.act { device, now in device.handle(.agentChanged(nil), now: now) }
    }
    #expect(
      bench.events(named: "agent.state").map { $0["state"].string ?? "" }
        == ["", "listening", "thinking", "speaking"])
    #expect(bench.board.last == .indicate(.speaking))
    #expect(bench.status["agent"]["state"].string == "speaking")
    // The worker that lends it a face is not the agent.
    bench.messaging.participants[0].attributes["lk.publish_on_behalf"] = "someone"
    #expect(bench.status["agent"].isNull)
  }
}
