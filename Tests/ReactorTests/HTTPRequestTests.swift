import Base
import Testing

@testable import Reactor

@Suite struct HTTPRequestTests {
  private func read(_ text: String) -> HTTPRequestHead.Reading { HTTPRequestHead.read(Array(text.utf8)) }

  @Test func methodAndPathAreTakenOnceTheHeadIsThere() {
    let whole = "GET /metrics?a=b HTTP/1.1\r\nHost: x\r\n\r\n"
    #expect(read(whole) == .complete(HTTPRequestHead(method: "GET", path: "/metrics")))
    for length in 0..<whole.utf8.count {
      #expect(HTTPRequestHead.read(Array(whole.utf8.prefix(length))) == .incomplete)
    }
    #expect(read("POST / HTTP/1.0\n\n") == .complete(HTTPRequestHead(method: "POST", path: "/")))
  }

  @Test(arguments: [
    "\r\n\r\n", "GET /\r\n\r\n", "GET metrics HTTP/1.1\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
    "GET  / HTTP/1.1\r\n\r\n",
    " / HTTP/1.1\r\n\r\n", "GET /\u{7F} HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}\n\n",
  ])
  func anythingElseIsMalformed(text: String) {
    #expect(read(text) == .malformed)
  }

  @Test func aServerAnswersAClientOfItsOwnLoop() throws {
    let loop = try EventLoop()
    let port = UInt16.random(in: 20_000...60_000)
    let server = try StreamServer(loop, address: loopback(port))
    let clients = Seen<StreamSocket>()
    let seen = Seen<UInt8>()
    let ends = Seen<StreamEnd>()
    server.onConnection = { client in
      clients.values.append(client)
      client.onBytes = { [unowned client] _ in
        client.write(httpResponse("200 OK", contentType: "text/plain", body: "well"))
        client.closeAfterWriting()
      }
    }
    let client = try StreamSocket(loop)
    client.onBytes = { seen.values += $0 }
    client.onEnd = { ends.values.append($0) }
    client.onConnected = { [unowned client] in client.write(Array("GET / HTTP/1.1\r\n\r\n".utf8)) }
    client.connect(to: loopback(port))
    run(loop) { !ends.values.isEmpty }
    let text = String(decoding: seen.values, as: UTF8.self)
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.hasSuffix("\r\n\r\nwell"))
    #expect(text.contains("Content-Length: 4\r\n"))
    #expect(throws: ReactorFailure.self) { _ = try StreamServer(loop, address: loopback(port)) }
  }
}
