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
  public func value(of name: String) -> String? { headers.value(of: name) }

  /// Whether a comma-separated field (Connection, Upgrade) lists `token`, in any case (RFC 9110 §5.6.1).
  public func lists(_ token: String, in name: String) -> Bool {
    for header in headers where equalsIgnoringCase(header.name, name) {
      for part in Array(header.value.utf8).split(separator: UInt8(ascii: ",")) {
        if equalsIgnoringCase(String(decoding: withoutBlanks(part), as: UTF8.self), token) { return true }
      }
    }
    return false
  }
}

extension [HTTPHeader] {
  /// The value of the first field of that name, in any case.
  public func value(of name: String) -> String? {
    for header in self where equalsIgnoringCase(header.name, name) { return header.value }
    return nil
  }
}

/// Writes a request head. A value that could begin another header is an error.
func httpRequestHead(
  method: String, address: WebAddress, headers: [HTTPHeader], bearer: String?
) throws(ReactorFailure) -> [UInt8] {
  var text = "\(method) \(address.target) HTTP/1.1\r\nHost: \(address.hostHeader)\r\n"
  if let bearer {
    guard !bearer.isEmpty, isHeaderText(bearer) else {
      throw .badBearer
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
  for byte in Array(text.utf8) where byte < 0x20 || byte >= 0x7F || (byte == 0x20 && !spaces) { return false }
  return true
}

private func isHeaderName(_ text: String) -> Bool {
  for byte in Array(text.utf8) where !isTokenCharacter(byte) { return false }
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

/// Without the optional white space of RFC 9110 §5.6.3, which is spaces and tabs.
func withoutBlanks<Bytes: BidirectionalCollection>(_ bytes: Bytes) -> Bytes.SubSequence
where Bytes.Element == UInt8 {
  trimmed(bytes) { $0 == 0x20 || $0 == 0x09 }
}
