import Base
import CLinux
import Testing

@testable import Reactor

/// A server on a port of its own, and what it was asked.
final class TestServer {
  let loop: EventLoop
  let port: UInt16
  let server: HTTPServer
  private(set) var requests: [HTTPServerRequest] = []
  private(set) var tokens: [HTTPServer.Token] = []

  /// - Parameter answer: what each request is answered at once; nil for nothing.
  init(answer: String? = "well") throws {
    loop = try EventLoop()
    let (descriptor, port) = listeningSocket(backlog: 1)
    close(descriptor)
    self.port = port
    server = HTTPServer(loop, address: loopback(port))
    let back = Unowned(self)
    server.onRequest = { request, token in
      back.owner.requests.append(request)
      back.owner.tokens.append(token)
      if let answer { back.owner.server.answer(token, status: 200, contentType: "text/plain", body: answer) }
    }
    server.onListening = { #expect($0 == nil) }
    server.start()
  }

  func run(_ clients: RawClient..., atMost milliseconds: Int = 5000, until condition: @escaping () -> Bool) {
    ReactorTests.run(loop, atMost: milliseconds) {
      for client in clients { client.work() }
      return condition()
    }
  }
}

@Suite struct HTTPServerTests {
  private static let get = "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"
  private static let answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwell"

  @Test func anAnswerMayComeLaterAndOnlyOnce() throws {
    let test = try TestServer(answer: nil)
    let client = RawClient(test.port, Self.get)
    test.run(client) { test.requests.count == 1 }
    #expect(test.requests[0].path == "/a" && test.requests[0].query == "b")
    #expect(client.received.isEmpty)
    for body in ["well", "again"] {
      test.server.answer(test.tokens[0], status: 200, contentType: "text/plain", body: body)
    }
    test.server.answer(99, status: 200, contentType: "text/plain", body: "to nobody")
    test.run(client) { client.isOver }
    #expect(client.text == Self.answer && !client.isBroken)
  }

  @Test func aBodyIsInvitedAndTaken() throws {
    let test = try TestServer()
    let client = RawClient(
      test.port,
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
    test.run(client) { !client.received.isEmpty }
    #expect(client.text == "HTTP/1.1 100 Continue\r\n\r\n")
    for byte in "5\r\nhello\r\n0\r\n\r\n".utf8 {
      client.say(String(UnicodeScalar(byte)))
      run(test.loop, forMilliseconds: 1)
    }
    test.run(client) { client.isOver }
    #expect(test.requests.map(\.body) == [Array("hello".utf8)])
    #expect(client.text == "HTTP/1.1 100 Continue\r\n\r\n" + Self.answer)
  }

  @Test func theAnswerToHEADHasNoBody() throws {
    let test = try TestServer()
    let client = RawClient(test.port, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    test.run(client) { client.isOver }
    #expect(client.text == String(Self.answer.dropLast(4)))
  }

  /// Also one that comes while the first is worked on, and one that is too long to be read.
  @Test(arguments: [0, 10, 2_000_000]) func aSecondRequestIsNotRead(more: Int) throws {
    let test = try TestServer(answer: nil)
    let client = RawClient(test.port, Self.get + Self.get)
    test.run(client) { test.requests.count == 1 }
    client.say(Self.get + String(repeating: "x", count: more))
    run(test.loop, forMilliseconds: 20)
    test.server.answer(test.tokens[0], status: 200, contentType: "text/plain", body: "well")
    test.run(client) { client.text == Self.answer }
    #expect(test.requests.count == 1)
  }

  @Test func whoeverHasGoneIsNotMissed() throws {
    let test = try TestServer(answer: nil)
    var client: RawClient? = RawClient(test.port, Self.get)
    test.run { test.requests.count == 1 }
    #expect(client?.isOver == false)
    client = nil
    run(test.loop, forMilliseconds: 50)
    test.server.answer(test.tokens[0], status: 200, contentType: "text/plain", body: "to nobody")
    // Gone in the middle of a request, and with a reset.
    client = RawClient(test.port, "POST / HTTP/1.1\r\nContent-Le")
    run(test.loop, forMilliseconds: 50)
    client = nil
    run(test.loop, forMilliseconds: 50)
    #expect(test.requests.count == 1)
    let next = RawClient(test.port, Self.get)
    test.run { test.requests.count == 2 }
    test.server.refuse(test.tokens[1], status: 403)
    test.run(next) { next.isOver }
    #expect(next.status == 403 && next.text.hasSuffix("\r\n\r\n403 Forbidden\n"))
  }

  /// As `nc -N` does.
  @Test func whoeverClosesItsSideAtOnceIsAnsweredAtOnce() throws {
    let test = try TestServer(answer: String(repeating: "x", count: 3_000_000))
    let client = RawClient(test.port)
    run(test.loop, forMilliseconds: 20)
    client.say(Self.get)
    client.endWriting()
    test.run(client) { client.isOver }
    #expect(client.status == 200 && client.received.count > 3_000_000 && !client.isBroken)
  }

  @Test func deadlinesHold() throws {
    let test = try TestServer(answer: nil)
    test.server.requestMilliseconds = 200
    test.server.answerMilliseconds = 300
    let clients = [RawClient(test.port), RawClient(test.port, "GET / HT"), RawClient(test.port, Self.get)]
    let slow = RawClient(test.port)
    test.run(clients[0], clients[1], clients[2], slow) {
      slow.say("x")
      return slow.isOver && clients.allSatisfy(\.isOver)
    }
    #expect(clients.map(\.status) == [0, 408, 503])
    #expect(slow.status == 408 && test.requests.count == 1)
    test.server.answer(test.tokens[0], status: 200, contentType: "text/plain", body: "too late")
  }

  /// Somebody else may have to be asked first, which takes longer than sending a request may.
  @Test func anAnswerMayTakeLongerThanARequest() throws {
    let test = try TestServer(answer: nil)
    test.server.requestMilliseconds = 50
    let client = RawClient(test.port, Self.get)
    test.run(client) { test.requests.count == 1 }
    run(test.loop, forMilliseconds: 200)
    client.work()
    #expect(!client.isOver && client.received.isEmpty)
    test.server.answer(test.tokens[0], status: 200, contentType: "text/plain", body: "well")
    test.run(client) { client.isOver }
    #expect(client.text == Self.answer)
  }

  /// Each can read why, though it may still be sending.
  @Test(arguments: [
    (400, "GET / HTTP/1.1\r\n\r\n"), (400, "\u{16}\u{3}\u{1}"),
    (413, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 262145\r\n\r\n"),
    (431, "GET /"), (501, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"),
    (417, "POST / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n"),
  ]) func faultsAreAnswered(status: Int, text: String) throws {
    let test = try TestServer()
    let client = RawClient(test.port, text + String(repeating: "x", count: 240_000))
    test.run(client) { client.isOver }
    #expect(client.status == status && !client.isBroken && test.requests.isEmpty)
    if status == 400 { #expect(client.text.contains("\r\n\r\n400 Bad Request: there is no")) }
  }

  @Test func theLargestBodyComesThrough() throws {
    let test = try TestServer()
    let size = ReactorLimits.httpServerBodyBytesMax
    let client = RawClient(
      test.port,
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n\r\n" + String(repeating: "x", count: size))
    test.run(client) { client.isOver }
    #expect(client.status == 200 && test.requests.first?.body.count == size)
  }

  @Test func anAddressThatIsTakenIsAskedForAgain() throws {
    let loop = try EventLoop()
    let (descriptor, port) = listeningSocket(backlog: 1)
    let server = HTTPServer(loop, address: loopback(port))
    server.retryMilliseconds = 20
    let seen = Seen<String>()
    server.onListening = { seen.values.append($0?.description ?? "listens") }
    server.start()
    #expect(seen.values == ["listening on 127.0.0.1:\(port): address already in use"])
    run(loop) { seen.values.count > 3 }
    close(descriptor)
    run(loop) { seen.values.last == "listens" }
    let count = seen.values.count
    run(loop, forMilliseconds: 60)
    #expect(seen.values.count == count)
  }

  @Test func lettingItGoClosesIt() throws {
    let loop = try EventLoop()
    let (descriptor, port) = listeningSocket(backlog: 1)
    close(descriptor)
    var server: HTTPServer? = HTTPServer(loop, address: loopback(port))
    let seen = Seen<Int>()
    server?.onRequest = { seen.values.append($1) }
    server?.start()
    let client = RawClient(port, Self.get)
    run(loop) { !seen.values.isEmpty }
    server = nil
    run(loop) {
      client.work()
      return client.isOver
    }
    #expect(client.received.isEmpty)
    _ = try StreamServer(loop, address: loopback(port))
  }

  /// Its owner may close it, or let it go, while it hands over a request.
  @Test func itMayBeClosedByWhatItAsks() throws {
    let loop = try EventLoop()
    let (descriptor, port) = listeningSocket(backlog: 1)
    close(descriptor)
    let servers = Seen<HTTPServer>()
    servers.values = [HTTPServer(loop, address: loopback(port))]
    servers.values[0].onRequest = { _, _ in servers.values = [] }
    servers.values[0].start()
    let client = RawClient(port, Self.get)
    run(loop) {
      client.work()
      return client.isOver
    }
    #expect(client.received.isEmpty)
  }
}
