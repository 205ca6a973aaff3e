import Base

/// A header field. Names compare without regard to case.
public struct HTTPHeader: Equatable, Sendable {
  public let name: String
  public let value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// The first line and the fields of a response.
public struct HTTPResponseHead: Equatable, Sendable {
  public let status: Int
  public let headers: [HTTPHeader]

  /// The value of the first field of that name (lower case).
  public func value(of name: String) -> String? {
    for header in headers where equalsIgnoringCase(header.name, name) { return header.value }
    return nil
  }

  /// Whether a comma-separated field (Connection, Upgrade) lists `token`, in any case (RFC 9110 §5.6.1).
  public func lists(_ token: String, in name: String) -> Bool {
    for header in headers where equalsIgnoringCase(header.name, name) {
      for part in header.value.utf8.split(separator: UInt8(ascii: ",")) {
        if equalsIgnoringCase(String(decoding: trimmed(part), as: UTF8.self), token) { return true }
      }
    }
    return false
  }
}

/// Writes a request head. A value that could begin another header is an error.
func httpRequestHead(
  method: String, address: WebAddress, headers: [HTTPHeader], bearer: String?
) throws(ReactorFailure) -> [UInt8] {
  var text = "\(method) \(address.target) HTTP/1.1\r\nHost: \(address.hostHeader)\r\n"
  if let bearer {
    guard !bearer.isEmpty, isHeaderText(bearer) else {
      throw .badAddress(reason: "the token is empty or contains a space, a line break or a control character")
    }
    text += "Authorization: Bearer \(bearer)\r\n"
  }
  text += "User-Agent: lintel\r\n"
  for header in headers {
    guard isHeaderName(header.name), isHeaderText(header.value, spaces: true) else {
      throw .badAddress(
        reason: "the header \(printable(header.name)) contains a line break or a control character")
    }
    text += "\(header.name): \(header.value)\r\n"
  }
  text += "\r\n"
  return Array(text.utf8)
}

private func isHeaderText(_ text: String, spaces: Bool = false) -> Bool {
  for byte in text.utf8 where byte < 0x20 || byte >= 0x7F || (byte == 0x20 && !spaces) { return false }
  return true
}

private func isHeaderName(_ text: String) -> Bool {
  for byte in text.utf8 where !isTokenCharacter(byte) { return false }
  return !text.utf8.isEmpty
}

/// RFC 9110 §5.6.2 tchar.
func isTokenCharacter(_ byte: UInt8) -> Bool {
  switch lowercased(byte) {
  case 0x61...0x7A, 0x30...0x39: true
  case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
    UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
    UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
    true
  default: false
  }
}

func equalsIgnoringCase(_ left: String, _ right: String) -> Bool {
  guard left.utf8.count == right.utf8.count else { return false }
  for (one, other) in zip(left.utf8, right.utf8) where lowercased(one) != lowercased(other) { return false }
  return true
}

/// Without spaces and tabs at both ends.
func trimmed<Bytes: BidirectionalCollection>(_ bytes: Bytes) -> Bytes.SubSequence
where Bytes.Element == UInt8 {
  var start = bytes.startIndex
  var end = bytes.endIndex
  while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start = bytes.index(after: start) }
  while end > start {
    let last = bytes.index(before: end)
    guard bytes[last] == 0x20 || bytes[last] == 0x09 else { break }
    end = last
  }
  return bytes[start..<end]
}
