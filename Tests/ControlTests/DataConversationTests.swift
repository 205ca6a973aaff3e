import Base
import Testing

@testable import Control

private func start(_ action: Action, json: Bool = false) -> Conversation {
  Conversation(action, socket: "/s", json: json, token: nil, now: Instant(microseconds: 0))
}

private func steps(_ conversation: inout Conversation) -> [Conversation.Step] {
  var steps: [Conversation.Step] = []
  while let step = conversation.poll() { steps.append(step) }
  return steps
}

private func result(_ text: String) throws -> [UInt8] { Reply.result(try json(text), to: .number(2)) }

@Suite("What lintelctl says for texts, files and doors")
struct DataConversationTests {
  @Test(
    "a result for a person",
    arguments: [
      (.hangup(who: nil), "{\"connection\":\"disconnected\",\"was\":\"connected\"}", "the call has ended\n"),
      (
        .hangup(who: nil), "{\"connection\":\"disconnected\",\"was\":\"disconnected\"}", "there was no call\n"
      ),
      (.rpc(identity: "a", method: "m", payload: "", timeoutSeconds: 1), "{\"payload\":\"a\\nb\"}", "a\nb\n"),
      (.rpc(identity: "a", method: "m", payload: "", timeoutSeconds: 1), "{\"payload\":\"\"}", ""),
      (.dtmf(digits: "1", to: nil), "{\"sent\":1}", "1 key sent\n"),
      (.dtmf(digits: "12", to: nil), "{\"sent\":2}", "2 keys sent\n"),
      (.send(text: "x", topic: nil, to: nil), "{\"id\":\"i\"}", "sent\n"),
      (.attributes([]), "{\"attributes\":{}}", "no attributes\n"),
      (.attributes([]), "{\"attributes\":{\"a\":\"1\",\"b\":\"\\u001b\"}}", "a=1\nb=.\n"),
      (.doorStatus, "{\"state\":\"closed\",\"last_opened_by\":\"bob\"}", "closed, last opened by bob\n"),
      (
        .doorStatus,
        "{\"state\":\"closed\",\"last_opened_by\":\"bob\",\"contact\":\"open\",\"alarm\":\"forced\"}",
        "closed (stands open), last opened by bob\n"
      ),
      (.press(name: "button", .hold(milliseconds: nil)), "{\"pressed\":\"button\"}", "pressed button\n"),
      (.turn(.start), "{\"turn\":\"open\"}", "the turn is open\n"),
    ] as [(Request, String, String)])
  func results(request: Request, answer: String, words: String) throws {
    var conversation = start(.request(request))
    #expect(steps(&conversation) == [.send(request.line(id: 2))])
    conversation.receive(try result(answer), now: Instant(microseconds: 0))
    #expect(
      steps(&conversation) == (words.isEmpty ? [] : [.print(words)]) + [.finish(.done)])
    var asJSON = start(.request(request), json: true)
    _ = steps(&asJSON)
    asJSON.receive(try result(answer), now: Instant(microseconds: 0))
    #expect(steps(&asJSON) == [.print(try json(answer).text + "\n"), .finish(.done)])
  }

  @Test("a call may take as long as it was given, and its error is a failure")
  func rpcTimeout() {
    var conversation = start(.request(.rpc(identity: "a", method: "m", payload: "", timeoutSeconds: 60)))
    _ = steps(&conversation)
    #expect((conversation.deadline?.milliseconds(since: Instant(microseconds: 0)) ?? 0) > 60_000)
    conversation.receive(
      Reply.failure(.failed(code: "rpc.1400", message: "no such method (1400)"), to: .number(2)),
      now: Instant(microseconds: 0))
    #expect(
      steps(&conversation) == [.complain("lintelctl: no such method (1400)\n"), .finish(.failed)])
  }

  @Test("a refusal of the door ends with its own status")
  func notAllowed() {
    var conversation = start(.request(.doorOpen))
    _ = steps(&conversation)
    conversation.receive(
      Reply.failure(.notAllowed("the door is not opened this way"), to: .number(2)),
      now: Instant(microseconds: 0))
    #expect(steps(&conversation).last == .finish(.notAllowed))
  }

  @Test("a file goes piece by piece, each after the answer to the one before")
  func file() throws {
    var conversation = Conversation(
      .sendFiles(paths: ["/tmp/a b.jpg"], isText: true, topic: "images", to: nil), socket: "/s", json: false,
      token: nil, fileBytes: [5], now: Instant(microseconds: 0))
    #expect(
      steps(&conversation) == [
        .send(
          Request.sendFileBegin(name: "a b.jpg", bytes: 5, isText: true, topic: "images", to: nil).line(id: 2)
        )
      ])
    conversation.receive(try result("{\"file\":7}"), now: Instant(microseconds: 0))
    #expect(steps(&conversation) == [.readFile(index: 0, bytesMax: ControlLimits.filePieceBytesMax)])
    conversation.receiveFile([1, 2, 3, 4, 5])
    #expect(
      steps(&conversation) == [.send(Request.sendFileData(file: 7, data: [1, 2, 3, 4, 5]).line(id: 2))])
    conversation.receive(try result("{\"bytes\":5}"), now: Instant(microseconds: 1_000_000))
    #expect(steps(&conversation) == [.readFile(index: 0, bytesMax: ControlLimits.filePieceBytesMax)])
    conversation.receiveFile([])
    #expect(steps(&conversation) == [.send(Request.sendFileEnd(file: 7).line(id: 2))])
    conversation.receive(try result("{\"bytes\":5}"), now: Instant(microseconds: 2_000_000))
    #expect(steps(&conversation) == [.print("sent 5 bytes\n"), .finish(.done)])
  }

  @Test("several files go one after the other, and each is told of", arguments: [false, true])
  func files(asJSON: Bool) throws {
    var conversation = Conversation(
      .sendFiles(paths: ["/tmp/a", "b"], isText: false, topic: nil, to: "desk"), socket: "/s", json: asJSON,
      token: nil, fileBytes: [1, nil], now: Instant(microseconds: 0))
    var done: [Conversation.Step] = []
    for (index, name) in ["a", "b"].enumerated() {
      let begin = Request.sendFileBegin(
        name: name, bytes: index == 0 ? 1 : nil, isText: false, topic: nil, to: "desk")
      done = steps(&conversation)
      #expect(done.last == .send(begin.line(id: 2)))
      conversation.receive(try result("{\"file\":\(index + 4)}"), now: Instant(microseconds: 0))
      #expect(
        steps(&conversation) == [.readFile(index: index, bytesMax: ControlLimits.filePieceBytesMax)])
      conversation.receiveFile([])
      #expect(steps(&conversation) == [.send(Request.sendFileEnd(file: index + 4).line(id: 2))])
      conversation.receive(try result("{\"bytes\":1}"), now: Instant(microseconds: 0))
      guard index == 0 else { break }
      guard case .print(let told)? = conversation.poll() else { throw NoStep() }
      #expect(told == (asJSON ? "{\"path\":\"/tmp/a\",\"bytes\":1}\n" : "/tmp/a: sent 1 bytes\n"))
    }
    let last = asJSON ? "{\"path\":\"b\",\"bytes\":1}\n" : "b: sent 1 bytes\n"
    #expect(steps(&conversation) == [.print(last), .finish(.done)])
  }

  private struct NoStep: Error {}

  @Test("a piece of the largest size is a request that is taken")
  func largestPiece() throws {
    let piece = Request.sendFileData(
      file: Int(Int32.max), data: [UInt8](repeating: 0xFB, count: ControlLimits.filePieceBytesMax))
    let line = piece.line(id: 2)
    #expect(line.count < ControlLimits.requestLineBytesMax)
    #expect(try Request.parse(line.dropLast()).request == piece)
  }

  @Test(
    "what somebody does is told in words",
    arguments: [
      (.chat(identity: "ann", text: "hi\u{1B}[2J"), "chat             ann: hi.[2J"),
      (
        .transcript(identity: "bot", segment: "S", text: "Good", isFinal: false),
        "transcript       bot: Good ..."
      ),
      (
        .transcript(identity: "bot", segment: "S", text: "Good day.", isFinal: true),
        "transcript       bot: Good day."
      ),
      (.agentState(identity: "bot", state: "thinking"), "agent.state      bot is thinking"),
      (
        .agentMissing(waitedSeconds: 20, attempt: 1, retry: true),
        "agent.missing    no agent came within 20 s; joining anew"
      ),
      (.dtmf(identity: "sip_1", digit: "5"), "dtmf             sip_1 pressed 5"),
      (
        .rpc(identity: "bot", method: "lintel.mute", failure: "not allowed"),
        "rpc              bot called lintel.mute: refused, not allowed"
      ),
      (.doorOpened(by: "sip_1", how: "dtmf"), "door.opened      by sip_1 (dtmf)"),
      (
        .doorRefused(by: "ann", how: "rpc", reason: "no call"), "door.refused     to ann (rpc): no call"
      ),
      (
        .doorLockedOut(by: "sip_1", seconds: 600),
        "door.locked_out  no code is taken for 10 min 0 s, after sip_1"
      ),
      (.doorForced, "door.forced      it was opened, and not by its lock"),
      (.doorLeftOpen(seconds: 90), "door.left_open   it has been open for 1 min 30 s"),
      (
        .file(identity: "ann", topic: "t", name: "a.jpg", bytes: 3, failure: nil),
        "file             ann sent a.jpg (3 bytes)"
      ),
      (.turn(state: "open", failure: nil), "turn             state=open"),
      (.data(identity: "ann", topic: "t", bytes: 3), "data             identity=ann topic=t bytes=3"),
      (.indicator(show: "thinking"), "indicator        show=thinking"), (.doorClosed, "door.closed     "),
      (.eventsSuppressed(name: "dtmf", count: 3), "events.suppressed name=dtmf count=3"),
    ] as [(Event, String)])
  func events(event: Event, words: String) {
    #expect(EventText.render(event.json(unixMilliseconds: 0)) == "1970-01-01T00:00:00.000Z  " + words)
  }
}
