import Base

/// The address of a LiveKit server as configured: `wss://host[:port][/prefix]`; `https` means the same as `wss`.
struct ServerURL: Equatable {
  let isSecure: Bool
  /// Host and port as written, IPv6 in brackets.
  let authority: String
  /// Empty, or `/prefix` without a slash at its end.
  let prefix: String

  static let bytesMax = 2048

  init(_ text: String) throws(Failure) {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty else { throw .badURL("it is empty") }
    guard bytes.count <= ServerURL.bytesMax else { throw .badURL("it is longer than 2048 bytes") }
    guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .badURL("it holds white space or other characters that need %-encoding")
    }
    let (secure, rest) = try ServerURL.scheme(bytes)
    isSecure = secure
    let end = rest.firstIndex {
      $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
    }
    let host = rest[..<(end ?? rest.endIndex)]
    var path = rest[(end ?? rest.endIndex)...]
    try ServerURL.check(authority: host)
    guard !path.contains(UInt8(ascii: "?")), !path.contains(UInt8(ascii: "#")) else {
      throw .badURL("a query or fragment does not belong there")
    }
    while path.last == UInt8(ascii: "/") { path = path.dropLast() }
    // Some write the signalling path themselves.
    if path.ends(with: "/rtc") { path = path.dropLast(4) }
    authority = String(decoding: host, as: UTF8.self)
    prefix = String(decoding: path, as: UTF8.self)
  }

  /// The WebSocket address of signalling version 0; of a session that goes on, with its SID and why.
  func signal(productVersion: String, resuming: (sid: Name, reason: Resume.Reason)? = nil) -> String {
    var url = (isSecure ? "wss://" : "ws://") + authority + prefix + "/rtc" + query(productVersion)
    if let resuming {
      url += "&reconnect=1&sid=" + percentEncoded(resuming.sid.text)
      url += "&reconnect_reason=\(resuming.reason.rawValue)"
    }
    return url
  }

  /// That of version 1, which has a request for everything in it.
  func signal(_ request: JoinRequest) -> String {
    (isSecure ? "wss://" : "ws://") + authority + prefix + "/rtc/v1?join_request=" + request.encoded
  }

  /// Asks why the same request for a WebSocket failed.
  func validate(productVersion: String) -> String {
    (isSecure ? "https://" : "http://") + authority + prefix + "/rtc/validate" + query(productVersion)
  }

  /// Leave actions, RequestResponse, moves.
  static let signalProtocol = 16

  /// Client protocol 0: nothing that others must know. Which tracks are wanted is said when they are known.
  private func query(_ version: String) -> String {
    "?protocol=\(ServerURL.signalProtocol)&sdk=cpp&version=" + percentEncoded(version)
      + "&os=linux&client_protocol=0&auto_subscribe=0&adaptive_stream=0"
  }

  private static func scheme(_ bytes: [UInt8]) throws(Failure) -> (Bool, ArraySlice<UInt8>) {
    for (name, secure) in [("wss://", true), ("https://", true), ("ws://", false), ("http://", false)] {
      let prefix = Array(name.utf8)
      guard bytes.count >= prefix.count else { continue }
      let lowered = bytes[..<prefix.count].map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 32 : $0 }
      if lowered == prefix { return (secure, bytes[prefix.count...]) }
    }
    throw .badURL("it must begin with wss://, ws://, https:// or http://")
  }

  private static func check(authority: ArraySlice<UInt8>) throws(Failure) {
    guard !authority.contains(UInt8(ascii: "@")) else { throw .badURL("a user name does not belong there") }
    var host = authority
    var port: ArraySlice<UInt8> = []
    if host.first == UInt8(ascii: "[") {
      guard let close = host.firstIndex(of: UInt8(ascii: "]")) else { throw .badURL("the ] is missing") }
      let after = host[(close + 1)...]
      guard after.isEmpty || after.first == UInt8(ascii: ":") else { throw .badURL("the port is wrong") }
      port = after.dropFirst()
      host = host[(host.startIndex + 1)..<close]
      if after.first != nil, port.isEmpty { throw .badURL("the port is missing after the colon") }
    } else if let colon = host.firstIndex(of: UInt8(ascii: ":")) {
      port = host[(colon + 1)...]
      host = host[..<colon]
      if port.isEmpty { throw .badURL("the port is missing after the colon") }
    }
    guard !host.isEmpty else { throw .badURL("it names no host") }
    guard port.isEmpty || portNumber(port) != nil else {
      throw .badURL("the port is not a number from 1 to 65535")
    }
  }
}

/// RFC 3986 §2.1: everything but the unreserved characters as %XX.
func percentEncoded(_ text: String) -> String {
  let digits = Array("0123456789ABCDEF".utf8)
  var result: [UInt8] = []
  for byte in Array(text.utf8) {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      result.append(byte)
    default:
      result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return String(decoding: result, as: UTF8.self)
}
