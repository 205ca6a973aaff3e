import JSON
import LiveKit
import Testing

@testable import Telephony

@Suite struct RegionPlanTests {
  static let cloud = "wss://door.livekit.cloud"
  static let ask = RegionPlan.Step.askRegions(
    url: "https://door.livekit.cloud/settings/regions", timeoutMilliseconds: 2_000)
  static let regions = Array(
    #"""
    {"regions":[{"region":"own","url":"https://door.livekit.cloud","distance":"0"},
     {"region":"a","url":"wss://door.a.livekit.cloud","distance":"10"},
     {"region":"x","url":"https://livekit.cloud.evil.example"},{"region":"y","url":"http://door.y.livekit.cloud"},
     {"region":"z","url":"https://evil.example/.livekit.cloud"},{"region":"u","url":"https://u@door.livekit.cloud"},
     {"region":"b","url":"https://door.b.livekit.cloud/path"},{"region":"c","url":"https://door.c.livekit.cloud"}]}
    """#.utf8)
  private var list: APIRequest { RoomAPI.list() }
  private var dial: APIRequest { AgentDispatch.create(agent: "a", room: "r") }

  private static let silent = RegionPlan.Outcome.failed(.timeout, wasWritten: true)

  /// | server | may ring | outcome | the first step |
  @Test(
    arguments: [
      (cloud, false, .answered(status: 503, body: []), ask),
      (cloud, false, .answered(status: 500, body: []), ask),
      ("HTTPS://Door.LiveKit.Cloud:443/", false, .answered(status: 502, body: []), nil),
      (cloud, false, .answered(status: 501, body: []), .giveUp),
      (
        cloud, false,
        .answered(
          status: 500, body: Array(#"{"code":"unknown","msg":"twirp error unknown: not implemented"}"#.utf8)),
        .giveUp
      ),
      (cloud, false, .answered(status: 200, body: []), .giveUp),
      (cloud, false, .answered(status: 408, body: []), .giveUp),
      (cloud, false, .answered(status: 429, body: []), .giveUp),
      (cloud, false, .answered(status: 401, body: []), .giveUp),
      (cloud, false, silent, ask), (cloud, false, .failed(.other("reset"), wasWritten: false), ask),
      (cloud, false, .failed(.tls("expired"), wasWritten: false), ask),
      (cloud, true, .failed(.refused(""), wasWritten: false), ask),
      (cloud, true, .failed(.resolve(""), wasWritten: false), ask),
      (cloud, true, .failed(.timeout, wasWritten: false), ask), (cloud, true, silent, .giveUp),
      (cloud, true, .failed(.other("reset"), wasWritten: true), .giveUp),
      (cloud, true, .answered(status: 503, body: []), .giveUp),
      ("wss://livekit.example.org", false, .answered(status: 503, body: []), .giveUp),
      ("wss://.livekit.cloud", false, .answered(status: 503, body: []), .giveUp),
      ("wss://livekit.cloud", false, .answered(status: 503, body: []), .giveUp),
      ("wss://a.livekit.cloud.evil.example", false, .answered(status: 503, body: []), .giveUp),
      ("wss://evil.example/?a.livekit.cloud", false, .answered(status: 503, body: []), .giveUp),
      ("no address", false, silent, .giveUp),
    ] as [(String, Bool, RegionPlan.Outcome, RegionPlan.Step?)])
  func first(server: String, mayRing: Bool, outcome: RegionPlan.Outcome, step: RegionPlan.Step?) {
    var plan = RegionPlan(mayRing ? dial : list, server: server)
    let found = plan.after(outcome)
    if let step { #expect(found == step) } else { #expect(found != .giveUp) }
  }

  @Test func threeAttemptsEachWithItsPause() {
    var plan = RegionPlan(list, server: Self.cloud)
    #expect(plan.after(Self.silent) == Self.ask)
    #expect(
      plan.regions(status: 200, body: Self.regions)
        == .send(server: "https://door.a.livekit.cloud", pauseMilliseconds: 200))
    #expect(
      plan.after(.answered(status: 503, body: []))
        == .send(server: "https://door.b.livekit.cloud", pauseMilliseconds: 400))
    #expect(plan.after(Self.silent) == .giveUp)
  }

  @Test func theFirstAnswerThatStandsEndsIt() {
    var plan = RegionPlan(list, server: Self.cloud)
    #expect(plan.after(Self.silent) == Self.ask)
    #expect(plan.regions(status: 200, body: Self.regions) != .giveUp)
    #expect(plan.after(.answered(status: 404, body: [])) == .giveUp)
  }

  @Test(
    arguments: [(nil, ""), (500, ""), (401, ""), (200, "<html>"), (200, "{}"), (200, #"{"regions":[]}"#)]
      as [(Int?, String)])
  func noRegions(status: Int?, body: String) {
    var plan = RegionPlan(list, server: Self.cloud)
    #expect(plan.after(Self.silent) == Self.ask)
    #expect(plan.regions(status: status, body: Array(body.utf8)) == .giveUp)
    #expect(plan.after(Self.silent) == .giveUp)
  }

  @Test func aRequestWithLittleTimeIsSentOnce() {
    var request = list
    request.timeoutMilliseconds = 4_999
    var plan = RegionPlan(request, server: Self.cloud)
    #expect(plan.after(Self.silent) == .giveUp)
  }
}
