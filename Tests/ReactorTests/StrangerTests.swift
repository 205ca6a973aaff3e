import Foundation
import Testing

@testable import Reactor

/// The clients against a server that is not ours.
@Suite(.serialized, .enabled(if: Peer.interpreter != nil, Peer.isMissing)) struct StrangerTests {
  private let peer: Peer

  init() throws { peer = try #require(Peer.shared) }

  @Test(arguments: ["plain", "good"]) func messagesOfEverySizeComeBack(port: String) throws {
    let run = try WebSocketRun(caFile: peer.caFile)
    run.connect(peer.url(port), bearer: peer.token) { $0.outcomes == [.opened] }
    let sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000, 2_097_152]
    for size in sizes {
      let message = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      run.outcomes = []
      #expect(run.socket.send(message))
      run.run { !$0.outcomes.isEmpty }
      #expect(run.outcomes == [.message(message, isText: false)])
    }
    run.outcomes = []
    #expect(run.socket.send(Array("grüß".utf8), isText: true))
    run.run { !$0.outcomes.isEmpty }
    #expect(run.outcomes == [.message(Array("grüß".utf8), isText: true)])
    #expect(!run.socket.send([UInt8](repeating: 0, count: 2_097_153)))
    run.outcomes = []
    run.socket.close(code: 1000, reason: "done")
    run.run { $0.hasEnded }
    #expect(run.outcomes == [.closed(1000, "")])
  }

  @Test func fragmentsArePutTogether() throws {
    let run = try WebSocketRun()
    run.connect(peer.url("plain", "/rtc?mode=fragments&bytes=1500032"), bearer: peer.token) {
      $0.outcomes.count == 2
    }
    let expected = (0..<64).flatMap { [UInt8](repeating: UInt8($0), count: 23_438) }
    #expect(run.outcomes.last == .message(expected, isText: false))
  }

  @Test(arguments: ["plain", "good"]) func aMessageOverTheLimitIsRefused(port: String) throws {
    let run = try WebSocketRun(caFile: peer.caFile)
    run.connect(peer.url(port, "/rtc?mode=size&bytes=9437184"), bearer: peer.token)
    #expect(
      run.outcomes == [.opened, .failed(.tooLarge(what: "a message from the server", limitBytes: 8_388_608))])
  }

  @Test func pingsAreAnswered() throws {
    let run = try WebSocketRun()
    run.connect(peer.url("plain", "/rtc?mode=ping"), bearer: peer.token) { $0.outcomes.count == 2 }
    #expect(run.outcomes == [.opened, .message(Array("pong came".utf8), isText: false)])
  }

  @Test func theServersCloseIsTold() throws {
    let run = try WebSocketRun()
    run.connect(peer.url("plain", "/rtc?mode=close&code=4001&reason=room%20is%20gone"), bearer: peer.token)
    #expect(run.outcomes == [.opened, .closed(4001, "room is gone")])
  }

  @Test func aServerThatVanishesIsALostConnection() throws {
    let ended = Outcome.failed(.connectionLost(reason: "the server ended it without a close message"))
    let reset = Outcome.failed(.connectionLost(reason: "connection reset by peer"))
    for mode in ["drop", "vanish"] {
      let run = try WebSocketRun()
      run.connect(peer.url("plain", "/rtc?mode=\(mode)"), bearer: peer.token)
      // Which of the two an abort looks like is the kernel's choice: it depends on what was still unread.
      #expect(run.outcomes == [.opened, ended] || run.outcomes == [.opened, reset])
    }
  }

  @Test func aCloseThatIsNotAnsweredEndsAnyway() throws {
    let run = try WebSocketRun()
    run.connect(peer.url("plain", "/rtc?mode=deaf"), bearer: peer.token) { $0.outcomes == [.opened] }
    run.socket.close()
    run.run { $0.hasEnded }
    #expect(run.outcomes.last == .closed(1006, "the server did not answer our close"))
  }

  @Test func aDeafServerFillsTheQueueAndNoMore() throws {
    let run = try WebSocketRun()
    run.connect(peer.url("plain", "/rtc?mode=deaf"), bearer: peer.token) { $0.outcomes == [.opened] }
    var sent = 0
    while sent < 50, run.socket.send([UInt8](repeating: 0, count: 1_000_000)) { sent += 1 }
    #expect((3...20).contains(sent))
    #expect(run.outcomes == [.opened])
    run.run { $0.hasEnded }
    #expect(run.outcomes.last == .failed(.writeQueueFull(limitBytes: ReactorLimits.tcpWriteQueueBytesMax)))
  }

  @Test func theTokenIsSentAndNeverShown() throws {
    let wrong = "eyJhbGciOiJIUzI1NiJ9.eyJ3cm9uZyI6MX0.AAAA"
    let run = try WebSocketRun()
    run.connect(peer.url(), bearer: wrong)
    #expect(
      run.outcomes == [.failed(.httpStatus(401, body: "invalid token: [token], error: token is expired"))])
    #expect(
      run.failureWords == "the server answered HTTP 401: invalid token: [token], error: token is expired")
  }

  @Test(arguments: [403, 404, 500, 503]) func aRefusalHasTheServersWords(status: Int) throws {
    let run = try WebSocketRun()
    run.connect(peer.url("plain", "/status/\(status)"))
    #expect(run.outcomes == [.failed(.httpStatus(status, body: "words for \(status)"))])
  }

  @Test func otherAnswersAreNamed() throws {
    let plain = try WebSocketRun()
    plain.connect(peer.url("plain", "/status/200"))
    #expect(plain.failureWords.hasSuffix("it answered HTTP 200 instead of 101"))
    let moved = try WebSocketRun()
    moved.connect(peer.url("plain", "/moved"))
    #expect(moved.outcomes == [.failed(.httpStatus(302, body: "it redirects to /elsewhere"))])
    let slow = try WebSocketRun()
    slow.connect(peer.url("good", "/slow", host: "127.0.0.1"), timeoutMilliseconds: 300)
    #expect(slow.failureWords.hasPrefix("the certificate of CN=good"))
  }
}
