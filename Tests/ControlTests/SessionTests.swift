import Testing

@testable import Control

private let statusLine = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n"

@Suite("A client's session")
struct SessionTests {
  @Test("requests come out, what is none is answered, in order")
  func order() {
    let session = ControlSession()
    session.receive(bytes(statusLine + "junk\n" + statusLine + statusLine.dropLast()))
    #expect(session.next()?.request == .status)
    #expect(session.outgoing.isEmpty)
    #expect(session.next()?.request == .status)
    #expect(text(session.outgoing).contains("-32700"))
    #expect(session.next() == nil && !session.shouldClose)
    session.receive([0x0A])
    #expect(session.next()?.id == .number(1))
  }

  @Test("a line of a megabyte is refused with a reason, then the session closes")
  func longLine() {
    let session = ControlSession()
    var fed = 0
    while session.wantsInput, fed < 1 << 20 {
      session.receive([UInt8](repeating: 0x61, count: 4096))
      fed += 4096
      #expect(session.next() == nil)
    }
    #expect(fed <= 64 * 1024 + 4096)
    #expect(session.shouldClose && !session.wantsInput)
    #expect(text(session.outgoing).contains("a line is longer than 65536 bytes"))
  }

  @Test("events reach only who subscribed, after the snapshot")
  func subscription() throws {
    let session = ControlSession()
    let event = Event.audioVolume(percent: 5).json(unixMilliseconds: 0)
    session.notify(event, unixMilliseconds: 0)
    #expect(session.outgoing.isEmpty)
    session.receive(Request.eventsSubscribe.line(id: 4))
    let request = try #require(session.next())
    session.subscribe(request, status: Status().json, recent: [event])
    session.notify(event, unixMilliseconds: 0)
    let sent = text(session.outgoing).split(separator: "\n").map(String.init)
    #expect(sent.count == 2)
    let snapshot = try json(sent[0])
    #expect(snapshot["id"] == .integer(4))
    #expect(snapshot["result"]["status"]["room"]["connection"] == .string("disconnected"))
    #expect(snapshot["result"]["recent"].array == [event])
    #expect(
      sent[1]
        == "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"time\":\"1970-01-01T00:00:00.000Z\","
        + "\"event\":\"audio.volume\",\"volume\":5}}")
  }

  @Test("who never reads holds a bounded amount, loses events, and is told how many")
  func neverReads() throws {
    let session = ControlSession()
    session.receive(Request.eventsSubscribe.line(id: 4))
    session.subscribe(try #require(session.next()), status: .null, recent: [])
    let event = Event.audioVolume(percent: 5).json(unixMilliseconds: 0)
    let size = Reply.event(event).count
    for _ in 0..<10_000 { session.notify(event, unixMilliseconds: 0) }
    #expect(session.outgoing.count < ControlLimits.outgoingBytesMax + size)
    let kept = text(session.outgoing).split(separator: "\n").count - 1
    session.didWrite(session.outgoing.count)
    session.notify(event, unixMilliseconds: 0)
    #expect(text(session.outgoing).contains("\"event\":\"events.dropped\",\"count\":\(10_000 - kept)}"))
    #expect(text(session.outgoing).split(separator: "\n").count == 2)
  }

  @Test("who floods without reading gets no further request taken")
  func flood() {
    let session = ControlSession()
    var answered = 0
    for _ in 0..<10_000 where session.wantsInput {
      session.receive(bytes(String(repeating: statusLine, count: 50)))
      while let request = session.next() {
        session.reply(busyStatus().json, to: request)
        answered += 1
      }
    }
    #expect(!session.wantsInput && answered < 1000)
    #expect(session.outgoing.count < ControlLimits.outgoingBytesMax + 4096)
    session.didWrite(session.outgoing.count)
    session.receive(bytes(statusLine))
    #expect(session.wantsInput && session.next()?.request == .status)
  }

  @Test("partial writes take from the front")
  func partialWrite() throws {
    let session = ControlSession()
    session.receive(bytes(statusLine))
    session.reply(.null, to: try #require(session.next()))
    let all = session.outgoing
    session.didWrite(5)
    #expect(session.outgoing == Array(all.dropFirst(5)))
    session.didWrite(10_000)
    #expect(session.outgoing.isEmpty)
  }
}
