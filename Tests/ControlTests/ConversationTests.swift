import Base
import Testing

@testable import Control

/// A conversation with what it did: the lines it sent, what it printed, and how it ended.
private struct Talk {
  var conversation: Conversation
  var sent: [String] = []
  var printed = ""
  var complained = ""
  var reads: [Int] = []
  var asked: [String] = []
  var status: ExitCode?

  init(_ action: Action, json: Bool = false, token: String? = nil) {
    conversation = Conversation(action, socket: "/s", json: json, token: token, now: Instant(microseconds: 0))
    drain()
  }

  mutating func drain() {
    while let step = conversation.poll() {
      #expect(status == nil, "a step after the last")
      switch step {
      case .send(let line): sent.append(text(line))
      case .print(let words): printed += words
      case .complain(let words): complained += words
      case .readFile(_, let bytesMax): reads.append(bytesMax)
      case .ask(let question): asked.append(question)
      case .finish(let end): status = end
      }
    }
  }

  mutating func hear(_ bytes: [UInt8], atMilliseconds now: Int = 0) {
    conversation.receive(bytes, now: Instant(microseconds: Int64(now) * 1000))
    drain()
  }

  mutating func hear(_ event: Event, atMilliseconds now: Int = 0) {
    hear(Reply.event(event.json(unixMilliseconds: 0)), atMilliseconds: now)
  }

  mutating func time(_ milliseconds: Int) {
    conversation.handleTimeout(now: Instant(microseconds: Int64(milliseconds) * 1000))
    drain()
  }
}

private func result(_ text: String) throws -> [UInt8] { Reply.result(try json(text), to: .number(2)) }

@Suite("What lintelctl says")
struct ConversationTests {
  @Test(
    "a tone that others would hear is asked for", arguments: [true, false, nil] as [Bool?])
  func doctorAsks(answer: Bool?) throws {
    var talk = Talk(.doctor(DoctorOrder()))
    #expect(talk.sent == ["{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"doctor\"}\n"])
    let refusal = ControlFailure.failed(code: Doctor.inCall, message: "others would hear the tone")
    talk.hear(Reply.failure(refusal, to: .number(2)))
    #expect(talk.asked.count == 1 && talk.status == nil)
    talk.conversation.receiveAnswer(answer, now: Instant(microseconds: 0))
    talk.drain()
    guard answer == true else {
      #expect(talk.status == .failed && talk.sent.count == 1)
      #expect(answer != nil || talk.complained.contains("--yes"))
      return
    }
    #expect(talk.sent.last?.contains("\"params\":{\"yes\":true}") == true)
    talk.hear(try result("{\"verdict\":\"pass\",\"rows\":[]}"))
    #expect(talk.status == .done)
  }

  @Test(
    "a request, its result for a person, and as JSON",
    arguments: [
      (.request(.mute(on: true)), "{\"muted\":true,\"hard_muted\":false}", "muted\n"),
      (.request(.mute(on: false)), "{\"muted\":false,\"hard_muted\":false}", "not muted\n"),
      (
        .request(.mute(on: true)), "{\"muted\":true,\"hard_muted\":true}",
        "muted by the switch on the device\n"
      ),
      (.request(.volume(level: 60)), "{\"volume\":60}", "volume 60 %\n"),
      (.request(.leave), "{\"connection\":\"disconnected\",\"was\":\"joining\"}", "left the room\n"),
      (.request(.leave), "{\"connection\":\"disconnected\",\"was\":\"disconnected\"}", "it was in no room\n"),
      (.request(.participants), "[]", "nobody else is in the room\n"),
      (
        .request(.participants),
        "[{\"identity\":\"bob\",\"kind\":\"sip\",\"tracks\":[{\"source\":\"microphone\"}]}]",
        "bob (sip): microphone\n"
      ),
      (
        .join(url: nil, tokenFile: nil, waitSeconds: nil), "{\"connection\":\"connecting\"}",
        "joining; `lintelctl status` tells how it goes\n"
      ),
    ] as [(Action, String, String)])
  func results(action: Action, reply: String, words: String) throws {
    var talk = Talk(action)
    #expect(talk.sent.count == 1)
    talk.hear(try result(reply))
    #expect(talk.printed == words && talk.complained.isEmpty && talk.status == .done)
    var machine = Talk(action, json: true)
    machine.hear(try result(reply))
    #expect(machine.printed == reply + "\n" && machine.status == .done)
  }

  @Test("status is rendered, or passed through as it came")
  func status() throws {
    let reply = Reply.result(busyStatus().json, to: .number(2))
    var talk = Talk(.request(.status))
    talk.hear(reply)
    #expect(talk.printed == StatusText.render(busyStatus().json))
    var machine = Talk(.request(.status), json: true)
    machine.hear(reply)
    #expect(machine.printed == busyStatus().json.text + "\n")
  }

  @Test("versions of both")
  func version() throws {
    var talk = Talk(.request(.version))
    talk.hear(try result("{\"version\":\"9.9\\u001b\"}"))
    #expect(talk.printed == "lintelctl \(lintelVersion)\nlinteld 9.9.\n")
  }

  @Test(
    "errors decide the exit status",
    arguments: [(-32000, .failed), (-32001, .notAllowed), (-32602, .failed)] as [(Int, ExitCode)])
  func errors(code: Int, status: ExitCode) {
    let reply = "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":\(code),\"message\":\"no \\u001b way\"}}\n"
    var talk = Talk(.request(.leave))
    talk.hear(bytes(reply))
    #expect(talk.printed.isEmpty && talk.complained == "lintelctl: no . way\n" && talk.status == status)
    var machine = Talk(.request(.leave), json: true)
    machine.hear(bytes(reply))
    #expect(machine.printed == "{\"error\":{\"status\":\(status.rawValue),\"message\":\"no \\u001b way\"}}\n")
  }

  @Test("a join subscribes first, sends the token, and waits for sound")
  func join() throws {
    var talk = Talk(.join(url: "ws://h", tokenFile: "/t", waitSeconds: 15), token: "a.b.c")
    #expect(talk.sent.map { $0.contains("events.subscribe") } == [true, false])
    #expect(
      talk.sent[1]
        == "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"join\",\"params\":{\"url\":\"ws://h\",\"token\":\"a.b.c\"}}\n"
    )
    talk.hear(Reply.result(.object([.init("status", .null), .init("recent", .array([]))]), to: .number(1)))
    talk.hear(try result("{\"connection\":\"connecting\"}"))
    #expect(talk.conversation.deadline == Instant(microseconds: 15_000_000))
    talk.hear(.roomConnection(.connecting, reason: nil), atMilliseconds: 20)
    #expect(talk.status == nil && talk.printed.isEmpty)
    talk.hear(.roomConnection(.connected, reason: nil), atMilliseconds: 870)
    #expect(talk.printed == "connected after 0.8 s\n" && talk.status == .done)
  }

  @Test("a join that is retried says so once a reason, and fails when the time is over")
  func joinOutOfTime() throws {
    var talk = Talk(.join(url: nil, tokenFile: nil, waitSeconds: 3))
    talk.hear(try result("{\"connection\":\"connecting\"}"))
    for _ in 0..<3 { talk.hear(.roomFailure(RoomFailure(code: "c", message: "refused", retriable: true))) }
    #expect(talk.complained == "still trying: refused\n")
    talk.time(2999)
    #expect(talk.status == nil)
    talk.time(3000)
    #expect(talk.status == .failed)
    #expect(
      talk.complained.hasSuffix(
        "lintelctl: not connected after 3 s: refused (the daemon keeps trying; `lintelctl leave` stops it)\n")
    )
  }

  @Test("a join that cannot succeed fails at once with the reason")
  func joinFails() throws {
    var talk = Talk(.join(url: nil, tokenFile: nil, waitSeconds: 15), json: true)
    talk.hear(try result("{\"connection\":\"connecting\"}"))
    talk.hear(
      .roomFailure(RoomFailure(code: "http.401", message: "the server refused the token", retriable: false)))
    #expect(talk.status == .failed && talk.complained == "lintelctl: the server refused the token\n")
    #expect(talk.printed == "{\"error\":{\"status\":1,\"message\":\"the server refused the token\"}}\n")
  }

  @Test("a daemon that does not answer is not reachable")
  func silent() {
    for action in [
      Action.request(.status), .join(url: nil, tokenFile: nil, waitSeconds: 60), .events(follow: true),
    ] {
      var talk = Talk(action)
      talk.time(4999)
      #expect(talk.status == nil)
      talk.time(5000)
      #expect(talk.status == .unreachable && talk.complained.contains("does not answer"))
    }
  }

  @Test("events: those of late, and with --follow those to come, without a deadline")
  func events() throws {
    let snapshot = Reply.result(
      .object([
        .init("status", .object([])),
        .init("recent", .array([Event.audioVolume(percent: 1).json(unixMilliseconds: 0)])),
      ]), to: .number(2))
    var once = Talk(.events(follow: false))
    once.hear(snapshot)
    #expect(once.printed == "1970-01-01T00:00:00.000Z  audio.volume     volume=1\n" && once.status == .done)
    var follow = Talk(.events(follow: true), json: true)
    follow.hear(snapshot)
    #expect(follow.status == nil && follow.conversation.deadline == nil)
    follow.hear(.audioVolume(percent: 2))
    let lines = try follow.printed.split(separator: "\n").map { try json(String($0)) }
    #expect(lines.map { $0["event"].string } == ["snapshot", "audio.volume", "audio.volume"])
    #expect(lines.map { $0["volume"] } == [.null, .integer(1), .integer(2)])
    follow.conversation.handleEnd()
    follow.drain()
    #expect(follow.status == .unreachable)
  }

  @Test(
    "something else behind the socket",
    arguments: [
      "HTTP/1.1 400 Bad Request\r\n", "{}\n", "[]\n", "\u{0}\n", String(repeating: "x", count: 1 << 20),
    ])
  func stranger(words: String) {
    var talk = Talk(.request(.status))
    talk.hear(bytes(words))
    #expect(talk.status == .unreachable && talk.complained.contains("/s does not speak lintel's protocol"))
  }

  @Test("replies to nobody are left aside; the end of the stream is told")
  func closed() {
    var talk = Talk(.request(.status))
    talk.hear(bytes("{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}\n"))
    #expect(talk.status == nil)
    talk.conversation.handleEnd()
    talk.drain()
    #expect(talk.status == .unreachable && talk.complained.contains("closed the connection"))
  }
}
