import Base

/// The checks of texts: what the parts that use a value would otherwise refuse later, and less clearly.
enum Values {
  static let nameLegal = "1 to \(ConfigurationLimits.nameBytesMax) letters, digits and - _ . : @"

  /// A name that is safe in a status line, a log and a topic.
  static func name(_ text: String, _: String) throws(ValueFault) -> String {
    guard text.utf8.count <= ConfigurationLimits.nameBytesMax else { throw ValueFault(why: "is too long") }
    for byte in text.utf8 where !(isLetterOrDigit(byte) || "-_.:@".utf8.contains(byte)) {
      throw ValueFault(why: "has a character that a name may not have")
    }
    return text
  }

  static let groupLegal = "the name of a group"

  static func group(_ text: String, _: String) throws(ValueFault) -> String {
    guard text.utf8.count <= ConfigurationLimits.groupBytesMax else { throw ValueFault(why: "is too long") }
    for byte in text.utf8 where !(isLetterOrDigit(byte) || "-_.$".utf8.contains(byte)) {
      throw ValueFault(why: "is not the name of a group")
    }
    return text
  }

  /// A code of the door. `*` and `#` clear and end it, so they cannot be part of it.
  static func code(_ text: String, _: String) throws(ValueFault) -> String {
    guard isDoorCode(text) else { throw ValueFault(why: "is no code") }
    return text
  }

  static let addressLegal = "address:port, such as 127.0.0.1:9464 or [::1]:9464"

  static func address(_ text: String, _: String) throws(ValueFault) -> String {
    guard SocketAddress(text) != nil else { throw ValueFault(why: "is no address with a port") }
    return text
  }

  static let alsaLegal = "the name of an ALSA device, such as default or hw:1,0"

  static func alsa(_ text: String, _: String) throws(ValueFault) -> String {
    guard text.utf8.count <= ConfigurationLimits.nameBytesMax else { throw ValueFault(why: "is too long") }
    for byte in text.utf8 where byte <= 0x20 || byte == 0x7F {
      throw ValueFault(why: "has a blank in it" + commentHint(text))
    }
    return text
  }

  static let titleLegal = "a text of at most \(ConfigurationLimits.nameBytesMax) bytes"

  /// A name that somebody else gave, with blanks and all.
  static func title(_ text: String, _: String) throws(ValueFault) -> String {
    guard text.utf8.count <= ConfigurationLimits.nameBytesMax else { throw ValueFault(why: "is too long") }
    return text
  }

  static let pathLegal = "a path (a relative one starts at the folder of its file)"

  static func path(_ text: String, _ folder: String) throws(ValueFault) -> String {
    try checkPath(text)
    let path = absolute(text, folder)
    guard path.utf8.count <= ConfigurationLimits.pathBytesMax else { throw ValueFault(why: "is too long") }
    return path
  }

  static let socketLegal = "a path of at most \(ConfigurationLimits.socketPathBytesMax) bytes"

  static func socketPath(_ text: String, _ folder: String) throws(ValueFault) -> String {
    try checkPath(text)
    let path = absolute(text, folder)
    guard path.utf8.count <= ConfigurationLimits.socketPathBytesMax else {
      throw ValueFault(why: "is too long for a socket")
    }
    return path
  }

  static let urlLegal = "ws://, wss://, http:// or https:// and a host"

  /// The room server's address. The path of the signalling is added later, the token travels in a header.
  static func url(_ text: String, _: String) throws(ValueFault) -> String {
    guard text.utf8.count <= ConfigurationLimits.urlBytesMax else { throw ValueFault(why: "is too long") }
    for byte in text.utf8 where byte <= 0x20 || byte >= 0x7F {
      throw ValueFault(why: "has a character that a URL may not have" + commentHint(text))
    }
    var rest: Substring.UTF8View?
    for scheme in ["ws://", "wss://", "http://", "https://"] where starts(text, with: scheme) {
      rest = text.utf8.dropFirst(scheme.utf8.count)
    }
    guard let rest else { throw ValueFault(why: "has no such scheme") }
    let authority = rest.prefix { $0 != 0x2F && $0 != 0x3F && $0 != 0x23 }
    guard !authority.contains(UInt8(ascii: "@")) else {
      throw ValueFault(why: "has a user name in it, which would be a secret in the configuration")
    }
    guard let first = authority.first, first != UInt8(ascii: ":") else {
      throw ValueFault(why: "has no host")
    }
    guard !rest.contains(UInt8(ascii: "?")), !rest.contains(UInt8(ascii: "#")) else {
      throw ValueFault(why: "has a query or fragment; a token belongs into the token file")
    }
    try checkPort(authority)
    return text
  }

  static let endpointLegal = "https:// or http://, a host and a path"

  static func endpoint(_ text: String, _ folder: String) throws(ValueFault) -> String {
    guard starts(text, with: "https://") || starts(text, with: "http://") else {
      throw ValueFault(why: "has no such scheme")
    }
    return try url(text, folder)
  }

  /// RFC 3986 §3.2: `host`, `host:port` or `[IPv6]:port`.
  private static func checkPort(_ authority: Substring.UTF8View) throws(ValueFault) {
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
    var port = 0
    for digit in digits.prefix(6) {
      guard digit >= 0x30, digit <= 0x39 else { throw ValueFault(why: "has a port that is no number") }
      port = port * 10 + Int(digit - 0x30)
    }
    guard (1...65535).contains(port) else { throw ValueFault(why: "has a port outside 1 to 65535") }
  }

  private static func checkPath(_ text: String) throws(ValueFault) {
    for byte in text.utf8 where byte < 0x20 || byte == 0x7F {
      throw ValueFault(why: "has a control character in it")
    }
    guard !starts(text, with: "~") else { throw ValueFault(why: "begins with ~, which only a shell expands") }
    var previous: UInt8 = 0
    for byte in text.utf8 {
      guard !(previous == 0x20 && byte == UInt8(ascii: "#")) else {
        throw ValueFault(why: "has a # in it" + commentHint(text))
      }
      previous = byte
    }
    guard !starts(text, with: "\"") else { throw ValueFault(why: "is in quotes, which are not taken away") }
  }

  private static func absolute(_ path: String, _ folder: String) -> String {
    starts(path, with: "/") || folder.utf8.isEmpty ? path : folder + path
  }

  /// A `#` after a value is part of it (only ` ;` begins a comment there), which surprises.
  private static func commentHint(_ text: String) -> String {
    text.utf8.contains(UInt8(ascii: "#")) ? " (a comment after a value begins with ' ;')" : ""
  }

  private static func starts(_ text: String, with prefix: String) -> Bool {
    text.utf8.starts(with: prefix.utf8)
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}

public let doorCodeLegal =
  "\(ConfigurationLimits.codeDigitsMin) to \(ConfigurationLimits.codeDigitsMax) digits"

/// Whether `text` is what the door takes for a code, wherever it stands.
public func isDoorCode(_ text: String) -> Bool {
  let digits = ConfigurationLimits.codeDigitsMin...ConfigurationLimits.codeDigitsMax
  return digits.contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
}
