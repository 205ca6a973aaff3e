import Base

/// A URL that can be dialled: `ws`, `wss`, `http` or `https`, a host, a port, a path with its query.
public struct WebAddress: Equatable, Sendable {
  public let isSecure: Bool
  /// Without brackets if it is an IPv6 literal.
  public let host: String
  public let port: UInt16
  /// Begins with `/`; includes the query, never a fragment.
  public let target: String

  /// Parses RFC 3986 text. Whatever could smuggle a header or a password into the request is an error.
  public init(_ text: String) throws(ReactorFailure) {
    let bytes = Array(text.utf8)
    guard bytes.count <= ReactorLimits.urlBytesMax else {
      throw .tooLarge(what: "the URL", limitBytes: ReactorLimits.urlBytesMax)
    }
    for byte in bytes where byte <= 0x20 || byte >= 0x7F {
      throw .badAddress(reason: "it contains a space, a control character or a letter outside ASCII")
    }
    guard let (secure, start) = WebAddress.scheme(bytes) else {
      throw .badAddress(reason: "it has to begin with ws://, wss://, http:// or https://")
    }
    var end = start
    while end < bytes.count, !WebAddress.endsAuthority(bytes[end]) { end += 1 }
    let (host, port) = try WebAddress.authority(bytes[start..<end], secure: secure)
    var target: [UInt8] = []
    for byte in bytes[end...] {
      if byte == UInt8(ascii: "#") { break }
      target.append(byte)
    }
    if target.first != UInt8(ascii: "/") { target.insert(UInt8(ascii: "/"), at: 0) }
    isSecure = secure
    self.host = host
    self.port = port
    self.target = String(decoding: target, as: UTF8.self)
  }

  /// The Host header (RFC 9110 §7.2): the port only where it is not the scheme's own.
  public var hostHeader: String {
    let name = isIPv6Literal ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }

  /// For messages: host and port, without path and query, which may carry secrets.
  public var hostAndPort: String { isIPv6Literal ? "[\(host)]:\(port)" : "\(host):\(port)" }

  private var isIPv6Literal: Bool { host.utf8.contains(UInt8(ascii: ":")) }

  private static func endsAuthority(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
  }

  private static func scheme(_ bytes: [UInt8]) -> (secure: Bool, length: Int)? {
    let known: [(StaticString, Bool)] = [
      ("ws://", false), ("wss://", true), ("http://", false), ("https://", true),
    ]
    for (text, secure) in known where hasPrefix(bytes, text) { return (secure, text.utf8CodeUnitCount) }
    return nil
  }

  private static func hasPrefix(_ bytes: [UInt8], _ prefix: StaticString) -> Bool {
    guard bytes.count >= prefix.utf8CodeUnitCount else { return false }
    for index in 0..<prefix.utf8CodeUnitCount where lowercased(bytes[index]) != prefix.utf8Start[index] {
      return false
    }
    return true
  }

  private static func authority(
    _ bytes: ArraySlice<UInt8>, secure: Bool
  ) throws(ReactorFailure) -> (String, UInt16) {
    guard !bytes.contains(UInt8(ascii: "@")) else {
      throw .badAddress(reason: "a user name or password in it is not supported")
    }
    var host = bytes
    var port: ArraySlice<UInt8>?
    if bytes.first == UInt8(ascii: "[") {
      guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else {
        throw .badAddress(reason: "the bracket of the IPv6 address is not closed")
      }
      host = bytes[bytes.startIndex + 1..<close]
      let rest = bytes[(close + 1)...]
      if rest.first == UInt8(ascii: ":") {
        port = rest.dropFirst()
      } else if !rest.isEmpty {
        throw .badAddress(reason: "something other than a port follows the IPv6 address")
      }
    } else if let colon = bytes.lastIndex(of: UInt8(ascii: ":")) {
      host = bytes[..<colon]
      port = bytes[(colon + 1)...]
      guard !host.contains(UInt8(ascii: ":")) else {
        throw .badAddress(reason: "an IPv6 address has to stand in brackets")
      }
    }
    guard !host.isEmpty, host.count <= 255 else { throw .badAddress(reason: "it names no host") }
    for byte in host where !isHostCharacter(byte) {
      throw .badAddress(reason: "the host name contains a character that no host name has")
    }
    let name = String(decoding: host, as: UTF8.self)
    guard let port, !port.isEmpty else { return (name, secure ? 443 : 80) }
    guard let number = portNumber(port) else {
      throw .badAddress(reason: "the port is not a number from 1 to 65535")
    }
    return (name, number)
  }

  private static func isHostCharacter(_ byte: UInt8) -> Bool {
    switch lowercased(byte) {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"):
      true
    default: false
    }
  }
}
