import Testing

@testable import LiveKit

/// What a technician reads when dialling fails, and whether it is tried again.
@Suite struct FailureTests {
  struct Row: Sendable {
    let transport: TransportFailure
    let code: String
    let words: String
    let isRetried: Bool
  }

  static let direct = [
    Row(
      transport: .resolve("no such host"), code: "unknown-host",
      words: "the host name of example.com was not found: no such host", isRetried: true),
    Row(
      transport: .refused("port 443"), code: "connection-refused",
      words: "example.com refused the connection: port 443", isRetried: true),
    Row(
      transport: .timeout, code: "timed-out", words: "example.com did not answer in time", isRetried: true),
    Row(
      transport: .tls("certificate of example.com has expired"), code: "tls",
      words: "TLS with example.com failed: certificate of example.com has expired", isRetried: true),
    Row(
      transport: .proxy("the proxy p.lan:3128 cannot reach example.com:443 (HTTP 502)"), code: "proxy",
      words: "the proxy p.lan:3128 cannot reach example.com:443 (HTTP 502)", isRetried: true),
    Row(
      transport: .intercepted(
        "a captive portal, a proxy or another web server answered instead of example.com:80: x"),
      code: "captive-portal",
      words: "a captive portal, a proxy or another web server answered instead of example.com:80: x",
      isRetried: true),
    Row(
      transport: .clearText("a secret would go there in the clear"), code: "bad-url",
      words: "the server's URL is wrong: a secret would go there in the clear", isRetried: false),
    Row(
      transport: .http(status: 401, body: Array("no permissions to access the room\n".utf8)),
      code: "not-allowed",
      words: "the server does not let us in (HTTP 401): no permissions to access the room", isRetried: false),
    Row(
      transport: .http(status: 404, body: Array("requested room does not exist".utf8)),
      code: "room-does-not-exist",
      words: "the room does not exist (HTTP 404): requested room does not exist", isRetried: false),
    Row(
      transport: .http(status: 503, body: Array("no nodes".utf8)), code: "server-unavailable",
      words: "the server cannot take us now (HTTP 503): no nodes", isRetried: true),
  ]

  @Test(arguments: direct) func aClearTransportFailure(row: Row) throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketFailed(connection: bench.connection, row.transport))
    #expect(bench.gets.isEmpty)
    #expect(bench.failures.first?.code == row.code)
    #expect((bench.failures.first?.retry != nil) == row.isRetried)
    #expect(bench.room.lastFailure?.description == row.words)
    #expect(bench.room.state == (row.isRetried ? .connecting : .disconnected))
  }

  struct Answer: Sendable {
    let status: Int
    let body: String
    let code: String
    let isRetried: Bool
  }

  static let validated = [
    Answer(status: 401, body: "invalid API key: nokey", code: "not-allowed", isRetried: false),
    Answer(status: 403, body: "permissions denied", code: "not-allowed", isRetried: false),
    Answer(status: 403, body: "<html>proxy</html>", code: "server-unavailable", isRetried: true),
    Answer(status: 403, body: "", code: "server-unavailable", isRetried: true),
    Answer(status: 408, body: "slow", code: "server-unavailable", isRetried: true),
    Answer(status: 425, body: "early", code: "server-unavailable", isRetried: true),
    Answer(status: 400, body: "no room name", code: "rejected", isRetried: false),
    Answer(status: 404, body: "404 page not found", code: "not-livekit", isRetried: true),
    Answer(status: 404, body: "requested room does not exist", code: "room-does-not-exist", isRetried: false),
    Answer(status: 200, body: "<html>It works</html>", code: "not-livekit", isRetried: true),
    Answer(status: 200, body: "success", code: "signal-lost", isRetried: true),
    Answer(status: 302, body: "", code: "not-livekit", isRetried: true),
    Answer(status: 429, body: "slow down", code: "server-unavailable", isRetried: true),
    Answer(status: 502, body: "<html>", code: "server-unavailable", isRetried: true),
    Answer(status: 410, body: "gone", code: "rejected", isRetried: false),
  ]

  @Test(arguments: validated) func anUnclearFailureAsksTheServer(answer: Answer) throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketFailed(connection: bench.connection, .http(status: answer.status, body: [])))
    let get = try #require(bench.gets.first)
    #expect(get.url.hasPrefix("https://example.com/rtc/validate?protocol=16&"))
    #expect(get.token == Bench.token())
    bench.handle(.httpResponse(request: get.request, status: answer.status, body: Array(answer.body.utf8)))
    #expect(bench.failures.first?.code == answer.code)
    #expect((bench.failures.first?.retry != nil) == answer.isRetried)
  }

  @Test func theServersSilenceAboutTheReasonEndsAfterThreeSeconds() throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketFailed(connection: bench.connection, .other("reset by peer")))
    bench.advance(2_900)
    #expect(bench.failures.isEmpty)
    bench.advance(200)
    #expect(bench.failures.first?.code == "unreachable")
    #expect(bench.room.lastFailure?.description == "example.com cannot be reached: reset by peer")
  }

  @Test func theTokenThatTheServerEchoesIsNowhere() throws {
    let bench = try Bench()
    try bench.join()
    let body = "invalid token: \(Bench.token()), error: token has invalid claims: token is expired"
    bench.handle(.webSocketFailed(connection: bench.connection, .http(status: 401, body: Array(body.utf8))))
    let words = try #require(bench.room.lastFailure).description
    #expect(
      words
        == "the server does not let us in (HTTP 401): invalid token: <token>, error: token has invalid claims: token is expired"
    )
    for event in bench.events { #expect(!"\(event)".contains("eyJ")) }
  }

  @Test func theServerDoesNotAnswerTheUpgrade() throws {
    let bench = try Bench()
    try bench.join()
    bench.advance(14_900)
    #expect(bench.failures.isEmpty)
    bench.advance(200)
    #expect(bench.failures.first?.code == "timed-out")
    #expect(bench.closed == [1])
  }

  @Test func noJoinResponse() throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.advance(5_000)
    #expect(bench.failures.first?.code == "no-join-response")
  }

  @Test(arguments: [[UInt8]("hello, world".utf8), [], [0x0A, 0x05, 0x01]])
  func aServerThatIsNoLiveKit(first: [UInt8]) throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(first)
    #expect(bench.failures.first?.code == "not-livekit")
    #expect((bench.failures.first?.retry ?? 0) >= 30_000)
  }

  @Test func noMediaPath() throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join())
    for _ in 0..<3 {
      bench.advance(4_990)
      bench.server(Server.refreshToken(Bench.token()))
    }
    bench.advance(100)
    #expect(bench.failures.first?.code == "media-timeout")
    #expect(bench.subscriber == nil)
    #expect(bench.sockets == ["open subscriber", "close subscriber"])
    #expect(bench.transmitted == [.subscriber])
  }

  @Test func aDescriptionThatCannotBeUsed() throws {
    let bench = try Bench()
    try bench.connect()
    bench.subscriber?.refusal = .noFingerprint
    bench.server(Server.offer(3))
    #expect(bench.failures.first?.code == "bad-description")
  }

  @Test func aDescriptionThatIsNoneIsDroppedAndTheSessionLives() throws {
    let bench = try Bench()
    try bench.connect()
    let answered = bench.count(2)
    bench.subscriber?.refusal = .malformed(line: 3, "no type")
    bench.server(Server.offer(3))
    #expect(bench.failures.isEmpty)
    #expect(bench.room.state == .connected)
    #expect(bench.room.statistics.malformedMessages == 1)
    #expect(bench.count(2) == answered)
    bench.subscriber?.refusal = nil
    bench.server(Server.offer(4))
    #expect(bench.count(2) == answered + 1)
  }

  struct Leave: Sendable {
    let action: Int
    let reason: Int
    let code: String
    let retry: Bool
  }

  static let leaves = [
    Leave(action: 0, reason: 2, code: "dismissed-duplicate-identity", retry: false),
    Leave(action: 0, reason: 4, code: "dismissed-participant-removed", retry: false),
    Leave(action: 0, reason: 5, code: "dismissed-room-deleted", retry: false),
    Leave(action: 0, reason: 10, code: "dismissed-room-closed", retry: false),
    Leave(action: 0, reason: 12, code: "dismissed-user-rejected", retry: false),
    Leave(action: 0, reason: 3, code: "dismissed-server-shutdown", retry: true),
    Leave(action: 0, reason: 6, code: "dismissed-state-mismatch", retry: true),
    Leave(action: 0, reason: 7, code: "dismissed-join-failure", retry: true),
    Leave(action: 0, reason: 9, code: "dismissed-signal-close", retry: true),
    Leave(action: 0, reason: 14, code: "dismissed-connection-timeout", retry: true),
    Leave(action: 0, reason: 99, code: "dismissed-unknown", retry: true),
    // Of a migration; otherwise RESUME is one.
    Leave(action: 1, reason: 8, code: "resume-asked", retry: true),
    Leave(action: 2, reason: 6, code: "rejoin-asked", retry: true),
    Leave(action: 2, reason: 2, code: "rejoin-asked", retry: true),
  ]

  @Test(arguments: leaves) func theServersFarewell(row: Leave) throws {
    let bench = try Bench()
    try bench.connect()
    bench.advance(6_000)
    bench.server(Server.leave(action: row.action, reason: row.reason))
    #expect(bench.failures.first?.code == row.code)
    #expect(bench.closed == [1])
    #expect(!bench.peers.contains { !$0.isClosed })
    if row.retry {
      bench.redial()
      #expect(bench.opened.count == 2)
      #expect(bench.room.state == .reconnecting)
    } else {
      #expect(bench.room.state == .disconnected)
      #expect(bench.room.lastFailure?.isRetriable == false)
      bench.advance(60_000)
      #expect(bench.opened.count == 1)
    }
  }
}
