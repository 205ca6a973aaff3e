/// What names somebody or joins messages: the identity or SID of a participant, the SID of a track, a topic, a method,
/// the id of a request or a stream.
///
/// Two names are one only if their bytes are. Text is compared as people read it, where two spellings of a letter
/// are one letter, and in C it ends at its first zero byte: whoever chose such a name would be taken for somebody
/// else. For the same reason no name has a control character, which nobody can see.
public struct Name: Hashable, Sendable {
  private let storage: [UInt8]

  /// nil for what is no UTF-8, and for what has a control character (below U+0020, and U+007F).
  public init?(bytes: [UInt8]) {
    for byte in bytes where byte < 0x20 || byte == 0x7F { return nil }
    guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
    storage = bytes
  }

  /// nil for text with a control character.
  public init?(_ text: String) { self.init(bytes: Array(text.utf8)) }

  public var bytes: [UInt8] { storage }
  /// For people, and for what only takes text. Never to be compared.
  public var text: String { String(decoding: storage, as: UTF8.self) }
  public var isEmpty: Bool { storage.isEmpty }
  public var utf8Count: Int { storage.count }
}

extension Name: ExpressibleByStringLiteral {
  /// For constants; a control character in one is a mistake of the program.
  public init(stringLiteral text: String) {
    guard let name = Name(bytes: Array(text.utf8)) else { preconditionFailure("a constant is no name") }
    self = name
  }
}

extension Name: CustomStringConvertible {
  public var description: String { text }
}
