import Configuration
import Control
import LiveKit
import Testing

@testable import Device

@Suite struct TurnTests {
  private func bench() throws -> Bench {
    let bench = try Bench {
      $0.session.mode = .pushToTalk
      $0.device.board = .simulated
    }
    bench.enter(("bot", .agent))
    return bench
  }

  private func lastCall(_ bench: Bench) -> (id: CallID, method: String)? {
    for said in bench.messaging.said.reversed() {
      if case .call(let id, let method, "bot", "", _) = said { return (id, method) }
    }
    return nil
  }

  @Test(arguments: [(TurnStep.end, "end_turn", "closed"), (.cancel, "cancel_turn", "cancelled")])
  func theMicrophoneIsOpenInATurnOnly(step: TurnStep, method: String, state: String) throws {
    let bench = try bench()
    #expect(bench.audio.contains(.setMuted(true)))
    #expect(bench.status["audio"]["muted"].bool == true)
    bench.ask(.turn(.start))
    #expect(bench.audio.last { $0 == .setMuted(true) || $0 == .setMuted(false) } == .setMuted(false))
    let start = try #require(lastCall(bench))
    #expect(start.method == "start_turn")
    #expect(bench.answers.isEmpty == false)
    bench.act { $0.handle(.rpcCompleted(start.id, .success("ok")), now: $1) }
    #expect(bench.board.last == .indicate(.turn))
    bench.ask(.turn(step))
    #expect(lastCall(bench)?.method == method)
    #expect(bench.status["audio"]["muted"].bool == true)
    #expect(bench.events(named: "turn").compactMap { $0["state"].string } == ["open", state])
  }

  @Test func anAgentThatDoesNotTakeTurnsClosesTheMicrophone() throws {
    let bench = try bench()
    bench.ask(.turn(.start))
    let call = try #require(lastCall(bench))
    let failure = RPCError(code: 1400, message: "Method not supported at destination", data: "")
    bench.act { $0.handle(.rpcCompleted(call.id, .failure(failure)), now: $1) }
    #expect(bench.status["audio"]["muted"].bool == true)
    #expect(bench.events(named: "turn").last?["failure"].string?.contains("not supported") == true)
    guard
      case .refused(let words)? = bench.answers.first(where: {
        if case .refused = $0.answer { true } else { false }
      })?.answer
    else {
      Issue.record("not refused")
      return
    }
    #expect(words.description.contains("did not take the turn"))
  }

  @Test func noTurnWithoutAgentOrWhileMutedOrInAnotherMode() throws {
    let bench = try bench()
    bench.ask(.mute(on: true))
    #expect(bench.ask(.turn(.start))?["refused"].string == "the microphone is muted")
    bench.ask(.mute(on: false))
    #expect(bench.status["audio"]["muted"].bool == true)
    bench.messaging.participants = []
    #expect(bench.ask(.turn(.start))?["refused"].string?.contains("no agent") == true)
    let other = try Bench()
    #expect(other.ask(.turn(.start))?["refused"].string?.contains("push-to-talk") == true)
  }

  @Test func theButtonIsHeldWhileSpeaking() throws {
    let bench = try bench()
    #expect(bench.ask(.press(name: "button", .hold(milliseconds: 1000)))?["pressed"].string == "button")
    #expect(lastCall(bench)?.method == "start_turn")
    bench.advance(milliseconds: 1000)
    #expect(lastCall(bench)?.method == "end_turn")
    #expect(bench.status["audio"]["muted"].bool == true)
  }

  @Test func aTurnEndsWithTheCall() throws {
    let bench = try bench()
    bench.ask(.turn(.start))
    bench.ask(.hangup(who: nil))
    #expect(bench.status["audio"]["muted"].bool == true)
  }

  @Test func theButtonCallsAndHangsUp() throws {
    let bench = try Bench { $0.device.board = .simulated }
    bench.ask(.press(name: "button", .hold(milliseconds: nil)))
    #expect(bench.tokenPaths.count == 1)
    bench.advance(milliseconds: 1_500)
    // Whoever presses twice wants to be heard.
    bench.ask(.press(name: "button", .hold(milliseconds: nil)))
    #expect(bench.status["call"]["state"].string == "connecting")
    bench.advance(milliseconds: 1_500)
    bench.ask(.press(name: "button", .hold(milliseconds: nil)))
    #expect(bench.status["call"]["state"].string == "idle")
    #expect(
      bench.ask(.press(name: "bell", .hold(milliseconds: nil)))?["refused"].string?.contains(
        "button, hook, tamper, mute, contact, 0-9") == true)
    let linux = try Bench()
    #expect(
      linux.ask(.press(name: "button", .hold(milliseconds: nil)))?["refused"].string?.contains("simulated")
        == true)
  }

  @Test func theSwitchMutesWhateverElseIsSaid() throws {
    let bench = try Bench { $0.device.board = .simulated }
    bench.enter(("bot", .agent))
    bench.ask(.press(name: "mute", .hold(milliseconds: 5000)))
    #expect(bench.status["audio"]["hard_muted"].bool == true)
    #expect(bench.board.last == .indicate(.hardMuted))
    #expect(bench.ask(.mute(on: false))?["hard_muted"].bool == true)
    #expect(bench.audio.last { $0 == .setMuted(true) || $0 == .setMuted(false) } == .setMuted(true))
    bench.advance(milliseconds: 5000)
    #expect(bench.status["audio"]["hard_muted"].bool == false)
    #expect(bench.audio.last { $0 == .setMuted(true) || $0 == .setMuted(false) } == .setMuted(false))
  }
}
