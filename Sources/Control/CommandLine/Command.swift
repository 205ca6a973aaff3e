import Base

/// One command of lintelctl: the single place that names and describes it. Parser and help are made from it.
public struct Command: Sendable {
  public let name: String
  /// What follows the name, in order; the optional ones come last.
  public let arguments: [Argument]
  public let options: [Option]
  /// One line for the list of commands.
  public let summary: String
  /// What it does, in paragraphs.
  public let details: [String]
  public let examples: [String]

  public struct Argument: Sendable {
    /// As the usage line has it: `on|off`, `LEVEL`.
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
  }

  /// `lintelctl join [--url URL] [--token-file FILE] [--wait SECONDS | --no-wait]`, without the program.
  public var usage: String {
    var text = usageWithoutOptions
    for option in options { text += " [\(option.spelling)]" }
    return text
  }

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
