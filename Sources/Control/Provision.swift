import Base

/// What `provision` is to write: keys of the configuration, and files whose contents become credentials.
public struct Provision: Equatable, Sendable {
  /// Named `section.key`; an empty value takes the key out of the file again.
  public var keys: [TextPair]
  /// The credential's name, and the file that it is copied from (`-` is standard input).
  public var secrets: [TextPair]
  public var folder: String

  /// The credentials that linteld.service loads, by the option that names the source.
  public static let credentials = [
    TextPair("--token-file", "token"), TextPair("--bearer-file", "token-bearer"),
    TextPair("--door-code-file", "door-code"), TextPair("--api-secret-file", "api-secret"),
    TextPair("--phone-bearer-file", "phone-bearer"), TextPair("--whatsapp-key-file", "whatsapp-key"),
    TextPair("--twilio-token-file", "twilio-token"),
    TextPair("--meta-secret-file", "meta-secret"), TextPair("--meta-verify-file", "meta-verify"),
    TextPair("--proxy-password-file", "proxy-password"),
    TextPair("--turn-password-file", "turn-password"),
    TextPair("--e2ee-passphrase-file", "e2ee-passphrase"),
  ]
  public static let folderDefault = "/etc/lintel"
  /// The drop-in that belongs to this command alone.
  public static let dropIn = "50-provision.conf"

  public init(keys: [TextPair], secrets: [TextPair], folder: String) {
    self.keys = keys
    self.secrets = secrets
    self.folder = folder
  }

  /// The drop-in as it will be: what stands in `existing` with these keys over it.
  public func text(over existing: String) -> String {
    var all: [(section: String, key: String, value: String)] = []
    var section = ""
    for line in existing.utf8.split(separator: 0x0A) {
      let text = String(decoding: Array(line), as: UTF8.self)
      if line.first == UInt8(ascii: "[") {
        section = String(decoding: Array(line.dropFirst().prefix { $0 != UInt8(ascii: "]") }), as: UTF8.self)
      } else if line.first != UInt8(ascii: "#"), let pair = TextPair(text, separator: " = ") {
        all.append((section, pair.name, pair.value))
      }
    }
    for pair in keys {
      guard let place = TextPair(pair.name, separator: ".") else { continue }
      all.removeAll { $0.section == place.name && $0.key == place.value }
      if !pair.value.utf8.isEmpty { all.append((place.name, place.value, pair.value)) }
    }
    var text = "# Written by `lintelctl provision`, which writes it anew; changes belong into another file.\n"
    var written: [String] = []
    for entry in all where !written.contains(entry.section) {
      written.append(entry.section)
      text += "[\(entry.section)]\n"
      for other in all where other.section == entry.section { text += "\(other.key) = \(other.value)\n" }
    }
    return text
  }
}

extension TextPair {
  /// What stands before and after the first `separator`; nil without one, or with nothing before it.
  init?(_ text: String, separator: String) {
    let bytes = Array(text.utf8)
    let mark = Array(separator.utf8)
    guard bytes.count >= mark.count else { return nil }
    for start in 0...(bytes.count - mark.count) where bytes[start...].starts(with: mark) {
      guard start > 0 else { return nil }
      self.init(
        String(decoding: bytes[..<start], as: UTF8.self),
        String(decoding: bytes[(start + mark.count)...], as: UTF8.self))
      return
    }
    return nil
  }
}

extension Provision {
  init(_ arguments: Arguments) throws(UsageFailure) {
    keys = []
    for word in arguments.positional {
      guard let pair = TextPair(word, separator: "="), let place = TextPair(pair.name, separator: "."),
        !place.value.utf8.isEmpty
      else {
        throw arguments.failure("'\(shortened(word))' is not SECTION.KEY=VALUE")
      }
      // Behind a blank a semicolon begins a comment, and the rest would be lost.
      let bytes = Array(pair.value.utf8)
      for (index, byte) in bytes.enumerated() {
        let isComment = byte == UInt8(ascii: ";") && (index == 0 || bytes[index - 1] <= 0x20)
        if byte < 0x20 || byte == 0x7F || isComment {
          throw arguments.failure(
            "the value of \(shortened(pair.name)) has a character that it may not have")
        }
      }
      guard pair.name != "door.dtmf-code" else {
        throw arguments.failure("the code of the door is a secret: use --door-code-file")
      }
      keys.append(pair)
    }
    secrets = []
    for credential in Provision.credentials {
      if let path = arguments.value(credential.name) { secrets.append(TextPair(credential.value, path)) }
    }
    folder = arguments.value("--folder") ?? Provision.folderDefault
    guard !keys.isEmpty || !secrets.isEmpty else {
      throw arguments.failure("nothing to write: give SECTION.KEY=VALUE, or a file with a secret")
    }
  }
}
