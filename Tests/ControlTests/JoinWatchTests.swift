import Testing

@testable import Control

private func event(_ event: Event) -> ServerMessage { .event(event.json(unixMilliseconds: 0)) }
private let accepted = ServerMessage.result(
  id: .number(2), .object([.init("connection", .string("connecting"))]))

private func failure(_ message: String, retriable: Bool) -> ServerMessage {
  event(.roomFailure(RoomFailure(code: "c", message: message, retriable: retriable)))
}

@Suite("The end of a join, row by row of its table")
struct JoinWatchTests {
  private func outcome(_ messages: ServerMessage...) -> JoinWatch.Outcome? {
    var watch = JoinWatch(id: .number(2))
    var outcome: JoinWatch.Outcome?
    for message in messages where outcome == nil { outcome = watch.handle(message) }
    return outcome
  }

  @Test("connected before")
  func before() {
    #expect(
      outcome(.result(id: .number(2), .object([.init("connection", .string("connected"))]))) == .connected)
  }

  @Test("connected by it")
  func connected() {
    #expect(
      outcome(
        accepted, event(.roomConnection(.connecting, reason: nil)),
        event(.roomConnection(.connected, reason: nil)))
        == .connected)
  }

  @Test("what came before the reply belongs to the time before")
  func beforeTheReply() {
    #expect(
      outcome(
        failure("old", retriable: false), event(.roomConnection(.disconnected, reason: "old")),
        event(.roomConnection(.connected, reason: nil)), accepted) == nil)
  }

  @Test("the replies to other requests are not its own")
  func otherReplies() {
    #expect(outcome(.result(id: .number(1), .object([.init("connection", .string("connected"))]))) == nil)
    #expect(outcome(.failure(id: .number(1), code: -32000, message: "x")) == nil)
  }

  @Test("a failure that is retried goes on, and is remembered")
  func retried() {
    #expect(outcome(accepted, failure("refused", retriable: true)) == nil)
    var watch = JoinWatch(id: .number(2))
    for message in [accepted, failure("refused", retriable: true)] { _ = watch.handle(message) }
    #expect(watch.lastFailure == "refused")
    #expect(
      watch.outOfTime(seconds: 15).hasPrefix("not connected after 15 s: refused (the daemon keeps trying"))
  }

  @Test("a failure that is not retried ends it")
  func final() {
    #expect(outcome(accepted, failure("unknown host", retriable: false)) == .failed("unknown host"))
  }

  @Test("disconnected ends it, with the reason, or the last failure's")
  func disconnected() {
    #expect(outcome(accepted, event(.roomConnection(.disconnected, reason: "left"))) == .failed("left"))
    #expect(
      outcome(
        accepted, failure("refused", retriable: true), event(.roomConnection(.disconnected, reason: nil)))
        == .failed("refused"))
    #expect(
      outcome(accepted, event(.roomConnection(.disconnected, reason: nil)))
        == .failed("the daemon left the room"))
  }

  @Test("refused by the daemon")
  func refused() {
    #expect(outcome(.failure(id: .number(2), code: -32000, message: "no token")) == .failed("no token"))
    #expect(outcome(.failure(id: .number(2), code: -32001, message: "only root")) == .notAllowed("only root"))
    #expect(outcome(.failure(id: .number(2), code: -32602, message: "bad url")) == .failed("bad url"))
  }
}
