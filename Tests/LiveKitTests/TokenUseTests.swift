import Base
import Testing

@testable import LiveKit

/// Which token is dialled with, and what the server's refusal of it means.
@Suite struct TokenUseTests {
  static let configured = Bench.token()
  static let refreshed = Bench.token(#"{"sub":"door","exp":1,"video":{"roomJoin":true,"room":"hall"}}"#)
  static let refusal = TransportFailure.http(status: 401, body: Array("invalid token: token is expired".utf8))

  /// Joined, given a newer token, lost.
  static func lost() throws -> Bench {
    let bench = try Bench()
    try bench.connect()
    bench.server(Server.refreshToken(refreshed))
    bench.advance(6_000)
    bench.loseSession()
    bench.redial()
    bench.events = []
    return bench
  }

  /// Our clock says nothing: a token that has long expired, or is not valid yet, is dialled with all the same.
  @Test func theServerJudges() throws {
    let never = #""exp":9223372036854775807,"nbf":-9223372036854775808"#
    for times in [#""exp":1"#, #""nbf":9000000000"#, never] {
      let bench = try Bench()
      let token = Bench.token(#"{"sub":"door",\#(times),"video":{"roomJoin":true,"room":"hall"}}"#)
      try bench.join(token: token)
      #expect(bench.opened.map(\.token) == [token])
      bench.accept()
      #expect(bench.room.state == .connected)
    }
  }

  @Test func theNewestIsDialledWithAndAfterItsRefusalTheConfiguredOne() throws {
    let bench = try Self.lost()
    #expect(bench.opened.last?.token == Self.refreshed)
    bench.handle(.webSocketFailed(connection: bench.connection, Self.refusal))
    // Nothing is told yet, and nothing waited for.
    #expect(bench.events.isEmpty)
    #expect(bench.opened.last?.token == Self.configured)
    #expect(bench.opened.count == 3)
    bench.accept()
    #expect(bench.room.state == .connected)
    // Forgotten: not dialled with again.
    bench.advance(6_000)
    bench.loseSession()
    bench.redial()
    #expect(bench.opened.last?.token == Self.configured)
  }

  @Test func bothAreRefusedAndTheFailureNamesTheLastOne() throws {
    let bench = try Self.lost()
    for _ in 0..<2 { bench.handle(.webSocketFailed(connection: bench.connection, Self.refusal)) }
    #expect(bench.opened.count == 3)
    #expect(bench.room.state == .disconnected)
    guard case .notAllowed(.configured, 401, _)? = bench.room.lastFailure else {
      Issue.record("\(String(describing: bench.room.lastFailure))")
      return
    }
  }

  /// The same where only `/rtc/validate` says it.
  @Test func aRefusalByValidation() throws {
    let bench = try Self.lost()
    bench.handle(.webSocketFailed(connection: bench.connection, .other("reset")))
    let get = try #require(bench.gets.last)
    #expect(get.token == Self.refreshed)
    bench.handle(.httpResponse(request: get.request, status: 401, body: Array("invalid token".utf8)))
    #expect(bench.opened.last?.token == Self.configured)
    #expect(bench.events.isEmpty)
  }

  @Test func whatIsNoRefusalForgetsNothing() throws {
    let bench = try Self.lost()
    bench.handle(.webSocketFailed(connection: bench.connection, .timeout))
    bench.advance(bench.failures.last?.retry ?? 0)
    #expect(bench.opened.last?.token == Self.refreshed)
  }

  @Test func aNewTokenOfTheServerThatIsTheConfiguredOneIsRefusedOnce() throws {
    let bench = try Bench()
    try bench.connect()
    bench.server(Server.refreshToken(Self.configured))
    bench.loseSession()
    bench.advance(bench.failures.last?.retry ?? 0)
    bench.handle(.webSocketFailed(connection: bench.connection, Self.refusal))
    #expect(bench.room.state == .disconnected)
    #expect(bench.opened.count == 2)
  }

  /// Something has changed: the clock, the network.
  @Test func dialsAtOnceWhenAsked() throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketFailed(connection: bench.connection, .tls("not valid yet")))
    #expect((bench.failures.last?.retry ?? 0) >= 30_000)
    bench.room.retryNow(now: bench.now)
    bench.drain()
    #expect(bench.opened.count == 2)
    bench.room.retryNow(now: bench.now)
    bench.drain()
    #expect(bench.opened.count == 2)
  }
}
