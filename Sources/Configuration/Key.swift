import Base

/// One key of the configuration: the single place that names it, limits it and describes it. One object, as the tables
/// are a hundred of them and none ever changes.
public final class Key: Sendable {
  public let section: String
  public let name: String
  /// What it does, as one sentence without its full stop.
  public let summary: String
  let kind: Kind

  /// `path` is `section.name`. A call at each of its hundred places.
  @inline(never)
  init(_ path: String, _ summary: String, _ kind: Kind) {
    let parts = Array(path.utf8).split(separator: UInt8(ascii: "."), maxSplits: 1)
    section = String(decoding: parts[0], as: UTF8.self)
    name = String(decoding: parts[1], as: UTF8.self)
    self.summary = summary
    self.kind = kind
  }

  /// Whether its value must not be shown.
  public var isSecret: Bool { name == "dtmf-code" }

  /// The legal values in words, with the unit.
  public var legal: String { kind.legal }

  /// The value that this key has in `settings`, as the file would spell it; empty if it is not set.
  public func value(in settings: Settings) -> String { kind.text(settings) }

  /// Whether the file would not have it at all, which is another thing than an empty value.
  func isAbsent(in settings: Settings) -> Bool { kind.isAbsent(settings) }

  func remove(from settings: inout Settings) { kind.remove(&settings) }

  /// Checks `text` and stores it. `folder` is where a relative path starts.
  func store(_ text: String, folder: String, in settings: inout Settings) throws(ValueFault) {
    try kind.store(kind.isVerbatim ? text : try unquoted(text), folder, &settings)
  }
}

/// Why a value is not legal, as the end of the sentence that begins with the value.
public struct ValueFault: Error, Equatable, Sendable {
  public let why: String
}

/// Where a key's value is: calls its second argument with the property, such as `{ $1(&$0.door.output) }`. One
/// closure reads and writes, as Embedded Swift has no writable key paths.
typealias Place<Value> = @Sendable (inout Settings, (inout Value) -> Void) -> Void

/// The type of a key's value: how it is checked, kept and spelled.
struct Kind: Sendable {
  let legal: String
  /// Quotes around the value are part of it.
  var isVerbatim = false
  let store: @Sendable (_ text: String, _ folder: String, inout Settings) throws(ValueFault) -> Void
  let text: @Sendable (Settings) -> String
  /// Where a key that is absent and one that is empty mean different things.
  var isAbsent: @Sendable (Settings) -> Bool = { _ in false }
  var remove: @Sendable (inout Settings) -> Void = { _ in }

  init<Value>(
    _ legal: String, _ place: @escaping Place<Value>,
    read: @escaping @Sendable (_ text: String, _ folder: String) throws(ValueFault) -> Value,
    spell: @escaping @Sendable (Value) -> String
  ) {
    self.legal = legal
    store = { text, folder, settings throws(ValueFault) in
      let value = try read(text, folder)
      place(&settings) { $0 = value }
    }
    text = { settings in
      var settings = settings
      var text = ""
      place(&settings) { text = spell($0) }
      return text
    }
  }
}

extension Key {
  /// A whole number within `range`; `unit` and `note` are added to the words.
  static func number(
    _ path: String, _ summary: String, _ range: ClosedRange<Int>, unit: String = "", note: String = "",
    _ place: @escaping Place<Int>
  ) -> Key {
    let measure = unit.utf8.isEmpty ? "" : " (\(unit))"
    let kind = Kind(
      "\(range.lowerBound) to \(range.upperBound)" + measure + note, place,
      read: { (text: String, _: String) throws(ValueFault) -> Int in
        let isNegative = range.lowerBound < 0 && text.utf8.first == UInt8(ascii: "-")
        let digits = Array(text.utf8).dropFirst(isNegative ? 1 : 0)
        guard !digits.isEmpty, digits.allSatisfy({ isDigit($0) }) else {
          throw ValueFault(why: "is not a whole number")
        }
        guard let size = decimal(digits), range.contains(isNegative ? -size : size) else {
          throw ValueFault(why: "is out of range")
        }
        return isNegative ? -size : size
      },
      spell: { "\($0)" })
    return Key(path, summary, kind)
  }

  /// yes or no; on and off are taken too, as either reads well for some keys.
  static func flag(
    _ path: String, _ summary: String, _ words: FlagWords, _ place: @escaping Place<Bool>
  ) -> Key {
    let kind = Kind(
      words == .yesNo ? "yes, no" : "on, off", place,
      read: { (text: String, _: String) throws(ValueFault) -> Bool in
        switch text {
        case "yes", "on": return true
        case "no", "off": return false
        default: throw ValueFault(why: "is neither")
        }
      },
      spell: { $0 ? (words == .yesNo ? "yes" : "on") : (words == .yesNo ? "no" : "off") })
    return Key(path, summary, kind)
  }

  /// One word of a list.
  static func choice<Choice: RawRepresentable & CaseIterable & Equatable & Sendable>(
    _ path: String, _ summary: String, _ place: @escaping Place<Choice>
  ) -> Key where Choice.RawValue == String, Choice.AllCases == [Choice] {
    let words = Choice.allCases
    let indexed: Place<Int> = { settings, change in
      place(&settings) { choice in
        var index = words.firstIndex(of: choice) ?? 0
        change(&index)
        choice = words[index]
      }
    }
    return choice(path, summary, of: words.count, word: { words[$0].rawValue }, indexed)
  }

  /// What is the same for every choice, each word by its place in the list.
  private static func choice(
    _ path: String, _ summary: String, of count: Int, word: @escaping @Sendable (Int) -> String,
    _ place: @escaping Place<Int>
  ) -> Key {
    let kind = Kind(
      commaSeparated((0..<count).map(word)), place,
      read: { (text: String, _: String) throws(ValueFault) -> Int in
        for index in 0..<count where word(index) == text { return index }
        throw ValueFault(why: "is none of them")
      },
      spell: word)
    return Key(path, summary, kind)
  }

  /// A text that `rule` lets pass. An empty value is refused.
  static func text(
    _ path: String, _ summary: String, _ rule: TextRule, _ place: @escaping Place<String>
  ) -> Key {
    let kind = Kind(
      rule.legal, place,
      read: { (text: String, folder: String) throws(ValueFault) -> String in
        guard !text.utf8.isEmpty else { throw ValueFault(why: "is no value") }
        return try rule.check(text, folder)
      },
      spell: { $0 })
    return Key(path, summary, kind)
  }

  /// The same for a key that may be unset: an empty value unsets it, for drop-ins that take something back.
  static func optional(
    _ path: String, _ summary: String, _ rule: TextRule, _ place: @escaping Place<String?>
  ) -> Key {
    var kind = Kind(
      rule.legal + ", or nothing", place,
      read: { (text: String, folder: String) throws(ValueFault) -> String? in
        text.utf8.isEmpty ? nil : try rule.check(text, folder)
      },
      spell: { $0 ?? "" })
    kind.isVerbatim = rule.isVerbatim
    return Key(path, summary, kind)
  }

  /// Who may do something.
  static func allow(_ path: String, _ summary: String, _ place: @escaping Place<AllowRules>) -> Key {
    let kind = Kind(
      AllowRules.legal, place,
      read: { (text: String, _: String) throws(ValueFault) in try AllowRules(parsing: text) },
      spell: { $0.text })
    return Key(path, summary, kind)
  }

  /// A line of the board.
  static func line(_ use: GPIOSettings.Use, _ summary: String) -> Key {
    let kind = Kind(
      GPIOLineSettings.legal + ", or nothing", { $1(&$0.gpio[use]) },
      read: { (text: String, _: String) throws(ValueFault) -> GPIOLineSettings? in
        text.utf8.isEmpty ? nil : try GPIOLineSettings(parsing: text)
      },
      spell: { $0?.text ?? "" })
    return Key("gpio." + use.rawValue, summary, kind)
  }
}

/// How a flag reads best.
enum FlagWords: Sendable { case yesNo, onOff }

/// A value without the quotes that other formats want around it. What is left is written out as it is, so it must not
/// begin with what would be read as a comment then.
private func unquoted(_ text: String) throws(ValueFault) -> String {
  let inside = withoutQuotes(Array(text.utf8)[...])
  guard inside.first != UInt8(ascii: "\"") else {
    throw ValueFault(why: "begins with a quote that does not end")
  }
  guard inside.first != UInt8(ascii: ";") else { throw ValueFault(why: "begins a comment with its ;") }
  return String(decoding: inside, as: UTF8.self)
}

func commaSeparated(_ words: [String]) -> String {
  var text = ""
  for word in words { text += (text.utf8.isEmpty ? "" : ", ") + word }
  return text
}
