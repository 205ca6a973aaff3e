import Base
import Testing

@testable import LiveKit

/// LiveKit Cloud's regions, for the room itself.
@Suite struct RegionTests {
  static let answer = Array(
    #"""
    {"regions":[{"region":"own","url":"https://Door.livekit.cloud","distance":"0"},
     {"region":"a","url":"wss://door.a.livekit.cloud","distance":"10"},
     {"region":"x","url":"https://livekit.cloud.evil.example"},{"region":"y","url":"http://door.y.livekit.cloud"},
     {"region":"z","url":"https://evil.example/.livekit.cloud"},{"region":"u","url":"https://u@door.livekit.cloud"},
     {"region":"b","url":"https://door.b.livekit.cloud"}]}
    """#.utf8)

  private func project(_ url: String = "wss://door.livekit.cloud") throws -> ServerURL { try ServerURL(url) }

  @Test(arguments: [
    (Failure.unknownHost(host: "", ""), true), (.connectionRefused(host: "", ""), true),
    (.timedOut(host: ""), true), (.tls(host: "", ""), true), (.unreachable(host: "", ""), true),
    (.serverUnavailable(status: 503, ""), true), (.noJoinResponse, true), (.signalLost(""), false),
    (.notAllowed(.configured, status: 401, ""), false), (.mediaTimeout(""), false),
    (.captivePortal(""), false),
    (.proxy(""), false), (.rejoinAsked(.migration), false),
  ]) func whichFailuresAskForThem(failure: Failure, isAsked: Bool) throws {
    #expect(try after(failure, "wss://door.livekit.cloud") == isAsked)
    #expect(try !after(failure, "wss://rooms.example.org"))
  }

  private func after(_ failure: Failure, _ url: String) throws -> Bool {
    var choice = RegionChoice()
    return choice.failed(failure, project: try project(url))
  }

  /// After one failure after the other, what is dialled, and whether regions are asked for.
  private func next(_ choice: inout RegionChoice, _ failure: Failure) throws -> (String?, isAsked: Bool) {
    let isAsked = choice.failed(failure, project: try project())
    return (choice.current?.authority, isAsked)
  }

  @Test func eachInItsOrderAndThenTheProjectAgain() throws {
    var choice = RegionChoice()
    #expect(try next(&choice, .noJoinResponse) == (nil, true))
    let hasNext = choice.answered(Self.answer, project: try project())
    #expect(hasNext && choice.current?.authority == "door.a.livekit.cloud")
    // A second answer changes nothing.
    let again = choice.answered(Self.answer, project: try project())
    #expect(!again)
    #expect(try next(&choice, .signalLost("")) == ("door.a.livekit.cloud", false))
    #expect(try next(&choice, .timedOut(host: "")) == ("door.b.livekit.cloud", false))
    #expect(try next(&choice, .timedOut(host: "")) == (nil, false))
    #expect(try next(&choice, .timedOut(host: "")) == (nil, true))
  }

  @Test(arguments: ["", "{", "[]", #"{"regions":{}}"#, #"{"regions":[{"url":5}]}"#, #"{"regions":[]}"#])
  func anAnswerOfNoUse(text: String) throws {
    var choice = RegionChoice()
    let hasNext = choice.answered(Array(text.utf8), project: try project())
    #expect(!hasNext)
    #expect(try next(&choice, .noJoinResponse) == (nil, true))
  }

  private func refused() throws -> Bench {
    let bench = try Bench()
    try bench.room.join(url: "wss://door.livekit.cloud", token: Bench.token(), now: bench.now)
    bench.drain()
    bench.handle(.webSocketFailed(connection: bench.connection, .refused("")))
    return bench
  }

  @Test func theNextRegionIsDialledAsSoonAsItIsKnown() throws {
    let bench = try refused()
    #expect(bench.gets.map { $0.url } == ["https://door.livekit.cloud/settings/regions"])
    #expect(bench.gets.last?.token == Bench.token())
    bench.handle(.httpResponse(request: bench.gets[0].request, status: 200, body: Self.answer))
    #expect(bench.opened.count == 2 && bench.opened[1].url.hasPrefix("wss://door.a.livekit.cloud/rtc?"))
    bench.handle(.webSocketFailed(connection: bench.connection, .refused("port 443")))
    #expect(bench.room.lastFailure?.description == "door.a.livekit.cloud refused the connection: port 443")
    bench.redial()
    #expect(bench.opened[2].url.hasPrefix("wss://door.b.livekit.cloud/rtc?"))
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join())
    bench.bringUp()
    bench.advance(6_000)
    // What was established is dialled again where it was.
    bench.handle(.webSocketClosed(connection: bench.connection, code: 1006, reason: ""))
    #expect(bench.opened[3].url.hasPrefix("wss://door.b.livekit.cloud/rtc?"))
    #expect(bench.gets.count == 1)
  }

  @Test func anAttemptUnderWayIsLeftForIt() throws {
    let bench = try refused()
    bench.redial()
    #expect(bench.opened.count == 2 && bench.opened[1].url.hasPrefix("wss://door.livekit.cloud/"))
    let second = bench.connection
    bench.handle(.httpResponse(request: bench.gets[0].request, status: 200, body: Self.answer))
    #expect(bench.closed.contains(second))
    #expect(bench.opened.last?.url.hasPrefix("wss://door.a.livekit.cloud/rtc?") == true)
  }

  @Test func withoutAnAnswerTheProjectIsDialledAgain() throws {
    for status in [404, 500] {
      let bench = try refused()
      bench.handle(.httpResponse(request: bench.gets[0].request, status: status, body: Self.answer))
      bench.redial()
      #expect(bench.opened.count == 2 && bench.opened[1].url.hasPrefix("wss://door.livekit.cloud/"))
    }
  }

  @Test func whatTheServerNamesAsItTakesLeaveIsDialledWhenTheFirstTryFails() throws {
    let bench = try Bench()
    try bench.room.join(url: "wss://door.livekit.cloud", token: Bench.token(), now: bench.now)
    bench.drain()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join())
    bench.bringUp()
    bench.server(
      Server.leave(
        action: 2, reason: 3,
        regions: [
          "wss://door.livekit.cloud", "https://evil.example", "ws://door.x.livekit.cloud",
          "https://door.c.livekit.cloud",
        ]))
    bench.redial()
    #expect(bench.opened.last?.url.hasPrefix("wss://door.livekit.cloud/") == true)
    bench.handle(.webSocketFailed(connection: bench.connection, .timeout))
    bench.redial()
    #expect(bench.opened.last?.url.hasPrefix("wss://door.c.livekit.cloud/rtc?") == true)
    #expect(bench.gets.isEmpty)
  }
}
