import Testing

@testable import Reactor

struct HTTPResponseParserTests {
  private func parse(
    _ text: String, limit: Int = 1000, truncates: Bool = false, pieces: Int = .max, ends: Bool = false
  ) throws(HTTPParseFailure) -> HTTPResponseParser {
    var parser = HTTPResponseParser(bodyBytesMax: limit, truncatesBody: truncates)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      _ = try parser.feed(Array(rest.prefix(pieces)))
      rest = rest.dropFirst(min(pieces, rest.count))
    }
    if ends { try parser.endOfStream() }
    return parser
  }

  private static let responses: [(text: String, status: Int, body: String)] = [
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
    ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nContent-Length:2\r\n\r\nno", 401, "no"),
    ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
    ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, ""),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\n",
      200, "hello!"
    ),
    ("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.0 404 Not Found\nContent-Length: 1\n\nx", 404, "x"),
  ]

  @Test(arguments: 0..<6, [1, 2, 7, Int.max]) func wholeOrInPieces(index: Int, pieces: Int) throws {
    let (text, status, body) = Self.responses[index]
    let parser = try parse(text, pieces: pieces)
    #expect(parser.isComplete)
    #expect(parser.head?.status == status)
    #expect(String(decoding: parser.body, as: UTF8.self) == body)
    #expect(parser.leftover.isEmpty)
  }

  @Test(arguments: 0..<6) func everyTruncationIsNoticed(index: Int) throws {
    let text = Self.responses[index].text
    for count in 0..<text.utf8.count {
      let part = String(decoding: Array(text.utf8).prefix(count), as: UTF8.self)
      #expect(throws: HTTPParseFailure.truncated) { _ = try parse(part, ends: true) }
    }
  }

  @Test func withoutALengthTheEndOfTheStreamEndsTheBody() throws {
    let open = try parse("HTTP/1.1 200 OK\r\n\r\nabc")
    #expect(!open.isComplete)
    #expect(try parse("HTTP/1.1 200 OK\r\n\r\nabc", ends: true).isComplete)
  }

  @Test func bytesBehindAnUpgradeAreKept() throws {
    let parser = try parse(
      "HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\nConnection: x, upgrade\r\n\r\n\u{1}\u{2}")
    #expect(parser.isComplete && parser.leftover == [1, 2])
    let head = try #require(parser.head)
    #expect(head.lists("websocket", in: "upgrade") && head.lists("Upgrade", in: "connection"))
    #expect(!head.lists("grade", in: "connection"))
  }

  @Test func limitsHold() throws {
    #expect(throws: HTTPParseFailure.bodyTooLarge) {
      _ = try parse("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", limit: 10)
    }
    #expect(throws: HTTPParseFailure.bodyTooLarge) { _ = try parse("HTTP/1.1 200 OK\r\n\r\nabcd", limit: 3) }
    #expect(throws: HTTPParseFailure.bodyTooLarge) {
      _ = try parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nabcd", limit: 3)
    }
    let cut = try parse("HTTP/1.1 500 E\r\nContent-Length: 9\r\n\r\nabcdefghi", limit: 4, truncates: true)
    #expect(cut.isComplete && cut.body == Array("abcd".utf8))
    let long = String(repeating: "x", count: 20_000)
    for text in [
      "HTTP/1.1 200 \(long)", "HTTP/1.1 200 OK\r\nA: \(long)", String(repeating: "\r\n", count: 20_000),
    ] {
      #expect(throws: HTTPParseFailure.headTooLarge) { _ = try parse(text) }
    }
    let many = String(repeating: "a: b\r\n", count: 65)
    #expect(throws: HTTPParseFailure.headTooLarge) { _ = try parse("HTTP/1.1 200 OK\r\n\(many)\r\n") }
    let interim = String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 2000)
    #expect(throws: HTTPParseFailure.headTooLarge) { _ = try parse(interim) }
  }

  /// A server, or whoever is in the way, sends a chunk of one byte and an extension of 16 kB, for ever, and no read ends
  /// where a line does.
  @Test func whatWasReadIsNotKept() throws {
    var parser = HTTPResponseParser(bodyBytesMax: 4096)
    _ = try parser.feed(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1".utf8))
    let extended = Array((";e=" + String(repeating: "x", count: 1000) + "\r\na\r\n1").utf8)
    #expect(throws: HTTPParseFailure.headTooLarge) {
      for _ in 0..<4096 {
        _ = try parser.feed(extended)
        #expect(parser.waitingBytes <= extended.count)
      }
    }
    // Without extensions every body of the allowed length comes through, however small its chunks are.
    var plain = HTTPResponseParser(bodyBytesMax: 32_768)
    _ = try plain.feed(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1".utf8))
    for _ in 0..<32_768 {
      _ = try plain.feed(Array("\r\na\r\n1".utf8))
      #expect(plain.waitingBytes < 8)
    }
    #expect(plain.body.count == 32_768)
  }

  @Test(arguments: [
    "SSH-2.0-OpenSSH\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1ffffffff\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
  ]) func malformedIsRefused(text: String) {
    do throws(HTTPParseFailure) {
      _ = try parse(text)
      Issue.record("accepted")
    } catch {
      guard case .malformed = error else {
        Issue.record("\(error)")
        return
      }
    }
  }
}
