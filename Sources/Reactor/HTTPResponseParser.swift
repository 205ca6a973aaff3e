import Base

/// What is wrong with bytes that should have been an HTTP response.
public enum HTTPParseFailure: Error, Equatable, Sendable {
  case malformed(String)
  case headTooLarge
  case bodyTooLarge
  /// The connection ended within the response.
  case truncated
}

/// Reads one HTTP/1.1 response (RFC 9112) from bytes as they come. No socket, no clock.
///
/// `feed` until it answers true; `endOfStream` when the connection ends. After a 101 the parser stops behind the
/// head, and `leftover` is the first bytes of the new protocol.
public struct HTTPResponseParser {
  private enum State {
    case head
    case fixed(remaining: Int)
    case untilClose
    case chunkSize
    case chunk(remaining: Int)
    case chunkEnd
    case trailer
    case complete
  }

  public private(set) var head: HTTPResponseHead?
  public private(set) var body: [UInt8] = []
  public private(set) var leftover: [UInt8] = []
  private let bodyBytesMax: Int
  private let truncatesBody: Bool
  /// The answer to CONNECT ends with its head, whatever that says of a body (RFC 9110 §9.3.6).
  private let isTunnel: Bool
  private var state = State.head
  private var input: [UInt8] = []
  private var cursor = 0
  /// Bytes of heads, trailers and chunk extensions so far, so that endless ones end too.
  private var headBytes = 0

  /// - Parameter truncatesBody: end the response at the limit instead of failing, for bodies that are only shown.
  public init(bodyBytesMax: Int, truncatesBody: Bool = false, isTunnel: Bool = false) {
    self.bodyBytesMax = bodyBytesMax
    self.truncatesBody = truncatesBody
    self.isTunnel = isTunnel
  }

  /// What is kept of the input until the rest of its piece comes: a head, or a line.
  public var waitingBytes: Int { input.count }

  public var isComplete: Bool {
    if case .complete = state { return true }
    return false
  }

  /// true once the response is complete.
  public mutating func feed(_ bytes: [UInt8]) throws(HTTPParseFailure) -> Bool {
    input += bytes
    while try step() {}
    if isComplete {
      leftover += input[cursor...]
      cursor = input.count
    }
    // Reads seldom end where a piece does, so what was taken goes after each of them.
    input.removeFirst(cursor)
    cursor = 0
    return isComplete
  }

  /// The connection ended: complete for a body without a length (RFC 9112 §6.3), else an error.
  public mutating func endOfStream() throws(HTTPParseFailure) {
    switch state {
    case .untilClose: state = .complete
    case .complete: break
    default: throw .truncated
    }
  }

  /// Takes the next piece from the input; false if it is not there yet or the response is complete.
  private mutating func step() throws(HTTPParseFailure) -> Bool {
    switch state {
    case .head:
      guard let lines = try takeHead() else { return false }
      try begin(parseHTTPHead(lines))
      return true
    case .fixed(let remaining):
      guard let taken = try takeBody(upTo: remaining) else { return false }
      if isComplete { return false }
      state = taken == remaining ? .complete : .fixed(remaining: remaining - taken)
      return true
    case .untilClose:
      return try takeBody(upTo: Int.max) != nil
    case .chunkSize:
      guard let line = try takeLine() else { return false }
      let size = try chunkSize(line)
      state = size == 0 ? .trailer : .chunk(remaining: size)
      return true
    case .chunk(let remaining):
      guard let taken = try takeBody(upTo: remaining) else { return false }
      if isComplete { return false }
      state = taken == remaining ? .chunkEnd : .chunk(remaining: remaining - taken)
      return true
    case .chunkEnd:
      guard let line = try takeLine() else { return false }
      guard line.isEmpty else { throw .malformed("a chunk is longer than it says") }
      state = .chunkSize
      return true
    case .trailer:
      guard let line = try takeLine() else { return false }
      if line.isEmpty { state = .complete }
      return true
    case .complete:
      return false
    }
  }

  /// Decides how long the body is, RFC 9112 §6.3.
  private mutating func begin(_ parsed: HTTPResponseHead) throws(HTTPParseFailure) {
    // Interim responses (RFC 9110 §15.2) precede the real one.
    if parsed.status < 200, parsed.status != 101 { return }
    head = parsed
    if isTunnel || parsed.status == 101 || parsed.status == 204 || parsed.status == 304 {
      state = .complete
    } else if parsed.value(of: "transfer-encoding") != nil {
      guard parsed.lists("chunked", in: "transfer-encoding") else {
        throw .malformed("the body has a transfer coding other than chunked")
      }
      state = .chunkSize
    } else if let length = try contentLength(parsed) {
      state = length == 0 ? .complete : .fixed(remaining: length)
    } else {
      state = .untilClose
    }
  }

  private func contentLength(_ head: HTTPResponseHead) throws(HTTPParseFailure) -> Int? {
    var result: Int?
    for header in head.headers where equalsIgnoringCase(header.name, "content-length") {
      // What no Int holds is longer than any body may be, where it has 32 bits too.
      let value = decimal(header.value.utf8, max: 999_999_999_999_999_999).map { Int(clamping: $0) }
      guard let value, result == nil || result == value else {
        throw .malformed("the Content-Length is not one number")
      }
      result = value
    }
    if let result, result > bodyBytesMax, !truncatesBody { throw .bodyTooLarge }
    return result
  }

  /// RFC 9112 §7.1.1: extensions mean nothing to us, and may be as long as the rest of a head together.
  private mutating func chunkSize(_ line: ArraySlice<UInt8>) throws(HTTPParseFailure) -> Int {
    var value: UInt32 = 0
    var digits = 0
    for byte in line {
      if byte == UInt8(ascii: ";") || byte == 0x20 || byte == 0x09 { break }
      guard let digit = hexadecimalDigitValue(byte), digits < 8 else {
        throw .malformed("a chunk has no size")
      }
      value = value << 4 | UInt32(digit)
      digits += 1
    }
    guard digits > 0 else { throw .malformed("a chunk has no size") }
    headBytes += line.count - digits
    if headBytes > ReactorLimits.httpHeadBytesMax { throw .headTooLarge }
    return Int(clamping: value)
  }

  /// Moves available bytes into the body; nil if there are none. Completes a truncated body at its limit.
  private mutating func takeBody(upTo wanted: Int) throws(HTTPParseFailure) -> Int? {
    let available = min(wanted, input.count - cursor)
    guard available > 0 else { return nil }
    let room = bodyBytesMax - body.count
    if available > room {
      guard truncatesBody else { throw .bodyTooLarge }
      body += input[cursor..<cursor + room]
      cursor = input.count
      state = .complete
      return available
    }
    body += input[cursor..<cursor + available]
    cursor += available
    return available
  }

  /// The lines of a head without its closing empty line, once all of it is there.
  private mutating func takeHead() throws(HTTPParseFailure) -> [ArraySlice<UInt8>]? {
    var lines: [ArraySlice<UInt8>] = []
    var start = cursor
    var index = cursor
    while index < input.count {
      if headBytes + index - cursor > ReactorLimits.httpHeadBytesMax { throw .headTooLarge }
      if input[index] == 0x0A {
        let line = withoutReturn(input[start..<index])
        start = index + 1
        if line.isEmpty, !lines.isEmpty {
          headBytes += start - cursor
          cursor = start
          return lines
        }
        if !line.isEmpty { lines.append(line) }
      }
      index += 1
      // What is no HTTP at all shows in its first bytes; do not wait for a line end that may never come.
      if lines.isEmpty, index - start == 5, !startsLikeHTTP(input[start..<index]) {
        throw .malformed("the answer does not begin with HTTP/")
      }
    }
    return nil
  }

  private mutating func takeLine() throws(HTTPParseFailure) -> ArraySlice<UInt8>? {
    var index = cursor
    while index < input.count, input[index] != 0x0A { index += 1 }
    if index - cursor > ReactorLimits.httpHeadBytesMax { throw .headTooLarge }
    guard index < input.count else { return nil }
    if case .trailer = state {
      headBytes += index - cursor
      if headBytes > ReactorLimits.httpHeadBytesMax { throw .headTooLarge }
    }
    defer { cursor = index + 1 }
    return withoutReturn(input[cursor..<index])
  }
}

/// RFC 9112 §4 and §5: the status line and the fields.
private func parseHTTPHead(_ lines: [ArraySlice<UInt8>]) throws(HTTPParseFailure) -> HTTPResponseHead {
  guard let first = lines.first, first.count >= 12, startsLikeHTTP(first.prefix(5)) else {
    throw .malformed("the answer does not begin with HTTP/")
  }
  let base = first.startIndex
  guard first[base + 5] == UInt8(ascii: "1"), first[base + 6] == UInt8(ascii: "."),
    first[base + 8] == 0x20, let status = decimal(first[base + 9..<base + 12]), status >= 100,
    first.count == 12 || first[base + 12] == 0x20
  else { throw .malformed("the status line is not HTTP/1.1") }
  guard lines.count - 1 <= ReactorLimits.httpHeaderFieldsMax else { throw .headTooLarge }
  var headers: [HTTPHeader] = []
  for line in lines.dropFirst() {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else {
      throw .malformed("a header field has no name")
    }
    let name = line[..<colon]
    for byte in name where !isTokenCharacter(byte) {
      throw .malformed("a header field has a malformed name")
    }
    headers.append(
      HTTPHeader(
        String(decoding: name, as: UTF8.self),
        String(decoding: withoutBlanks(line[(colon + 1)...]), as: UTF8.self)))
  }
  return HTTPResponseHead(status: status, headers: headers)
}

private func startsLikeHTTP(_ bytes: ArraySlice<UInt8>) -> Bool {
  bytes.elementsEqual([0x48, 0x54, 0x54, 0x50, 0x2F])
}

private func withoutReturn(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  line.last == 0x0D ? line.dropLast() : line
}
