import Testing

@testable import Reactor

@Suite struct HTTPRequestParserTests {
  private struct Reading {
    var parser: HTTPRequestParser
    var fault: HTTPRequestFault?
    var body: String { String(decoding: parser.request.body, as: UTF8.self) }
  }

  private func parse(_ text: String, pieces: Int = .max, head: Int = 8192, body: Int = 100) -> Reading {
    var reading = Reading(parser: HTTPRequestParser(headBytesMax: head, bodyBytesMax: body))
    var rest = Array(text.utf8)[...]
    do throws(HTTPRequestFault) {
      while !rest.isEmpty {
        _ = try reading.parser.feed(Array(rest.prefix(pieces)))
        rest = rest.dropFirst(pieces)
      }
    } catch {
      reading.fault = error
    }
    return reading
  }

  private static let requests: [(text: String, method: String, path: String, query: String, body: String)] = [
    ("GET /metrics?a=b&c=%20?d HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/metrics", "a=b&c=%20?d", ""),
    ("POST / HTTP/1.0\n\n", "POST", "/", "", ""),
    ("POST /a HTTP/1.1\r\nHost: x\r\n\r\n", "POST", "/a", "", ""),
    ("POST /a? HTTP/1.1\r\nhost:\r\ncontent-LENGTH: 005\r\n\r\nhello", "POST", "/a", "", "hello"),
    (
      "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length:2\t\r\n\r\nno", "PUT", "/a", "", "no"
    ),
    ("GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "GET", "/a", "", ""),
    (
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
        + "5;x=y\r\nhello\r\n00000001 ; z\r\n!\r\n0\r\nTrailer: x\r\n\r\n", "POST", "/a", "", "hello!"
    ),
    ("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST", "/a", "", ""),
  ]

  @Test(arguments: 0..<8) func wholeOrSplitAtEveryByte(index: Int) throws {
    let wanted = Self.requests[index]
    let bytes = Array(wanted.text.utf8)
    for split in 1..<bytes.count {
      var parser = HTTPRequestParser()
      #expect(try !parser.feed(Array(bytes[..<split])))
      #expect(try parser.feed(Array(bytes[split...])))
      #expect(parser.request.path == wanted.path && parser.request.query == wanted.query)
      #expect(String(decoding: parser.request.body, as: UTF8.self) == wanted.body)
    }
    for pieces in [1, 2, 7, Int.max] {
      let reading = parse(wanted.text, pieces: pieces)
      #expect(reading.fault == nil && reading.parser.isComplete)
      #expect(reading.parser.request.method == wanted.method && reading.body == wanted.body)
    }
  }

  @Test func headersAreFoundInAnyCase() {
    let text =
      "POST / HTTP/1.1\r\nhOST: x\r\nAuthorization: \t a b \r\nX-Two: 1\r\nx-two: 2\r\n"
      + "Empty:\r\nX-Name: \u{E9}\r\n\r\n"
    let request = parse(text, pieces: 3).parser.request
    #expect(request.value(of: "authorization") == "a b" && request.value(of: "AUTHORIZATION") == "a b")
    #expect(request.value(of: "x-two") == "1" && request.headers.count == 6)
    #expect(request.value(of: "empty") == "" && request.value(of: "absent") == nil)
    #expect(request.value(of: "x-name") == "\u{E9}")
  }

  /// What follows is neither kept nor read.
  @Test func aSecondRequestIsDropped() throws {
    let first = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
    var reading = parse(first + "GET /second HTTP/1.1\r\n\r\n")
    #expect(reading.parser.isComplete && reading.parser.request.path == "/" && reading.body == "ab")
    let held = reading.parser.heldBytes
    #expect(try reading.parser.feed([UInt8](repeating: 0, count: 1000)))
    #expect(reading.parser.heldBytes == held && held == first.utf8.count)
  }

  @Test func whoeverExpectsItIsToldOnceToGoOn() {
    /// Whether it is told, now and once more.
    func told(_ text: String) -> [Bool] {
      var parser = parse(text).parser
      return [parser.takeContinue(), parser.takeContinue()]
    }
    let expecting = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n"
    #expect(told(expecting) == [false, false])
    #expect(told(expecting + "Content-Length: 2\r\n\r\n") == [true, false])
    #expect(told(expecting + "Transfer-Encoding: chunked\r\n\r\n") == [true, false])
    #expect(told(expecting + "Content-Length: 2\r\n\r\na") == [false, false])
    let old = "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    #expect(told(old) == [false, false])
  }

  private static let start = "POST / HTTP/1.1\r\nHost: x\r\n"
  private static let chunked = start + "Transfer-Encoding: chunked\r\n\r\n"

  @Test(arguments: [
    "\r\n", "GET /\r\n", "GET metrics HTTP/1.1\r\n", "GET / HTTP/2.0\r\n", "GET / HTTP/1.x\r\n",
    "GET / HTTP/1.10\r\n", "GET  / HTTP/1.1\r\n", " / HTTP/1.1\r\n", "GET /\u{7F} HTTP/1.1\r\n",
    "GET /\u{E9} HTTP/1.1\r\n", "GET /a\rb HTTP/1.1\r\n", "G(T / HTTP/1.1\r\n", "\u{16}\u{3}\u{1}", "\0",
    // Whoever is in front may understand these otherwise.
    start + "A: b\r\n folded\r\n", start + " A: b\r\n", start + "A : b\r\n", start + "A\t: b\r\n",
    start + ": b\r\n", start + "no colon\r\n", start + "A: b\rC: d\r\n", start + "A: b\0\r\n",
    start + "Host: y\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
    start + "Content-Length: -1\r\n\r\n", start + "Content-Length: +1\r\n\r\n",
    start + "Content-Length: 1, 1\r\n\r\n", start + "Content-Length: 0x1\r\n\r\n",
    start + "Content-Length:\r\n\r\n", start + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    start + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    start + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    chunked + "xyz\r\n", chunked + "\r\n", chunked + "000000001\r\n", chunked + "-1\r\n", chunked + "1 \r\n",
    chunked + "1 x\r\n", chunked + "0x1\r\n", chunked + "1\n", chunked + "1;a=\rb\r\n", chunked + "1\r\nabc",
    chunked + "1\r\na\n", chunked + "1\r\na\r\r", chunked + "0\r\nno trailer\r\n",
  ]) func malformedIsRefused(text: String) {
    for pieces in [1, 2, Int.max] {
      guard case .malformed(let reason) = parse(text, pieces: pieces).fault else {
        Issue.record("accepted in pieces of \(pieces)")
        continue
      }
      #expect(!reason.isEmpty)
    }
  }

  private static let faults: [(text: String, fault: HTTPRequestFault, status: Int)] = [
    (start + "Transfer-Encoding: gzip\r\n\r\n", .unknownCoding, 501),
    (start + "Transfer-Encoding: gzip, chunked\r\n\r\n", .unknownCoding, 501),
    (start + "Transfer-Encoding: identity\r\n\r\n", .unknownCoding, 501),
    (start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", .unknownCoding, 501),
    (start + "Expect: \u{B}\r\n\r\n", .malformed("a header field has a control character"), 400),
    (start + "Expect: a pony\r\n\r\n", .unknownExpectation, 417),
    (start + "Content-Length: 101\r\n\r\n", .bodyTooLarge, 413),
    (start + "Content-Length: 99999999999999999999999\r\n\r\n", .bodyTooLarge, 413),
    (chunked + "65\r\n", .bodyTooLarge, 413), (chunked + "ffffffff\r\n", .bodyTooLarge, 413),
    (chunked + "1\r\na\r\n64\r\n", .bodyTooLarge, 413),
    (start + String(repeating: "a: b\r\n", count: 64) + "\r\n", .headTooLarge, 431),
    (chunked + "0\r\n" + String(repeating: "a: b\r\n", count: 63), .headTooLarge, 431),
    (chunked + "1;" + String(repeating: "x", count: 8192), .headTooLarge, 431),
  ]

  @Test(arguments: 0..<14) func otherFaultsHaveTheirStatus(index: Int) {
    let (text, fault, status) = Self.faults[index]
    for pieces in [1, 3, Int.max] { #expect(parse(text, pieces: pieces).fault == fault) }
    #expect(fault.status == status)
  }

  /// One byte less than the bound, the bound, and one more, wherever reads end.
  @Test(arguments: [1, 64, Int.max]) func theHeadHasABound(pieces: Int) {
    let rest = " HTTP/1.1\r\nHost: x\r\n\r\n"
    for (length, fault) in [(299, nil), (300, nil), (301, HTTPRequestFault.headTooLarge)] {
      let text = "GET /" + String(repeating: "a", count: length - 5 - rest.utf8.count) + rest
      #expect(text.utf8.count == length)
      #expect(parse(text, pieces: pieces, head: 300).fault == fault)
    }
    for length in [300, 301] {
      let fault = parse(String(repeating: "a", count: length), pieces: pieces, head: 300).fault
      #expect(fault == (length > 300 ? .headTooLarge : nil))
    }
    // A head of just the bound leaves chunks their room, but nothing for what is between them.
    let fields = " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    let head = "GET /" + String(repeating: "a", count: 295 - fields.utf8.count) + fields
    let whole = parse(head + "00000002\r\nab\r\n", pieces: pieces, head: 300)
    #expect(whole.fault == nil && whole.body == "ab")
    #expect(parse(head + "2;\r\nab\r\n", pieces: pieces, head: 300).fault == .headTooLarge)
  }

  @Test func bodiesOfAllowedLengthComeThroughHoweverSmallTheirChunks() throws {
    let content = String(repeating: "x", count: 100)
    #expect(parse(Self.start + "Content-Length: 100\r\n\r\n" + content).body == content)
    #expect(parse(Self.chunked + "64\r\n" + content + "\r\n0\r\n\r\n").body == content)
    var parser = HTTPRequestParser(bodyBytesMax: 32_768)
    #expect(try !parser.feed(Array((Self.chunked + "1").utf8)))
    for _ in 0..<32_768 {
      #expect(try !parser.feed(Array("\r\na\r\n1".utf8)))
    }
    #expect(parser.request.body.count == 32_768)
    #expect(parser.heldBytes < 32_768 + Self.chunked.utf8.count + 8)
  }
}
