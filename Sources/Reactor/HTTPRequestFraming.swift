import Base

/// What the headers of a request say about its body, RFC 9112 §6.
struct HTTPRequestFraming {
  private(set) var length: Int?
  private(set) var isChunked = false
  private(set) var wantsContinue = false
  private var hosts = 0

  mutating func read(_ header: HTTPHeader) throws(HTTPRequestFault) {
    if equalsIgnoringCase(header.name, "content-length") {
      try readLength(header.value)
    } else if equalsIgnoringCase(header.name, "transfer-encoding") {
      guard !isChunked, equalsIgnoringCase(header.value, "chunked") else { throw .unknownCoding }
      isChunked = true
    } else if equalsIgnoringCase(header.name, "expect") {
      guard equalsIgnoringCase(header.value, "100-continue") else { throw .unknownExpectation }
      wantsContinue = true
    } else if equalsIgnoringCase(header.name, "host") {
      hosts += 1
    }
  }

  /// What no single field shows.
  func check(isVersion10: Bool) throws(HTTPRequestFault) {
    if isChunked, length != nil { throw .malformed("the body has a length and chunks") }
    if isChunked, isVersion10 { throw .malformed("HTTP/1.0 has no chunks") }
    guard hosts == 1 || hosts == 0 && isVersion10 else { throw .malformed("there is not one Host") }
  }

  /// The same number twice is one number; a list of numbers is none.
  private mutating func readLength(_ text: String) throws(HTTPRequestFault) {
    for byte in Array(text.utf8) where !isDigit(byte) {
      throw .malformed("the Content-Length is not a number")
    }
    guard !text.utf8.isEmpty else { throw .malformed("the Content-Length is empty") }
    // What no Int holds is longer than any body may be.
    let value = decimal(text.utf8) ?? Int.max
    guard length == nil || length == value else { throw .malformed("there are two lengths") }
    length = value
  }
}
