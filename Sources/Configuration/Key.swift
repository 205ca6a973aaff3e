import Base

/// One key of the configuration: the single place that names it, limits it and describes it.
public struct Key: Sendable {
  public let section: String
  public let name: String
  /// What it does, as one sentence without its full stop.
  public let summary: String
  let kind: Kind

  /// Whether its value must not be shown.
  public var isSecret: Bool { name == "dtmf-code" }

  /// The legal values in words, with the unit.
  public var legal: String { kind.legal }

  /// The value that this key has in `settings`, as the file would spell it; empty if it is not set.
  public func value(in settings: Settings) -> String { kind.text(settings) }

  /// Checks `text` and stores it. `folder` is where a relative path starts.
  func store(_ text: String, folder: String, in settings: inout Settings) throws(ValueFault) {
    try kind.store(text, folder, &settings)
  }
}

/// Why a value is not legal, as the end of the sentence that begins with the value.
struct ValueFault: Error, Equatable {
  let why: String
}

/// The type of a key's value: how it is checked, kept and spelled.
struct Kind: Sendable {
  let legal: String
  let store: @Sendable (_ text: String, _ folder: String, inout Settings) throws(ValueFault) -> Void
  let text: @Sendable (Settings) -> String
}

extension Kind {
  /// A whole number within `range`; `unit` is added to the words.
  static func number(
    _ range: ClosedRange<Int>, unit: String, note: String = "",
    get: @escaping @Sendable (Settings) -> Int, set: @escaping @Sendable (inout Settings, Int) -> Void
  ) -> Kind {
    let measure = unit.utf8.isEmpty ? "" : " (\(unit))"
    return Kind(
      legal: "\(range.lowerBound) to \(range.upperBound)" + measure + note,
      store: { text, _, settings throws(ValueFault) in
        // No number of the table needs more digits, so the addition below cannot overflow.
        var digits = Array(text.utf8)
        let isNegative = range.lowerBound < 0 && digits.first == 0x2D
        if isNegative { digits.removeFirst() }
        var number: Int64 = 0
        for digit in digits.prefix(10) {
          guard digit >= 0x30, digit <= 0x39 else { throw ValueFault(why: "is not a whole number") }
          number = number * 10 + Int64(digit - 0x30)
        }
        guard !digits.isEmpty else { throw ValueFault(why: "is not a whole number") }
        if isNegative { number = -number }
        guard digits.count <= 10, let number = Int(exactly: number), range.contains(number) else {
          throw ValueFault(why: "is out of range")
        }
        set(&settings, number)
      },
      text: { "\(get($0))" })
  }

  /// yes or no; on and off are taken too, as either reads well for some keys.
  static func flag(
    words: FlagWords, get: @escaping @Sendable (Settings) -> Bool,
    set: @escaping @Sendable (inout Settings, Bool) -> Void
  ) -> Kind {
    Kind(
      legal: words == .yesNo ? "yes, no" : "on, off",
      store: { text, _, settings throws(ValueFault) in
        switch text {
        case "yes", "on": set(&settings, true)
        case "no", "off": set(&settings, false)
        default: throw ValueFault(why: "is neither")
        }
      },
      text: { get($0) ? (words == .yesNo ? "yes" : "on") : (words == .yesNo ? "no" : "off") })
  }

  /// One word of a list.
  static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
    get: @escaping @Sendable (Settings) -> Choice, set: @escaping @Sendable (inout Settings, Choice) -> Void
  ) -> Kind where Choice.RawValue == String {
    let words = Choice.allCases.map { $0.rawValue }
    return Kind(
      legal: commaSeparated(words),
      store: { text, _, settings throws(ValueFault) in
        guard let choice = Choice(rawValue: text) else { throw ValueFault(why: "is none of them") }
        set(&settings, choice)
      },
      text: { get($0).rawValue })
  }

  /// Any text that `check` lets pass (it returns the form to keep). An empty value is refused.
  static func text(
    legal: String, check: @escaping @Sendable (_ text: String, _ folder: String) throws(ValueFault) -> String,
    get: @escaping @Sendable (Settings) -> String, set: @escaping @Sendable (inout Settings, String) -> Void
  ) -> Kind {
    Kind(
      legal: legal,
      store: { text, folder, settings throws(ValueFault) in
        guard !text.utf8.isEmpty else { throw ValueFault(why: "is no value") }
        set(&settings, try check(text, folder))
      },
      text: get)
  }

  /// The same for a key that may be unset: an empty value unsets it, for drop-ins that take something back.
  static func optionalText(
    legal: String, check: @escaping @Sendable (_ text: String, _ folder: String) throws(ValueFault) -> String,
    get: @escaping @Sendable (Settings) -> String?, set: @escaping @Sendable (inout Settings, String?) -> Void
  ) -> Kind {
    Kind(
      legal: legal + ", or nothing",
      store: { text, folder, settings throws(ValueFault) in
        set(&settings, text.utf8.isEmpty ? nil : try check(text, folder))
      },
      text: { get($0) ?? "" })
  }
}

/// How a flag reads best.
enum FlagWords: Sendable { case yesNo, onOff }

func commaSeparated(_ words: [String]) -> String {
  var text = ""
  for word in words { text += (text.utf8.isEmpty ? "" : ", ") + word }
  return text
}
