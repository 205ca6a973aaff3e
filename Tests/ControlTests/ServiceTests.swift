import Testing

@testable import Control

@Suite("Figures, rights and the service commands")
struct ServiceTests {
  @Test("decimals are exact, also below zero")
  func numbers() {
    #expect(Metric("a", .gauge, "", -30, decimals: 3).number == "-0.030")
    #expect(Metric("a", .gauge, "", 1234, decimals: 3).number == "1.234")
    #expect(Metric("a", .gauge, "", 7).number == "7")
  }

  @Test("OpenMetrics: one description a name, counters end in _total, labels are escaped")
  func text() {
    let metrics = [
      Metric("lintel_build", .info, "What runs.", 1, labels: [.init("device", "a\"b\\c\nd")]),
      Metric("lintel_up", .gauge, "Up.", 1, labels: [.init("stream", "capture")]),
      Metric("lintel_up", .gauge, "Up.", 0, labels: [.init("stream", "playback")]),
      Metric("lintel_calls", .counter, "Calls.", 3),
    ]
    #expect(
      Metrics.openMetrics(metrics) == """
        # TYPE lintel_build info
        # HELP lintel_build What runs.
        lintel_build_info{device="a\\"b\\\\c\\nd"} 1
        # TYPE lintel_up gauge
        # HELP lintel_up Up.
        lintel_up{stream="capture"} 1
        lintel_up{stream="playback"} 0
        # TYPE lintel_calls counter
        # HELP lintel_calls Calls.
        lintel_calls_total 3
        # EOF

        """)
    #expect(Metrics.json(metrics)["lintel_calls_total"].integer == 3)
  }

  @Test(
    "who may do what",
    arguments: [
      (user: 0, group: 5, admin: nil, may: true), (user: 7, group: 5, admin: nil, may: false),
      (user: 7, group: 5, admin: 5, may: true), (user: 7, group: 5, admin: 6, may: false),
      (user: 3, group: 5, admin: nil, may: true),
    ] as [(user: UInt32, group: UInt32, admin: UInt32?, may: Bool)])
  func rights(user: UInt32, group: UInt32, admin: UInt32?, may: Bool) {
    let rights = ClientRights(user: user, groups: [9, group], owner: 3, adminGroup: admin)
    #expect(rights.isAdministrator == may)
    for request in [
      Request.configReload, .logLevel("debug"), .doorOverride, .join(url: "wss://h", token: nil),
      .join(url: nil, token: "a.b.c"), .join(url: "wss://h", token: "a.b.c"),
    ] {
      #expect((rights.refusal(of: request, adminGroup: "ops") == nil) == may)
    }
    for request in [
      Request.status, .doorOpen, .logLevel(nil), .configShow, .configCheck, .metrics, .call,
      .join(url: nil, token: nil),
    ] {
      #expect(rights.refusal(of: request, adminGroup: nil) == nil)
    }
  }

  @Test("a refusal says who may")
  func refusal() {
    let rights = ClientRights(user: 7, groups: [], owner: 3, adminGroup: 5)
    #expect(
      rights.refusal(of: .configReload, adminGroup: "ops")?.description
        == "only root and the members of the group ops may do this")
    #expect(rights.refusal(of: .configReload, adminGroup: nil)?.code == ControlFailure.notAllowedCode)
    #expect(
      rights.refusal(of: .join(url: nil, token: "t"), adminGroup: "ops")?.description
        == "only root and the members of the group ops may join another server, or with another token")
    #expect(
      rights.refusal(of: .logLevel("debug"), adminGroup: nil)?.description
        == "only root may change what is logged, as no [control] admin-group is configured")
  }

  @Test(
    "command lines",
    arguments: [
      (["stats"], Request.stats), (["metrics"], .metrics), (["log-level"], .logLevel(nil)),
      (["log-level", "debug"], .logLevel("debug")), (["config", "show"], .configShow),
      (["config", "check"], .configCheck), (["config", "reload"], .configReload),
      (["door", "open", "--override"], .doorOverride),
    ])
  func commands(arguments: [String], request: Request) throws {
    #expect(
      try Invocation.parse(arguments, defaultSocket: "/s")
        == Invocation(action: .request(request), socket: "/s", json: false))
    let line = Array(request.line(id: 1).dropLast())
    #expect(try Request.parse(line).request == request)
  }

  @Test("what a reload came to, and that problems are a failure")
  func reloadText() {
    let result = { (applied: [String], restart: [String], problems: [String]) -> JSONValue in
      let list = { (texts: [String]) in JSONValue.array(texts.map { .string($0) }) }
      return .object([
        .init("applied", list(applied)), .init("needs_restart", list(restart)),
        .init("problems", list(problems)),
      ])
    }
    #expect(ResultText.reload(result([], [], [])) == "nothing has changed\n")
    #expect(
      ResultText.reload(result(["[audio] volume"], ["[audio] capture"], []))
        == "applied: [audio] volume\nneeds a restart (systemctl restart linteld): [audio] capture\n")
    #expect(
      ResultText.reload(result([], [], ["c:3: no"])) == "c:3: no\nnothing was changed\n")
    var conversation = Conversation(
      .request(.configCheck), socket: "/s", json: false, token: nil, now: .init(microseconds: 0))
    while conversation.poll() != nil {}
    conversation.receive(
      Reply.result(.object([.init("problems", .array([.string("c:3: no")]))]), to: .number(2)),
      now: .init(microseconds: 1))
    #expect(conversation.poll() == .print("c:3: no\n"))
    #expect(conversation.poll() == .finish(.failed))
  }
}
