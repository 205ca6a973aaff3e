import Base

/// `[e2ee]`: encryption from end to end, past the room server.
public struct EndToEndSettings: Equatable, Sendable {
  public var mode = EndToEndMode.off
  /// The file with what everybody's key is made of.
  public var passphraseFile: String?
  /// The file with a passphrase for each participant.
  public var keysFile: String?
  /// The place in the ring of the passphrase, and of what this device encrypts with.
  public var keyIndex = 0
  public var keyLength = KeyLength.short
  /// What stands in those files; read with the configuration, and no key shows it.
  public var secrets: [EndToEndSecret] = []

  public init() {}
}

/// `[e2ee] mode`.
public enum EndToEndMode: String, CaseIterable, Sendable {
  case off, wanted, required
}

/// `[e2ee] key-bits`.
public enum KeyLength: String, CaseIterable, Sendable {
  case short = "128"
  case long = "256"

  public var bytes: Int { self == .short ? 16 : 32 }
}

/// One key, as people agree on it and as it is derived from that.
public struct EndToEndSecret: Equatable, Sendable {
  /// Whose it is; nil: of everybody who has none of his own.
  public var owner: Name?
  /// 0...15.
  public var index: Int
  public var passphrase: [UInt8]
  /// Filled by whoever has the ciphers; empty until then.
  public var key: [UInt8] = []

  public init(owner: Name?, index: Int, passphrase: [UInt8]) {
    self.owner = owner
    self.index = index
    self.passphrase = passphrase
  }

  public static let countMax = 32
  /// Of a key ring.
  public static let indexMax = 15

  /// What is wrong with a file of keys: none of its words shows any of it.
  public struct Fault: Error, Equatable, Sendable {
    public let line: Int
    public let why: String

    public var words: String { "line \(line) \(why)" }
  }

  /// The lines of a file of keys: `IDENTITY = PASSPHRASE`, `IDENTITY #INDEX = PASSPHRASE`, with `*` for everybody else;
  /// empty ones and those that begin with `;` or `#` say nothing.
  public static func parse(_ file: [UInt8]) throws(Fault) -> [EndToEndSecret] {
    var secrets: [EndToEndSecret] = []
    for (number, row) in file.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let row = withoutInvisible(row)
      guard let first = row.first, first != UInt8(ascii: ";"), first != UInt8(ascii: "#") else { continue }
      guard let secret = EndToEndSecret(row) else {
        throw Fault(line: number + 1, why: "is not IDENTITY = PASSPHRASE, nor IDENTITY #INDEX = PASSPHRASE")
      }
      guard !secrets.contains(where: { $0.owner == secret.owner && $0.index == secret.index }) else {
        throw Fault(line: number + 1, why: "names a key that an earlier line has named")
      }
      guard secrets.count < countMax else { throw Fault(line: number + 1, why: "is one key too many") }
      secrets.append(secret)
    }
    return secrets
  }

  private init?(_ row: ArraySlice<UInt8>) {
    let mark = Array(" = ".utf8)
    guard let start = row.indices.first(where: { row[$0...].starts(with: mark) }) else { return nil }
    var name = withoutInvisible(row[..<start])
    let passphrase = withoutQuotes(withoutInvisible(row[(start + mark.count)...]))
    index = 0
    if let sign = name.lastIndex(of: UInt8(ascii: "#")), sign > name.startIndex, name[sign - 1] == 0x20,
      let number = decimal(name[(sign + 1)...])
    {
      guard number <= Self.indexMax else { return nil }
      index = number
      name = withoutInvisible(name[..<sign])
    }
    guard !passphrase.isEmpty, !name.isEmpty, let identity = Name(bytes: Array(name)) else { return nil }
    owner = identity == "*" ? nil : identity
    self.passphrase = Array(passphrase)
  }
}

extension Keys {
  static let encryptionKeys: [Key] = [
    .choice(
      "e2ee.mode",
      "Whether sound and words are encrypted from end to end: wanted encrypts what is sent and takes what comes in the "
        + "clear, required refuses that", { $1(&$0.encryption.mode) }),
    .optional(
      "e2ee.passphrase-file",
      "The file with the passphrase that everybody's key is made of (mode 0600); unset is the credential "
        + "e2ee-passphrase, if there is one", .path, { $1(&$0.encryption.passphraseFile) }),
    .optional(
      "e2ee.keys-file",
      "The file with a line IDENTITY = PASSPHRASE for each participant with a key of its own (mode 0600); unset is the "
        + "credential e2ee-keys, if there is one", .path, { $1(&$0.encryption.keysFile) }),
    .number(
      "e2ee.key-index", "The place in the key ring of the passphrase, and of what is encrypted with",
      0...EndToEndSecret.indexMax, { $1(&$0.encryption.keyIndex) }),
    .choice(
      "e2ee.key-bits", "How long keys are: 128 for LiveKit's clients, unless they are told otherwise",
      { $1(&$0.encryption.keyLength) }),
  ]
}
