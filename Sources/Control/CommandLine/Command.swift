import Base

/// One command of lintelctl: the single place that describes it. Parser and help are made from it.
public struct Command: Sendable {
  /// Where a method's row has the command, the method's name up to its first point.
  public internal(set) var name = ""
  /// What follows the name, in order; the optional ones come last.
  public internal(set) var arguments: [Argument] = []
  public internal(set) var options: [Option] = []
  /// One line for the list of commands.
  public let summary: String
  /// What it does, in paragraphs.
  public internal(set) var details: [String] = []
  public let examples: [String]
  /// What it can do, where that differs with the first argument: how to ask for it, and what it is.
  var verbs: [(usage: String, summary: String)] = []
  /// What it comes to. The number of arguments is right then, and so are those with alternatives.
  let action: @Sendable (Arguments) throws(UsageFailure) -> Action

  public struct Argument: Sendable {
    /// As the usage line has it: `on|off`, `LEVEL`. With bars it is one of the words between them.
    public let spelling: String
    public var isOptional = false
    /// Only the last one: there may be more of the kind.
    public var repeats = false
  }

  public struct Option: Sendable {
    /// With its dashes.
    public let name: String
    /// The name of its value; nil for a switch.
    public let value: String?
    public let summary: String
    /// It may be given more than once.
    public var repeats = false
  }

  /// `lintelctl join [--url URL] [--token-file FILE] [--wait SECONDS | --no-wait]`, without the program.
  public var usage: String {
    var text = usageWithoutOptions
    for option in options { text += " [\(option.spelling)]" }
    return text
  }

  /// `volume [LEVEL]`, for a column of the list of commands, which many verbs would not leave room in.
  var label: String { verbs.isEmpty ? usageWithoutOptions : name + " ACTION ..." }

  /// `volume [LEVEL]`.
  var usageWithoutOptions: String {
    var text = name
    for argument in arguments {
      let spelling = argument.spelling + (argument.repeats ? " ..." : "")
      text += argument.isOptional ? " [\(spelling)]" : " \(spelling)"
    }
    return text
  }
}

extension Command.Argument {
  /// The legal words, if only some are.
  var alternatives: [String] {
    let words = spelling.utf8.split(separator: UInt8(ascii: "|"))
    return words.count < 2 ? [] : words.map { String(decoding: Array($0), as: UTF8.self) }
  }
}

extension Command.Option {
  public var spelling: String { value.map { "\(name) \($0)" } ?? name }
}

/// What lintelctl ends with.
public enum ExitCode: Int32, Sendable {
  case done = 0
  case failed = 1
  case usage = 2
  case unreachable = 3
  case notAllowed = 4
}
