import Base
import Foundation
import Testing

@testable import Reactor

/// What a technician is told when a server is not there or is not what it should be.
@Suite(.serialized) struct WebSocketHandshakeTests {
  @Test func nobodyListens() throws {
    let port = try unusedPort()
    let run = try WebSocketRun()
    #expect(
      run.connect("ws://127.0.0.1:\(port)/") == [.failed(.connectionRefused(address: "127.0.0.1:\(port)"))])
  }

  @Test func theNameIsUnknown() throws {
    let run = try WebSocketRun()
    run.connect("ws://no-such-host.invalid/", timeoutMilliseconds: 9000)
    #expect(run.failureWords.hasPrefix("the name no-such-host.invalid was not found: "))
  }

  @Test func theURLOrTheTokenIsMalformed() throws {
    let run = try WebSocketRun()
    run.connect("livekit.example")
    #expect(run.failureWords.hasPrefix("bad URL: it has to begin with ws://"))
    let other = try WebSocketRun()
    other.connect("ws://127.0.0.1/", bearer: "secret\n")
    #expect(other.failureWords.contains("the token or bearer is empty, or holds a blank"))
    #expect(!other.failureWords.contains("secret"))
  }

  @Test func theServerStaysSilent() throws {
    let server = ScriptedServer([.wait(milliseconds: 1500)])
    let run = try WebSocketRun()
    let start = run.loop.now
    run.connect(server.url, timeoutMilliseconds: 400)
    #expect(run.failureWords == "timed out after 0.4 s, waiting for the answer of 127.0.0.1:\(server.port)")
    #expect(run.loop.now.milliseconds(since: start) >= 400)
  }

  @Test func theServerStaysSilentInTheTLSHandshake() throws {
    let server = ScriptedServer([.wait(milliseconds: 1500)])
    let run = try WebSocketRun()
    run.connect("wss://127.0.0.1:\(server.port)/", timeoutMilliseconds: 300)
    #expect(run.failureWords == "timed out after 0.3 s, waiting for the TLS handshake with 127.0.0.1")
  }

  @Test func theConnectionIsNotAnswered() throws {
    // A listener whose queue is full drops further SYNs, as a firewall does.
    let (listener, port) = listeningSocket(backlog: 0)
    defer { close(listener) }
    let run = try WebSocketRun()
    let fillers = try (0..<3).map { _ in try StreamSocket(run.loop) }
    for filler in fillers { filler.connect(to: loopback(port)) }
    ReactorTests.run(run.loop, forMilliseconds: 50)
    run.connect("ws://127.0.0.1:\(port)/", timeoutMilliseconds: 300)
    #expect(run.failureWords == "timed out after 0.3 s, waiting for a TCP connection to 127.0.0.1:\(port)")
  }

  @Test(arguments: [false, true]) func theServerHangsUp(byReset: Bool) throws {
    let server = ScriptedServer([.readHead, .say("HTT")] + (byReset ? [.reset] : []))
    let run = try WebSocketRun()
    #expect(run.connect(server.url) == [.failed(.closedDuringHandshake(host: "127.0.0.1:\(server.port)"))])
  }

  @Test(arguments: [false, true]) func theServerHangsUpInTheTLSHandshake(byReset: Bool) throws {
    let server = ScriptedServer([.wait(milliseconds: 50)] + (byReset ? [.reset] : []))
    let run = try WebSocketRun()
    let host = "127.0.0.1:\(server.port)"
    #expect(run.connect("wss://\(host)/") == [.failed(.closedDuringHandshake(host: host))])
  }

  @Test func theServerSpeaksNoHTTP() throws {
    let server = ScriptedServer([.readHead, .say("SSH-2.0-OpenSSH_9.2\r\n"), .wait(milliseconds: 1000)])
    let run = try WebSocketRun()
    run.connect(server.url)
    #expect(
      run.failureWords
        == "127.0.0.1:\(server.port) is not a WebSocket server: the answer does not begin with HTTP/")
  }

  @Test func theServerSpeaksNoTLS() throws {
    let server = ScriptedServer([.say("HTTP/1.1 400 Bad Request\r\n\r\n"), .wait(milliseconds: 500)])
    let run = try WebSocketRun()
    run.connect("wss://127.0.0.1:\(server.port)/")
    #expect(run.failureWords == "TLS with 127.0.0.1 failed: it does not speak TLS on this port")
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "it answered HTTP 200 instead of 101"),
    ("HTTP/1.1 101 X\r\n\r\n", "its answer does not say Upgrade: websocket"),
    (
      "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
      "its Sec-WebSocket-Accept does not fit our key"
    ),
  ]) func theServerIsNoWebSocketServer(answer: String, words: String) throws {
    let server = ScriptedServer([.readHead, .say(answer), .wait(milliseconds: 500)])
    let run = try WebSocketRun()
    run.connect(server.url)
    #expect(run.failureWords == "127.0.0.1:\(server.port) is not a WebSocket server: \(words)")
  }

  @Test func theBodyOfARefusalIsShownEvenIfItNeverEnds() throws {
    let server = ScriptedServer([
      .readHead, .say("HTTP/1.1 503 Full\r\n\r\nno node for token sesame"), .wait(milliseconds: 1500),
    ])
    let run = try WebSocketRun()
    run.connect(server.url, bearer: "sesame", timeoutMilliseconds: 300)
    #expect(run.outcomes == [.failed(.httpStatus(503, body: "no node for token [token]"))])
  }

  @Test func cancellingAtAnyStepIsSilent() throws {
    for milliseconds in [0, 1, 5, 60, 120] {
      let server = ScriptedServer([.wait(milliseconds: 50), .readHead, .upgrade, .wait(milliseconds: 300)])
      let run = try WebSocketRun()
      run.socket.connect(url: server.url, bearer: nil)
      ReactorTests.run(run.loop, forMilliseconds: milliseconds)
      run.socket.cancel()
      let before = run.outcomes
      ReactorTests.run(run.loop, forMilliseconds: 100)
      #expect(run.outcomes == before)
    }
  }

  @Test func aFrameInTheSamePacketAsTheUpgradeIsNotLost() throws {
    let server = ScriptedServer([.readHead, .upgrade, .send([0x82, 1, 7]), .wait(milliseconds: 300)])
    let run = try WebSocketRun()
    run.connect(server.url) { $0.outcomes.count == 2 }
    #expect(run.outcomes == [.opened, .message([7], isText: false)])
  }

  @Test(arguments: [
    ([0x82, 0x81, 0, 0, 0, 0, 0] as [UInt8], "the peer broke the protocol: the server masked a frame"),
    (
      [0x82, 127, 0, 0, 0, 0, 0, 0x90, 0, 0],
      "a message from the server is larger than the limit of 8388608 bytes"
    ),
  ]) func aBrokenFrameEndsTheConnection(bytes: [UInt8], words: String) throws {
    let server = ScriptedServer([.readHead, .upgrade, .send(bytes), .wait(milliseconds: 300)])
    let run = try WebSocketRun()
    run.connect(server.url)
    #expect(run.outcomes.first == .opened)
    #expect(run.failureWords == words)
  }
}
