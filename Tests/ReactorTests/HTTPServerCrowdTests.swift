import Base
import Testing

@testable import Reactor

/// More clients than there are places.
@Suite(.serialized) struct HTTPServerCrowdTests {
  private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

  /// The kernel's queue holds 128, and what comes beyond is sent again after a second or two.
  @Test func aThousandAtOnceAreAllAnswered() throws {
    let test = try TestServer()
    let clients = (0..<1000).map { _ in RawClient(test.port, Self.get) }
    run(test.loop, atMost: 60_000) {
      for client in clients where !client.isOver { client.say("") }
      return clients.allSatisfy(\.isOver)
    }
    #expect(clients.filter { $0.status == 200 }.count == 1000)
    #expect(test.requests.count == 1000 && test.server.crowdedOut == 0)
  }

  @Test func aThousandWhoSayNothingKeepNobodyOut() throws {
    let test = try TestServer()
    let clients = (0..<1000).map { _ in RawClient(test.port) }
    run(test.loop, forMilliseconds: 50)
    let webhook = RawClient(test.port, Self.get)
    test.run(webhook, atMost: 20_000) { webhook.isOver }
    #expect(webhook.status == 200)
    #expect(test.server.crowdedOut > 0 && test.requests.count == 1)
    #expect(clients.allSatisfy { $0.received.isEmpty })
  }

  /// Whoever waits for an answer keeps its place; one who says nothing does not.
  @Test func whoeverWasHeardKeepsItsPlace() throws {
    let test = try TestServer(answer: nil)
    let places = ReactorLimits.httpServerClientsMax
    let silent = RawClient(test.port)
    run(test.loop, forMilliseconds: 20)
    let clients = (0..<places).map { _ in RawClient(test.port, Self.get) }
    test.run { test.requests.count == places }
    silent.work()
    #expect(silent.isOver && silent.received.isEmpty)
    let late = RawClient(test.port)
    test.run(late) { late.isOver }
    #expect(late.status == 503)
    for token in test.tokens {
      test.server.answer(token, status: 200, contentType: "text/plain", body: "well")
    }
    run(test.loop) {
      for client in clients { client.work() }
      return clients.allSatisfy(\.isOver)
    }
    #expect(clients.allSatisfy { $0.status == 200 } && test.server.crowdedOut == 2)
  }

  /// Those who were answered and do not close are the first to go.
  @Test func whoeverWasAnsweredMakesRoomAtOnce() throws {
    let test = try TestServer()
    let places = ReactorLimits.httpServerClientsMax
    let answered = (0..<places - 1).map { _ in RawClient(test.port, Self.get) }
    test.run { test.requests.count == places - 1 }
    let start = test.loop.now
    let more = (0..<places).map { _ in RawClient(test.port, Self.get) }
    test.run { test.requests.count == 2 * places - 1 }
    #expect(test.loop.now.milliseconds(since: start) < ReactorLimits.httpServerGraceMilliseconds)
    run(test.loop) {
      for client in answered + more { client.work() }
      return (answered + more).allSatisfy(\.isOver)
    }
    #expect((answered + more).allSatisfy { $0.status == 200 && !$0.isBroken })
  }

  /// Thirty bodies, each of them short of its last byte.
  @Test func bodiesTogetherHaveABound() throws {
    let test = try TestServer()
    let size = ReactorLimits.httpServerBodyBytesMax
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n\r\n"
    let text = head + String(repeating: "x", count: size - 1)
    let clients = (0..<30).map { _ in RawClient(test.port, text) }
    run(test.loop) {
      for client in clients { client.work() }
      return clients.filter { $0.status == 503 }.count >= 26
    }
    for client in clients { client.say("x") }
    run(test.loop) {
      for client in clients { client.work() }
      return clients.allSatisfy(\.isOver)
    }
    let served = clients.filter { $0.status == 200 }.count
    #expect(served > 0 && served <= 4 && test.requests.count == served)
  }
}
