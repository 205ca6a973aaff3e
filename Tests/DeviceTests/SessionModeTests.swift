import Base
import Configuration
import Control
import Testing

@testable import Device
@testable import LiveKit

/// The modes, by the table in the README: at start, after failures, and at the end of a call.
@Suite struct SessionModeTests {
  @Test(arguments: SessionMode.allCases) func atStart(mode: SessionMode) throws {
    let bench = try Bench { $0.session.mode = mode }
    #expect(bench.tokenPaths.count == (mode == .alwaysOn ? 1 : 0))
    #expect(bench.audio.contains(.setMuted(true)) == (mode == .pushToTalk))
    #expect(bench.status["call"]["state"].string == (mode == .alwaysOn ? "connecting" : "idle"))
  }

  @Test(arguments: [SessionMode.onDemand, .pushToTalk]) func aFailedCallEndsAndTheNextPressBegins(
    mode: SessionMode
  )
    throws
  {
    let bench = try Bench.withEndpoint { $0.session.mode = mode }
    bench.ask(.call)
    bench.answer(status: 500, "")
    #expect(bench.status["call"]["state"].string == "failed")
    bench.ask(.call)
    bench.answer(TokenSourceTests.answer(token()))
    #expect(bench.connection != nil)
  }

  @Test func alwaysOnComesBackWithANewToken() throws {
    let bench = try Bench.withEndpoint { $0.session.mode = .alwaysOn }
    bench.answer(status: 500, "")
    #expect(bench.status["call"]["state"].string == "connecting")
    #expect(bench.status["room"]["connection"].string == "reconnecting")
    bench.pass(seconds: 7)
    bench.answer(TokenSourceTests.answer(token()))
    let refusal = TransportFailure.http(status: 401, body: Array("revoked".utf8))
    bench.handle(.room(.webSocketFailed(connection: try #require(bench.connection), refusal)))
    let pause = bench.events(named: "room.failure").last?["retry_in_ms"].integer ?? 0
    #expect((10_000..<11_000).contains(pause))
    #expect(bench.status["call"]["state"].string == "connecting" && bench.tokenRequests.count == 2)
    bench.pass(seconds: 11)
    #expect(bench.tokenRequests.count == 3)
    // It rings once, not with each attempt.
    #expect(bench.audio.filter { $0 == .playTone(.ringing) }.count == 1)
  }

  /// The same file throughout: what was too early, or refused by a server that was not itself, is right a while later.
  @Test func alwaysOnTriesTheSameTokenUntilTheServerTakesIt() throws {
    let bench = try Bench { $0.session.mode = .alwaysOn }
    let refusal = TransportFailure.http(status: 401, body: Array("token is not valid yet".utf8))
    for round in 1...6 {
      bench.handle(.tokenRead(.success(token())))
      #expect(bench.dialled == token())
      bench.handle(.room(.webSocketFailed(connection: try #require(bench.connection), refusal)))
      bench.pass(seconds: 12)
      #expect(bench.tokenPaths.count == round + 1, "no more than 15 s lie between two attempts")
    }
    // It is told once, not with each attempt.
    #expect(bench.events(named: "room.failure").count == 1)
    #expect(bench.status["call"]["state"].string == "connecting")
    #expect(bench.status["room"]["failure"]["message"].string?.contains("not valid yet") == true)
  }

  @Test func leavingEndsThatToo() throws {
    let bench = try Bench { $0.session.mode = .alwaysOn }
    bench.handle(.tokenRead(.failure(.empty(path: "/run/token"))))
    bench.ask(.leave)
    bench.pass(seconds: 60)
    #expect(bench.tokenPaths.count == 1 && bench.status["call"]["state"].string == "idle")
  }

  @Test func whoeverAsksDoesNotWaitForTheNextAttempt() throws {
    let bench = try Bench.withEndpoint { $0.session.mode = .alwaysOn }
    bench.answer(status: 500, "")
    bench.ask(.call)
    #expect(bench.tokenRequests.count == 2)
    bench.answer(status: 500, "")
    #expect(bench.events(named: "room.failure").count == 2)
  }

  @Test func aTokenThatWasGivenIsNotReplacedAtOnce() throws {
    let bench = try Bench.withEndpoint { $0.session.mode = .alwaysOn }
    bench.ask(.leave)
    bench.answer(status: 500, "")
    bench.ask(.join(url: "wss://h", token: "no token"))
    #expect(bench.status["call"]["state"].string == "failed")
    bench.pass(seconds: 9)
    #expect(bench.tokenRequests.count == 1)
    // Then it is in the room that is configured, as an always-on device is.
    bench.pass(seconds: 3)
    #expect(bench.tokenRequests.count == 2 && bench.status["call"]["state"].string == "connecting")
  }

  // MARK: - Limits

  private func talking(_ mode: SessionMode = .onDemand, idle: Int = 0, most: Int = 0) throws -> Bench {
    let bench = try Bench {
      $0.session.mode = mode
      $0.session.idleTimeoutSeconds = idle
      $0.session.maxDurationSeconds = most
      $0.session.agentWaitSeconds = 0
    }
    bench.enter()
    return bench
  }

  @Test func aCallEndsAfterItsLongest() throws {
    let bench = try talking(most: 90)
    bench.pass(seconds: 89)
    #expect(bench.status["call"]["state"].string == "talking")
    bench.pass(seconds: 2)
    bench.closeRoom()
    #expect(bench.status["call"]["state"].string == "idle")
    #expect(bench.status["call"]["reason"].string?.contains("max-duration (90 s)") == true)
    #expect(bench.audio.contains(.playTone(.busy)))
    let ending = bench.events(named: "call.state").first { $0["state"].string == "ending" }
    #expect(ending?["reason"].string?.contains("max-duration") == true)
  }

  @Test func aLostConnectionDoesNotMakeACallLonger() throws {
    let bench = try talking(most: 90)
    bench.pass(seconds: 60)
    bench.act { $0.perform([.stay(.interrupted(.session, reason: "gone"))], now: $1) }
    bench.pass(seconds: 29)
    #expect(bench.status["call"]["state"].string == "connecting")
    bench.pass(seconds: 2)
    bench.closeRoom()
    #expect(bench.status["call"]["state"].string == "idle")
  }

  @Test func aSilentCallEnds() throws {
    let bench = try talking(idle: 30)
    let somebody = Speaker(identity: "bot", level: 0.5)
    bench.pass(seconds: 20)
    bench.act { $0.handle(.speakersChanged([somebody]), now: $1) }
    bench.pass(seconds: 100)
    #expect(bench.status["call"]["state"].string == "talking")
    bench.act { $0.handle(.speakersChanged([]), now: $1) }
    bench.pass(seconds: 29)
    #expect(bench.status["call"]["state"].string == "talking")
    bench.pass(seconds: 2)
    bench.closeRoom()
    #expect(bench.status["call"]["state"].string == "idle")
    #expect(bench.status["call"]["reason"].string?.contains("nobody spoke for 30 s") == true)
  }

  @Test func aDeviceThatIsAlwaysOnHasNoLimits() throws {
    let bench = try talking(.alwaysOn, idle: 30, most: 90)
    bench.pass(seconds: 300)
    #expect(bench.status["call"]["state"].string == "talking")
  }
}
