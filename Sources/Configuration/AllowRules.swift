import Base

/// Who may do something: a list of kinds of participants, each with the identities that are meant.
///
/// `agent, sip:desk-*` means any agent, and those telephones whose identity begins with `desk-`. The kinds are those
/// of LiveKit (`standard`, `agent`, `sip`, `connector`, `bridge`, `ingress`, `egress`), `server` for what no
/// participant but the server itself asks, `keypad` for the keys of this device, `hidden` for those whom the server
/// shows to nobody, and `any` for everybody whom it shows, the server and the keypad. `called` is a telephone that this
/// device has called itself, and `trunk:ST_...` one whose call came over that trunk; what a caller says of himself is
/// no part of either. `device` is another spelling of `standard`. A star stands for any number of characters.
/// Identities are compared byte by byte: who merely looks alike is somebody else. An empty list allows nobody.
public struct AllowRules: Equatable, Sendable {
  public var rules: [Rule]

  public struct Rule: Equatable, Sendable {
    public let kind: String
    public let pattern: String

    public init(kind: String, pattern: String = "*") {
      self.kind = kind
      self.pattern = pattern
    }

    public static func == (one: Rule, other: Rule) -> Bool {
      one.kind == other.kind && one.pattern.utf8.elementsEqual(other.pattern.utf8)
    }
  }

  public init(_ rules: [Rule]) { self.rules = rules }

  public static let nobody = "nobody"
  static let kinds = [
    "standard", "agent", "sip", "connector", "bridge", "ingress", "egress", "server", "keypad", "hidden",
    "any", "called", "trunk",
  ]

  /// - Parameters:
  ///   - trunk: over which the telephone came, as its bridge says; empty for everybody else.
  ///   - isCalled: this device rang it.
  public func allow(kind: String, identity: String, trunk: String = "", isCalled: Bool = false) -> Bool {
    for rule in rules {
      let pattern = Array(rule.pattern.utf8)
      let isMeant =
        switch rule.kind {
        case "any": kind != "hidden" && kind != "unknown" && matches(Array(identity.utf8), pattern)
        case "called": isCalled && matches(Array(identity.utf8), pattern)
        case "trunk": !trunk.utf8.isEmpty && matches(Array(trunk.utf8), pattern)
        default: rule.kind == kind && matches(Array(identity.utf8), pattern)
        }
      if isMeant { return true }
    }
    return false
  }

  /// As the configuration spells it.
  public var text: String {
    if rules.isEmpty { return Self.nobody }
    return commaSeparated(rules.map { $0.pattern == "*" ? $0.kind : "\($0.kind):\($0.pattern)" })
  }
}

extension AllowRules {
  static let legal = "nobody, or KIND or KIND:IDENTITY, with commas; KIND is one of " + commaSeparated(kinds)

  init(parsing text: String) throws(ValueFault) {
    rules = []
    if text == Self.nobody { return }
    for part in Array(text.utf8).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let halves = part.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        .map { withoutInvisible(Array($0)[...]) }
      let word = String(decoding: halves.first ?? [], as: UTF8.self)
      let kind = word == "device" ? "standard" : word
      guard Self.kinds.contains(where: { $0 == kind }) else {
        throw ValueFault(why: "has a kind that there is not")
      }
      // Blanks within an identity are part of it; the quotes that such a one seems to want are not.
      let pattern = halves.count > 1 ? String(decoding: withoutQuotes(halves[1]), as: UTF8.self) : "*"
      guard !pattern.utf8.isEmpty else { throw ValueFault(why: "has an empty identity") }
      rules.append(Rule(kind: kind, pattern: pattern))
    }
    guard rules.count <= ConfigurationLimits.allowRulesMax else {
      throw ValueFault(why: "has too many parts")
    }
  }
}

/// Glob matching in little space: after a mismatch only the last star is tried again.
private func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
  var index = 0
  var place = 0
  var retry: (text: Int, pattern: Int)?
  while index < text.count {
    if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
      place += 1
      retry = (index, place)
    } else if place < pattern.count, pattern[place] == text[index] {
      index += 1
      place += 1
    } else if let last = retry {
      retry = (last.text + 1, last.pattern)
      index = last.text + 1
      place = last.pattern
    } else {
      return false
    }
  }
  while place < pattern.count, pattern[place] == UInt8(ascii: "*") { place += 1 }
  return place == pattern.count
}
