import Base

/// What a text may be: what the parts that use a value would otherwise refuse later, and less clearly.
final class TextRule: Sendable {
  let legal: String
  /// Quotes around the value are part of it.
  let isVerbatim: Bool
  /// Returns the form to keep. `folder` is where a relative path starts.
  let check: @Sendable (_ text: String, _ folder: String) throws(ValueFault) -> String

  init(
    _ legal: String, isVerbatim: Bool = false,
    check: @escaping @Sendable (_ text: String, _ folder: String) throws(ValueFault) -> String
  ) {
    self.legal = legal
    self.isVerbatim = isVerbatim
    self.check = check
  }
}

extension TextRule {
  /// A name that is safe in a status line, a log and a topic.
  static let name = wordRule(
    "1 to \(ConfigurationLimits.nameBytesMax) letters, digits and - _ . : @", marks: "-_.:@",
    bytesMax: ConfigurationLimits.nameBytesMax, why: "has a character that a name may not have")

  static let chip = wordRule(
    "the number, name, path or label of a chip", marks: "-_.:@,/", bytesMax: ConfigurationLimits.nameBytesMax,
    why: "has a character that a chip may not have")

  /// A light of the kernel, and its colour if it has several.
  static let light = TextRule("a name of /sys/class/leds, then a colour as ff8000 where it has several") {
    (text: String, folder: String) throws(ValueFault) in
    guard let light = LEDSettings.parse(text) else { throw ValueFault(why: "is no name and colour") }
    _ = try name.check(light.name, folder)
    return text
  }

  static let group = wordRule(
    "the name of a group", marks: "-_.$", bytesMax: ConfigurationLimits.groupBytesMax,
    why: "is not the name of a group")

  /// A name that somebody else gave, with blanks and all.
  static let title = anything(bytesMax: ConfigurationLimits.nameBytesMax)

  /// Several of them, or paths.
  static let titles = anything(bytesMax: ConfigurationLimits.pathBytesMax)

  /// For an agent, mostly JSON, which may be a text in quotes.
  static let metadata = anything(bytesMax: ConfigurationLimits.agentMetadataBytesMax, isVerbatim: true)

  /// A code of the door. `*` and `#` clear and end it, so they cannot be part of it.
  static let doorCode = TextRule(doorCodeLegal) { (text: String, _: String) throws(ValueFault) in
    guard isDoorCode(text) else { throw ValueFault(why: "is no code") }
    return text
  }

  static let address = TextRule("address:port, such as 127.0.0.1:9464 or [::1]:9464") {
    (text: String, _: String) throws(ValueFault) in
    guard SocketAddress(text) != nil else { throw ValueFault(why: "is no address with a port") }
    return text
  }

  static let alsa = TextRule("the name of an ALSA device, such as default or hw:1,0") {
    (text: String, _: String) throws(ValueFault) in
    try limit(text, ConfigurationLimits.nameBytesMax)
    for byte in Array(text.utf8) where byte <= 0x20 || byte == 0x7F {
      throw ValueFault(why: "has a blank in it" + commentHint(text))
    }
    return text
  }

  static let path = pathRule(
    "a path (a relative one starts at the folder of its file)", bytesMax: ConfigurationLimits.pathBytesMax,
    "is too long")

  static let socket = pathRule(
    "a path of at most \(ConfigurationLimits.socketPathBytesMax) bytes",
    bytesMax: ConfigurationLimits.socketPathBytesMax, "is too long for a socket")

  private static func wordRule(_ legal: String, marks: String, bytesMax: Int, why: String) -> TextRule {
    TextRule(legal) { (text: String, _: String) throws(ValueFault) in
      try limit(text, bytesMax)
      for byte in Array(text.utf8) where !(isLetterOrDigit(byte) || marks.utf8.contains(byte)) {
        throw ValueFault(why: why)
      }
      return text
    }
  }

  private static func anything(bytesMax: Int, isVerbatim: Bool = false) -> TextRule {
    TextRule("a text of at most \(bytesMax) bytes", isVerbatim: isVerbatim) {
      (text: String, _: String) throws(ValueFault) in
      try limit(text, bytesMax)
      return text
    }
  }

  private static func pathRule(_ legal: String, bytesMax: Int, _ tooLong: String) -> TextRule {
    TextRule(legal) { (text: String, folder: String) throws(ValueFault) in
      try checkPath(text)
      let isAbsolute = text.utf8.first == UInt8(ascii: "/") || folder.utf8.isEmpty
      let path = isAbsolute ? text : folder + text
      guard path.utf8.count <= bytesMax else { throw ValueFault(why: tooLong) }
      return path
    }
  }

  private static func checkPath(_ text: String) throws(ValueFault) {
    for byte in Array(text.utf8) where byte < 0x20 || byte == 0x7F {
      throw ValueFault(why: "has a control character in it")
    }
    guard text.utf8.first != UInt8(ascii: "~") else {
      throw ValueFault(why: "begins with ~, which only a shell expands")
    }
    var previous: UInt8 = 0
    for byte in Array(text.utf8) {
      guard !(previous == 0x20 && byte == UInt8(ascii: "#")) else {
        throw ValueFault(why: "has a # in it" + commentHint(text))
      }
      previous = byte
    }
  }

  static func limit(_ text: String, _ bytesMax: Int) throws(ValueFault) {
    guard text.utf8.count <= bytesMax else { throw ValueFault(why: "is too long") }
  }

  /// A `#` after a value is part of it (only ` ;` begins a comment there), which surprises.
  static func commentHint(_ text: String) -> String {
    text.utf8.contains(UInt8(ascii: "#")) ? " (a comment after a value begins with ' ;')" : ""
  }
}

public let doorCodeLegal =
  "\(ConfigurationLimits.codeDigitsMin) to \(ConfigurationLimits.codeDigitsMax) digits"

/// Whether `text` is what the door takes for a code, wherever it stands.
public func isDoorCode(_ text: String) -> Bool {
  let digits = ConfigurationLimits.codeDigitsMin...ConfigurationLimits.codeDigitsMax
  return digits.contains(text.utf8.count) && Array(text.utf8).allSatisfy { isDigit($0) }
}
