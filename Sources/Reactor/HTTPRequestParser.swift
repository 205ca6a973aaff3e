import Base

/// Reads one HTTP/1.1 request (RFC 9112) from bytes as they come. No socket, no clock.
///
/// `feed` until it answers true. What comes after the request, such as a second one, is dropped. What two readers, say
/// a proxy and this, could understand differently is refused (RFC 9112 §11.2).
public struct HTTPRequestParser {
  private enum State {
    case requestLine
    case fields
    case fixed(remaining: Int)
    case chunkSize
    case chunk(remaining: Int)
    case chunkEnd
    case trailer
    case complete
  }

  public private(set) var request = HTTPServerRequest()
  private let headBytesMax: Int
  private let bodyBytesMax: Int
  private var state = State.requestLine
  private var isVersion10 = false
  private var awaitsContinue = false
  private var input: [UInt8] = []
  private var cursor = 0
  /// Where the search for the end of a line goes on, so that each byte is looked at once however small the reads are.
  private var scanned = 0
  /// Bytes of the head, the trailer and chunk extensions so far, so that endless ones end too.
  private var headBytes = 0
  private var fieldCount = 0

  public init(
    headBytesMax: Int = ReactorLimits.httpServerHeadBytesMax,
    bodyBytesMax: Int = ReactorLimits.httpServerBodyBytesMax
  ) {
    self.headBytesMax = headBytesMax
    self.bodyBytesMax = bodyBytesMax
  }

  public var isComplete: Bool {
    if case .complete = state { return true }
    return false
  }

  /// How much is kept of what was fed.
  public var heldBytes: Int { headBytes + input.count + request.body.count }

  /// true once the request is complete.
  public mutating func feed(_ bytes: [UInt8]) throws(HTTPRequestFault) -> Bool {
    guard !isComplete else { return true }
    input += bytes
    while try step() {}
    if isComplete { cursor = input.count }
    if cursor == input.count {
      // A read may have been large, and a client that is slow afterwards would keep its memory.
      input = []
    } else {
      input.removeFirst(cursor)
    }
    scanned = max(0, scanned - cursor)
    cursor = 0
    return isComplete
  }

  /// true, once, if the client waits to be told that it may send the body (RFC 9110 §10.1.1).
  public mutating func takeContinue() -> Bool {
    defer { awaitsContinue = false }
    return awaitsContinue
  }

  /// Takes the next piece from the input; false if it is not there yet or the request is complete.
  private mutating func step() throws(HTTPRequestFault) -> Bool {
    switch state {
    case .requestLine:
      // What is no HTTP, such as TLS, shows in its first byte; do not wait for a line end that may never come.
      if cursor < input.count, !isTokenCharacter(input[cursor]) {
        throw .malformed("there is no method")
      }
      guard let line = try takeHeadLine() else { return false }
      try readRequestLine(line)
      state = .fields
    case .fields:
      guard let line = try takeHeadLine() else { return false }
      if line.isEmpty { try begin() } else { request.headers.append(try field(line)) }
    case .fixed(let remaining):
      guard let taken = takeBody(upTo: remaining) else { return false }
      state = taken == remaining ? .complete : .fixed(remaining: remaining - taken)
    case .chunkSize:
      // Eight digits and the line end are not counted, as chunks may be as many as there are bytes.
      guard let line = try takeLine(bytesMax: headBytesMax - headBytes + 10) else { return false }
      let size = try chunkSize(line)
      state = size == 0 ? .trailer : .chunk(remaining: size)
    case .chunk(let remaining):
      guard let taken = takeBody(upTo: remaining) else { return false }
      state = taken == remaining ? .chunkEnd : .chunk(remaining: remaining - taken)
    case .chunkEnd:
      guard try takeChunkEnd() else { return false }
      state = .chunkSize
    case .trailer:
      guard let line = try takeHeadLine() else { return false }
      // Nobody here asks for a trailer (RFC 9110 §6.5.1), but it has to be one.
      if line.isEmpty { state = .complete } else { _ = try field(line) }
    case .complete: return false
    }
    return true
  }

  /// RFC 9112 §3, with the target in origin form.
  private mutating func readRequestLine(_ line: ArraySlice<UInt8>) throws(HTTPRequestFault) {
    let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard words.count == 3, !words[0].isEmpty, words[1].first == UInt8(ascii: "/"), words[2].count == 8,
      words[2].begins(with: "HTTP/1."), let version = words[2].last, isDigit(version)
    else { throw .malformed("the request line is not HTTP/1.1") }
    for byte in words[0] where !isTokenCharacter(byte) {
      throw .malformed("the method has a character that is not allowed")
    }
    for byte in words[1] where byte <= 0x20 || byte >= 0x7F {
      throw .malformed("the path has a character that is not allowed")
    }
    isVersion10 = version == UInt8(ascii: "0")
    request.method = String(decoding: words[0], as: UTF8.self)
    let path = words[1].prefix { $0 != UInt8(ascii: "?") }
    request.path = String(decoding: path, as: UTF8.self)
    request.query = String(decoding: words[1][path.endIndex...].dropFirst(), as: UTF8.self)
  }

  /// RFC 9112 §5. A name has neither blanks behind it nor, as a folded line would, before it.
  private mutating func field(_ line: ArraySlice<UInt8>) throws(HTTPRequestFault) -> HTTPHeader {
    fieldCount += 1
    guard fieldCount <= ReactorLimits.httpHeaderFieldsMax else { throw .headTooLarge }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else {
      throw .malformed("a header field has no name")
    }
    for byte in line[..<colon] where !isTokenCharacter(byte) {
      throw .malformed("a header field has a malformed name")
    }
    let value = withoutBlanks(line[(colon + 1)...])
    for byte in value where byte == 0x7F || byte < 0x20 && byte != 0x09 {
      throw .malformed("a header field has a control character")
    }
    return HTTPHeader(
      String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
  }

  /// Decides how long the body is, RFC 9112 §6.3: without a length and without chunks there is none.
  private mutating func begin() throws(HTTPRequestFault) {
    var framing = HTTPRequestFraming()
    for header in request.headers { try framing.read(header) }
    try framing.check(isVersion10: isVersion10)
    let length = framing.length ?? 0
    if length > bodyBytesMax { throw .bodyTooLarge }
    if framing.isChunked {
      state = .chunkSize
    } else {
      state = length == 0 ? .complete : .fixed(remaining: length)
    }
    awaitsContinue = framing.wantsContinue && !isVersion10
  }

  /// RFC 9112 §7.1: extensions mean nothing to us, and may be as long as the rest of a head together.
  private mutating func chunkSize(_ line: ArraySlice<UInt8>) throws(HTTPRequestFault) -> Int {
    awaitsContinue = false
    let digits = line.prefix { hexadecimalDigitValue($0) != nil }
    let extensions = withoutBlanks(line[digits.endIndex...])
    guard (1...8).contains(digits.count),
      digits.count == line.count || extensions.first == UInt8(ascii: ";")
    else { throw .malformed("a chunk has no size") }
    for byte in extensions where byte == 0x7F || byte < 0x20 && byte != 0x09 {
      throw .malformed("a chunk extension has a control character")
    }
    headBytes += line.count - digits.count
    if headBytes > headBytesMax { throw .headTooLarge }
    var size: UInt32 = 0
    for digit in digits { size = size << 4 | UInt32(hexadecimalDigitValue(digit) ?? 0) }
    guard size <= UInt32(clamping: bodyBytesMax - request.body.count) else { throw .bodyTooLarge }
    return Int(size)
  }

  /// Moves available bytes into the body, whose bound was looked at before; nil if there are none.
  private mutating func takeBody(upTo wanted: Int) -> Int? {
    let available = min(wanted, input.count - cursor)
    guard available > 0 else { return nil }
    awaitsContinue = false
    request.body += input[cursor..<cursor + available]
    cursor += available
    return available
  }

  private mutating func takeChunkEnd() throws(HTTPRequestFault) -> Bool {
    guard cursor < input.count else { return false }
    guard input[cursor] == 0x0D, cursor + 1 == input.count || input[cursor + 1] == 0x0A else {
      throw .malformed("a chunk is longer than it says")
    }
    guard cursor + 1 < input.count else { return false }
    cursor += 2
    return true
  }

  /// A line of the head or the trailer, counted. It may lack its CR (RFC 9112 §2.2).
  private mutating func takeHeadLine() throws(HTTPRequestFault) -> ArraySlice<UInt8>? {
    let start = cursor
    guard let line = try takeLine(bytesMax: headBytesMax - headBytes) else { return nil }
    headBytes += cursor - start
    return line
  }

  /// The next line without its end, once all of it is there; `bytesMax` counts its end.
  private mutating func takeLine(bytesMax: Int) throws(HTTPRequestFault) -> ArraySlice<UInt8>? {
    let start = cursor
    var end = max(scanned, start)
    while end < input.count, input[end] != 0x0A { end += 1 }
    scanned = end
    let isWhole = end < input.count
    if end - start + (isWhole ? 1 : 0) > bytesMax { throw .headTooLarge }
    guard isWhole else { return nil }
    cursor = end + 1
    if end > start, input[end - 1] == 0x0D { return input[start..<end - 1] }
    if case .chunkSize = state { throw .malformed("the size of a chunk ends without a carriage return") }
    return input[start..<end]
  }
}
