import Base

extension TextRule {
  /// The room server's address. The path of the signalling is added later, the token travels in a header.
  static let url = TextRule("ws://, wss://, http:// or https:// and a host") {
    (text: String, _: String) throws(ValueFault) in
    let (address, rest) = try checkAddress(text, schemes: ["ws://", "wss://", "http://", "https://"])
    guard !rest.contains(UInt8(ascii: "?")) else {
      throw ValueFault(why: "has a query; a token belongs into the token file")
    }
    return address
  }

  /// Where a token is asked for. What knows the device there may be a query, as function hosts want it.
  static let endpoint = TextRule("https:// or http://, a host and a path") {
    (text: String, _: String) throws(ValueFault) in
    try checkAddress(text, schemes: ["http://", "https://"]).address
  }

  /// What others know this device by; a path follows it.
  static let publicURL = TextRule("https:// or http:// and a host, without a query") {
    (text: String, _: String) throws(ValueFault) in
    let (address, rest) = try checkAddress(text, schemes: ["https://", "http://"])
    guard !rest.contains(UInt8(ascii: "?")) else { throw ValueFault(why: "has a query") }
    guard rest.last == UInt8(ascii: "/") else { return address }
    return String(decoding: Array(address.utf8.dropLast()), as: UTF8.self)
  }

  /// What a secret is sent to in a header.
  static let privateServer = TextRule("https:// and a host, or http:// and an address of this machine") {
    (text: String, _: String) throws(ValueFault) in
    let (address, rest) = try checkAddress(text, schemes: ["https://", "http://"])
    let isPrivate =
      address.utf8.starts(with: "https".utf8)
      || ["127.0.0.1", "localhost", "[::1]"].contains { host in
        rest.starts(with: host.utf8)
          && rest.dropFirst(host.utf8.count).first.map { $0 == 0x3A || $0 == 0x2F } ?? true
      }
    guard isPrivate else { throw ValueFault(why: "would send a secret in the clear") }
    return address
  }

  /// The address with its scheme in small letters, and what follows the scheme.
  private static func checkAddress(
    _ text: String, schemes: [String]
  ) throws(ValueFault) -> (address: String, rest: ArraySlice<UInt8>) {
    try limit(text, ConfigurationLimits.urlBytesMax)
    for byte in Array(text.utf8) where byte <= 0x20 || byte >= 0x7F {
      throw ValueFault(why: "has a character that a URL may not have" + commentHint(text))
    }
    let known = schemes.first { scheme in
      text.utf8.prefix(scheme.utf8.count).map { lowercased($0) }.spells(scheme)
    }
    guard let known else { throw ValueFault(why: "has no such scheme") }
    let rest = Array(text.utf8).dropFirst(known.utf8.count)
    let authority = rest.prefix { $0 != 0x2F && $0 != 0x3F && $0 != 0x23 }
    guard !authority.contains(UInt8(ascii: "@")) else {
      throw ValueFault(why: "has a user name in it, which would be a secret in the configuration")
    }
    guard let first = authority.first, first != UInt8(ascii: ":") else {
      throw ValueFault(why: "has no host")
    }
    guard !rest.contains(UInt8(ascii: "#")) else { throw ValueFault(why: "has a fragment (#)") }
    try checkPort(authority)
    return (known + String(decoding: rest, as: UTF8.self), rest)
  }

  /// RFC 3986 §3.2: `host`, `host:port` or `[IPv6]:port`.
  private static func checkPort(_ authority: ArraySlice<UInt8>) throws(ValueFault) {
    var afterHost = authority
    if authority.first == UInt8(ascii: "[") {
      guard let close = authority.firstIndex(of: UInt8(ascii: "]")) else {
        throw ValueFault(why: "has an IPv6 address without its closing bracket")
      }
      afterHost = authority[authority.index(after: close)...]
      guard afterHost.isEmpty || afterHost.first == UInt8(ascii: ":") else {
        throw ValueFault(why: "has text between the address and the port")
      }
    } else if authority.filter({ $0 == UInt8(ascii: ":") }).count > 1 {
      throw ValueFault(why: "has an IPv6 address without brackets")
    }
    guard let colon = afterHost.firstIndex(of: UInt8(ascii: ":")) else { return }
    let digits = afterHost[afterHost.index(after: colon)...]
    guard digits.allSatisfy({ isDigit($0) }) else { throw ValueFault(why: "has a port that is no number") }
    guard portNumber(digits) != nil else { throw ValueFault(why: "has a port outside 1 to 65535") }
  }
}
