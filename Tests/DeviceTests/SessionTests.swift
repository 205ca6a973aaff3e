import Configuration
import Control
import Device
import LiveKit
import Testing

@Suite struct SessionTests {
  @Test func onDemandWaitsToBeTold() throws {
    let bench = try Bench()
    #expect(bench.tokenPaths.isEmpty)
    #expect(bench.status["call"]["state"].string == "idle")
    #expect(bench.events(named: "device.started").count == 1)
  }

  @Test func alwaysOnJoinsAtStartWithTheTokenFile() throws {
    let bench = try Bench { $0.session.mode = .alwaysOn }
    #expect(bench.tokenPaths == ["/run/token"])
    #expect(bench.connection == nil)
    bench.handle(.tokenRead(.success(token())))
    #expect(bench.connection != nil)
    #expect(bench.status["call"]["state"].string == "connecting")
    #expect(bench.status["room"]["server"].string == "wss://room.example")
  }

  @Test func joinAnswersBeforeWhatItCauses() throws {
    let bench = try Bench()
    #expect(bench.ask(.join(url: nil, token: token()))?["connection"].string == "connecting")
    #expect(bench.events(named: "room.connection").last?["state"].string == "connecting")
    // A client that asks again learns that it is under way; one that wants another room is told to leave first.
    #expect(bench.ask(.join(url: nil, token: nil))?["connection"].string == "connecting")
    let refused = bench.ask(.join(url: "wss://elsewhere", token: nil))?["refused"].string ?? ""
    #expect(refused.contains("leave"))
  }

  /// Which clock is right is not known here: the server judges its tokens.
  @Test(arguments: [#""exp":1"#, #""nbf":4000000000,"exp":4000000600"#, #""exp":9223372036854775807"#])
  func aTokenThatLooksWrongByThisClockIsDialledWith(claims: String) throws {
    let bench = try Bench()
    bench.ask(.join(url: nil, token: token(claims: claims)))
    #expect(bench.dialled == token(claims: claims))
  }

  @Test func whatIsNoTokenIsSaidBeforeDialling() throws {
    let bench = try Bench()
    bench.ask(.join(url: nil, token: "a.b"))
    #expect(bench.connection == nil)
    let failure = try #require(bench.events(named: "room.failure").last)
    #expect(failure["code"].string == "malformed-token" && failure["retriable"].bool == false)
    #expect(bench.status["call"]["state"].string == "failed")
    #expect(bench.status["room"]["failure"]["code"].string == "malformed-token")
    #expect(bench.log.contains { $0.priority == .error && $0.text.contains("malformed") })
  }

  @Test(arguments: [
    (TokenFileFailure.unreadable(path: "/run/token", "No such file or directory"), "No such file"),
    (.tooOpen(path: "/run/token", mode: "644"), "chmod 600 /run/token"),
    (.empty(path: "/run/token"), "is empty"),
    (.tooLong(path: "/run/token", bytesMax: 16384), "16384 bytes"),
  ]) func aBadTokenFileIsNamed(failure: TokenFileFailure, words: String) throws {
    let bench = try Bench()
    bench.ask(.join(url: nil, token: nil))
    bench.handle(.tokenRead(.failure(failure)))
    let status = bench.status
    #expect(status["call"]["state"].string == "failed")
    #expect(status["call"]["reason"].string?.contains(words) == true)
    #expect(bench.connection == nil)
  }

  @Test func whatTheConfigurationLacksIsSaid() throws {
    let withoutURL = try Bench { $0.token.url = nil }
    withoutURL.ask(.join(url: nil, token: token()))
    #expect(withoutURL.status["call"]["reason"].string?.contains("[token] url") == true)
    let withoutFile = try Bench { $0.token.file = nil }
    withoutFile.ask(.join(url: nil, token: nil))
    #expect(withoutFile.status["call"]["reason"].string?.contains("[token] file") == true)
  }

  @Test func aRefusedConnectionIsRetriedAndA401IsNot() throws {
    let bench = try Bench()
    bench.ask(.join(url: nil, token: token()))
    bench.handle(
      .room(.webSocketFailed(connection: try #require(bench.connection), .refused("nobody listens"))))
    let first = try #require(bench.events(named: "room.failure").last)
    #expect(first["retriable"].bool == true)
    #expect(
      bench.status["room"]["connection"].string == "reconnecting"
        || bench.status["room"]["connection"].string == "connecting")
    for _ in 0..<50 { bench.advance(milliseconds: 200) }
    let second = try #require(bench.connection)
    bench.handle(
      .room(.webSocketFailed(connection: second, .http(status: 401, body: Array("permissions denied".utf8)))))
    for _ in 0..<200 { bench.advance(milliseconds: 200) }
    #expect(bench.connection == second)
    let last = try #require(bench.events(named: "room.failure").last)
    #expect(last["retriable"].bool == false)
    #expect(last["message"].string?.contains("permissions denied") == true)
    #expect(bench.status["call"]["state"].string == "failed")
    // After the failure a new join is taken.
    #expect(bench.ask(.join(url: nil, token: token()))?["connection"].string == "connecting")
    #expect(bench.connection != second)
  }

  @Test func leaveWhileTheTokenIsReadForgetsTheJoin() throws {
    let bench = try Bench()
    bench.ask(.join(url: nil, token: nil))
    bench.ask(.leave)
    bench.handle(.tokenRead(.success(token())))
    #expect(bench.connection == nil)
    #expect(bench.status["call"]["state"].string == "idle")
    #expect(bench.status["room"]["connection"].string == "disconnected")
  }

  /// A visitor who comes while the last call is being ended is no mistake.
  @Test(arguments: [false, true]) func aCallWhileTheRoomIsLeftWaitsForThat(isOvertaken: Bool) throws {
    let bench = try Bench()
    bench.ask(.join(url: nil, token: token()))
    let first = try #require(bench.connection)
    bench.handle(.room(.webSocketOpened(connection: first)))
    bench.ask(.leave)
    #expect(bench.status["call"]["state"].string == "ending")
    #expect(bench.ask(.join(url: nil, token: token())) == nil, "it is not answered yet")
    if isOvertaken { bench.ask(.leave) }
    for _ in 0..<10 { bench.advance(milliseconds: 100) }
    #expect(bench.status["call"]["state"].string == (isOvertaken ? "idle" : "connecting"))
    #expect((bench.connection == first) == isOvertaken)
    let refusals = bench.answers.filter { if case .refused = $0.answer { true } else { false } }
    #expect(refusals.count == (isOvertaken ? 1 : 0))
  }

  @Test func terminationEndsAtOnceWithoutARoomAndAfterLeavingWithOne() throws {
    let idle = try Bench()
    idle.handle(.terminate)
    #expect(idle.hasExited)
    let dialling = try Bench()
    dialling.ask(.join(url: nil, token: token()))
    dialling.handle(.terminate)
    for _ in 0..<10 { dialling.advance(milliseconds: 100) }
    #expect(dialling.hasExited)
  }
}
