/// An HTTP proxy as it is written in a configuration: `http://user@host:port`, the user only where it wants one.
public struct ProxyAddress: Equatable, Sendable {
  /// Empty if the proxy asks for none.
  public let user: String
  /// Without brackets if it is an IPv6 literal.
  public let host: String
  public let port: UInt16

  public static let legal =
    "http://, a user and @ if it wants one, a host and a port: http://door@proxy.lan:3128"

  public struct Fault: Error, Equatable, Sendable {
    /// The end of the sentence that begins with the text.
    public let why: String
  }

  public init(_ text: String) throws(Fault) {
    let bytes = Array(text.utf8)
    guard bytes.prefix(7).map({ lowercased($0) }).spells("http://") else {
      throw Fault(why: "does not begin with http://, the one way to talk to a proxy")
    }
    guard bytes.count <= 512, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Fault(why: "is too long or has a character that an address may not have")
    }
    var rest = bytes[7...]
    if rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
    var name: ArraySlice<UInt8> = []
    if let at = rest.lastIndex(of: UInt8(ascii: "@")) {
      name = rest[..<at]
      rest = rest[(at + 1)...]
      guard !name.contains(UInt8(ascii: ":")) else {
        throw Fault(why: "has a password in it, which belongs into the file of proxy-password-file")
      }
    }
    guard let colon = rest.lastIndex(of: UInt8(ascii: ":")), let port = portNumber(rest[(colon + 1)...])
    else {
      throw Fault(why: "has no port from 1 to 65535")
    }
    var host = rest[..<colon]
    let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
    if isBracketed { host = host.dropFirst().dropLast() }
    let text = String(decoding: host, as: UTF8.self)
    let isName = host.allSatisfy { isLetterOrDigit($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
    guard !host.isEmpty, isBracketed ? IPAddress(text)?.family == .v6 : isName else {
      throw Fault(why: "has no host")
    }
    user = String(decoding: name, as: UTF8.self)
    self.host = text
    self.port = port
  }
}
