import Base

/// `[directory]`: the names that may be rung, each with one way to reach somebody or with others that are rung together.
public struct Directory: Equatable, Sendable {
  public private(set) var entries: [Entry] = []

  public struct Entry: Equatable, Sendable {
    public let name: String
    public let value: Value
  }

  public enum Value: Equatable, Sendable {
    case target(DialTarget)
    /// Names of other entries, which ring together.
    case group([String])
  }

  public init() {}

  public func entry(_ name: String) -> Entry? {
    entries.first { $0.name.utf8.elementsEqual(name.utf8) }
  }

  /// Whom a name means, groups taken apart: at most `ConfigurationLimits.groupMax`, nobody twice. Empty if there is no
  /// such name.
  public func members(of name: String) -> [(name: String, target: DialTarget)] {
    var found: [(name: String, target: DialTarget)] = []
    var visited: [String] = []
    var waiting = [name]
    while let next = waiting.first {
      waiting.removeFirst()
      guard !visited.contains(where: { $0.utf8.elementsEqual(next.utf8) }), let entry = entry(next) else {
        continue
      }
      visited.append(next)
      switch entry.value {
      case .target(let target): if found.count < ConfigurationLimits.groupMax { found.append((next, target)) }
      case .group(let names): waiting = names + waiting
      }
    }
    return found
  }

  /// nil if the names that it rings are all there, and none of them rings it; otherwise why not.
  func fault(of entry: Entry) -> String? {
    guard case .group(let names) = entry.value else { return nil }
    for name in names where self.entry(name) == nil {
      let nearest = nearestName(to: name, among: entries.map { $0.name })
      return "names '\(name)', which is not in the directory"
        + (nearest.map { ", did you mean '\($0)'?" } ?? "")
    }
    return reaches(names, entry.name) ? "names itself" : nil
  }

  private func reaches(_ names: [String], _ goal: String) -> Bool {
    var visited: [String] = []
    var waiting = names
    while let next = waiting.popLast() {
      if next.utf8.elementsEqual(goal.utf8) { return true }
      guard !visited.contains(where: { $0.utf8.elementsEqual(next.utf8) }) else { continue }
      visited.append(next)
      if case .group(let more)? = entry(next)?.value { waiting += more }
    }
    return false
  }

  /// An empty value takes an entry away, for drop-ins that take something back.
  mutating func store(_ name: String, _ text: String) throws(ValueFault) {
    try Self.check(name)
    entries.removeAll { $0.name.utf8.elementsEqual(name.utf8) }
    guard !text.utf8.isEmpty else { return }
    guard entries.count < ConfigurationLimits.directoryEntriesMax else {
      throw ValueFault(
        why: "is one too many: a directory has \(ConfigurationLimits.directoryEntriesMax) names")
    }
    entries.append(Entry(name: name, value: try Value(parsing: text)))
  }

  private static func check(_ name: String) throws(ValueFault) {
    guard name.utf8.count <= ConfigurationLimits.nameBytesMax else {
      throw ValueFault(why: "has a name that is too long")
    }
    for byte in name.utf8 where !isLetterOrDigit(byte) && !"-_.".utf8.contains(byte) {
      throw ValueFault(why: "has a name of other characters than letters, digits and - _ .")
    }
  }

  /// The lines of the section.
  var text: String {
    var text = ""
    for entry in entries { text += "\(entry.name) = \(entry.value.text)\n" }
    return text
  }

  static let legal =
    "sip:NUMBER, whatsapp:NUMBER, twilio:NUMBER, device:IDENTITY, agent:NAME, or names of this section with + between "
    + "them"
}

extension Directory.Value {
  init(parsing text: String) throws(ValueFault) {
    if let target = try DialTarget(parsing: text) {
      self = .target(target)
      return
    }
    var names: [String] = []
    for part in text.utf8.split(separator: UInt8(ascii: "+"), omittingEmptySubsequences: false) {
      let name = String(decoding: withoutInvisible(Array(part)[...]), as: UTF8.self)
      guard !name.utf8.isEmpty else { throw ValueFault(why: "has an empty name") }
      names.append(name)
    }
    guard names.count <= ConfigurationLimits.groupMax else { throw ValueFault(why: "rings too many") }
    self = .group(names)
  }

  public var text: String {
    switch self {
    case .target(let target): target.text
    case .group(let names):
      names.enumerated().reduce("") { $0 + ($1.offset == 0 ? "" : " + ") + $1.element }
    }
  }
}

/// One way to reach somebody.
public struct DialTarget: Equatable, Sendable {
  public enum Way: String, CaseIterable, Sendable {
    /// A telephone number, or a user of the trunk's exchange.
    case sip
    case whatsapp
    /// A telephone number, over an account at Twilio.
    case twilio
    /// Somebody in the room who serves `lintel.ring`: another Lintel, by its identity.
    case device
    /// By its name.
    case agent
  }

  public let way: Way
  public let address: String

  public init(_ way: Way, _ address: String) {
    self.way = way
    self.address = address
  }

  public var text: String { "\(way.rawValue):\(address)" }

  /// nil: the text is no target at all, but may be a name.
  public init?(parsing text: String) throws(ValueFault) {
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let scheme = String(decoding: parts[0].map { lowercased($0) }, as: UTF8.self)
    guard let way = Way(rawValue: scheme) else {
      throw ValueFault(why: "has no such way to ring somebody")
    }
    self.init(way, try way.check(Array(withoutInvisible(Array(parts[1])[...]))))
  }
}

extension DialTarget.Way {
  /// The form that the server takes. What it would refuse, and what would go to another number than was meant, is
  /// refused here with the reason.
  public func check(_ bytes: [UInt8]) throws(ValueFault) -> String {
    guard !bytes.isEmpty else { throw ValueFault(why: "has nothing after its colon") }
    guard bytes.count <= ConfigurationLimits.nameBytesMax else { throw ValueFault(why: "is too long") }
    for byte in bytes where byte < 0x20 || byte == 0x7F {
      throw ValueFault(why: "has a control character in it")
    }
    switch self {
    case .device, .agent: return String(decoding: bytes, as: UTF8.self)
    case .sip:
      // A user of an exchange, such as `concierge`, is no number.
      guard bytes.contains(where: { isLetter($0) }) else { return try number(bytes, plus: true) }
      for byte in bytes where !isLetterOrDigit(byte) && !"-.!%*_+'~".utf8.contains(byte) {
        throw ValueFault(
          why: byte == UInt8(ascii: "@")
            ? "has an @: write the number or user alone, its host is the trunk's"
            : "has a character that neither a number nor a user has")
      }
      return String(decoding: bytes, as: UTF8.self)
    case .whatsapp: return try number(bytes, plus: false)
    case .twilio: return try number(bytes, plus: true)
    }
  }

  /// E.164: up to 15 digits. People write blanks, dashes, dots and brackets between them, which the bridge would send
  /// on as they are.
  private func number(_ bytes: [UInt8], plus: Bool) throws(ValueFault) -> String {
    var digits: [UInt8] = []
    var hasPlus = false
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "#"): digits.append(byte)
      case UInt8(ascii: "+") where digits.isEmpty && !hasPlus: hasPlus = true
      case 0x20, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"),
        UInt8(ascii: "/"):
        break
      default: throw ValueFault(why: "has a character that a number does not have")
      }
    }
    guard !digits.isEmpty else { throw ValueFault(why: "has no digits") }
    guard digits.count <= 15 || !hasPlus, digits.count <= 32 else {
      throw ValueFault(why: "has \(digits.count) digits; a number with its country code has at most 15")
    }
    if self != .sip {
      guard digits.allSatisfy({ isDigit($0) }) else { throw ValueFault(why: "is no telephone number") }
      guard digits.first != UInt8(ascii: "0") else {
        throw ValueFault(why: "begins with 0: write it with its country code, without 00 before it")
      }
    } else if hasPlus, digits.first == UInt8(ascii: "0") {
      throw ValueFault(why: "has a 0 after the +: write the country code there")
    }
    let sign = self == .sip ? hasPlus : plus
    return (sign ? "+" : "") + String(decoding: digits, as: UTF8.self)
  }
}

private func isLetter(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) && !isDigit(byte) }
