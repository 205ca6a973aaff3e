import Base
import Control
import JSON

/// Any line is a request that can be written and read again, or a refusal that is a line of JSON itself.
func fuzzControlRequest(_ bytes: [UInt8]) {
  fuzzRequestLine(bytes)
  // Most lines fail as JSON. So the parts of the input also stand where id, method and parameters belong.
  let parts = bytes.split(separator: 0xFF, maxSplits: 2, omittingEmptySubsequences: false)
  guard parts.count == 3 else { return }
  let method = JSONValue.string(String(decoding: parts[1], as: UTF8.self)).bytes
  fuzzRequestLine(
    Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8) + parts[0] + Array(",\"method\":".utf8) + method
      + Array(",\"params\":{".utf8) + parts[2] + Array("}}".utf8))
}

private func fuzzRequestLine(_ bytes: [UInt8]) {
  do throws(RefusedRequest) {
    let request = try Request.parse(bytes)
    guard let again = try? Request.parse(Array(request.request.line(id: 1).dropLast())) else {
      preconditionFailure("a request that was read cannot be written")
    }
    precondition(again.request == request.request)
    check(Reply.result(.null, to: request.id))
  } catch {
    check(Reply.failure(error.failure, to: error.id))
  }
}

/// A client that sends this, cut into pieces as its first byte says: what comes out are lines, and not too many.
func fuzzControlLineBuffer(_ bytes: [UInt8]) {
  let size = 1 + Int(bytes.first ?? 0)
  var whole = LineBuffer(lineBytesMax: 200)
  whole.append(bytes)
  var expected: [[UInt8]] = []
  while let line = whole.next() { expected.append(line) }
  var pieces = LineBuffer(lineBytesMax: 200)
  var found: [[UInt8]] = []
  let session = ControlSession()
  var start = 0
  while start < bytes.count {
    let piece = Array(bytes[start..<min(start + size, bytes.count)])
    pieces.append(piece)
    while let line = pieces.next() { found.append(line) }
    precondition(pieces.waitingBytes < 200)
    session.receive(piece)
    while let request = session.next() { session.refuse(request, .notAllowed("fuzz")) }
    start += size
  }
  precondition(
    found == expected && pieces.isBroken == whole.isBroken, "how a stream is cut changes its lines")
  for line in session.outgoing.split(separator: 0x0A) { check(Array(line) + [0x0A]) }
}

/// Any text, after secrets of any bytes: the end is reached, and what is put in their place is no more than a mark each.
func fuzzControlScrubber(_ bytes: [UInt8]) {
  let parts = bytes.split(separator: 0xFF, maxSplits: 2, omittingEmptySubsequences: false).map { Array($0) }
  let text = parts[parts.count - 1]
  let scrubber = Scrubber(parts.dropLast().map { String(decoding: $0, as: UTF8.self) })
  let cleaned = scrubber.clean(text)
  precondition(cleaned.count <= 3 * text.count, "more marks than bytes")
}

/// Commands whose answers come from a room server.
private let serverActions = [
  ["twilio", "twiml"], ["dispatch", "list"], ["rooms", "list"], ["rooms", "participants"],
]
.compactMap { try? Invocation.parse($0, defaultSocket: "/s").action }

/// What a daemon might send to lintelctl, for each kind of command: it ends in text for a terminal, or goes on.
func fuzzControlConversation(_ bytes: [UInt8]) {
  let actions: [Action] =
    [
      .request(.status), .request(.participants), .events(follow: true), .request(.version),
      .join(url: nil, tokenFile: nil, waitSeconds: 5), .request(.configReload), .request(.stats),
      .sendFiles(paths: ["a", "b"], isText: false, topic: nil, to: nil), .request(.directory),
      .request(.dial(DialRequest(target: "a"))),
    ] + serverActions
  let action = actions[Int(bytes.first ?? 0) % actions.count]
  let now = Instant(microseconds: 0)
  var conversation = Conversation(action, socket: "/s", json: false, token: nil, now: now)
  conversation.receive(Array("{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{".utf8), now: now)
  conversation.receive(Array(bytes.dropFirst()), now: now)
  conversation.receive(Array("}}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{".utf8), now: now)
  conversation.receive(bytes.dropFirst().filter { $0 != 0x0A } + Array("}}\n".utf8), now: now)
  while let step = conversation.poll() {
    guard case .print(let text) = step else { continue }
    for scalar in text.unicodeScalars {
      precondition(scalar == "\n" || scalar.value >= 0x20 && !(0x7F..<0xA0).contains(scalar.value))
    }
  }
}

private func check(_ line: [UInt8]) {
  guard let last = line.last else { return }
  precondition(last == 0x0A && !line.dropLast().contains(0x0A), "a reply is not one line")
  do throws(JSONFailure) {
    _ = try JSONValue.parse(Array(line.dropLast()))
  } catch {
    preconditionFailure("a reply is no JSON")
  }
}
