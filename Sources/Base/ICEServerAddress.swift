/// Where a STUN or TURN server is, as a URL says it: `stun:` (RFC 7064), `turn:` or `turns:` (RFC 7065).
public struct ICEServerAddress: Equatable, Sendable {
  public enum Scheme: Sendable { case stun, turnUDP, turnTCP, turnTLS }

  public let scheme: Scheme
  /// Without brackets if it is an IPv6 literal.
  public let host: String
  public let port: UInt16

  public init(scheme: Scheme, host: String, port: UInt16) {
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  /// `stun:host`, `stun:host:port` or `stun:[v6]:port`; `turn:` and `turns:` likewise, with `?transport=udp` or `tcp`.
  public init?(_ url: String) {
    let bytes = Array(url.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let name = bytes[..<colon]
    var rest = bytes[(colon + 1)...]
    var query: ArraySlice<UInt8> = []
    if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
      (query, rest) = (rest[(mark + 1)...], rest[..<mark])
    }
    if name.spells("stun") {
      // Some servers append a transport, which STUN over UDP does not need.
      scheme = .stun
    } else if name.spells("turn"), query.isEmpty || query.spells("transport=udp") {
      scheme = .turnUDP
    } else if name.spells("turn"), query.spells("transport=tcp") {
      scheme = .turnTCP
    } else if name.spells("turns"), query.isEmpty || query.spells("transport=tcp") {
      scheme = .turnTLS
    } else {
      return nil
    }
    guard let (host, port) = Self.hostAndPort(rest, default: scheme == .turnTLS ? 5349 : 3478) else {
      return nil
    }
    self.host = host
    self.port = port
  }

  private static func hostAndPort(_ rest: ArraySlice<UInt8>, default: UInt16) -> (String, UInt16)? {
    var host = rest
    var port: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: "[") {
      guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      host = rest[(rest.startIndex + 1)..<close]
      let after = rest[(close + 1)...]
      guard after.isEmpty || after.first == UInt8(ascii: ":") else { return nil }
      port = after.dropFirst()
    } else if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
      host = rest[..<colon]
      port = rest[(colon + 1)...]
    }
    guard !host.isEmpty, host.count <= 253, host.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F }) else {
      return nil
    }
    guard let number = port.isEmpty ? `default` : portNumber(port) else { return nil }
    return (String(decoding: host, as: UTF8.self), number)
  }
}
