import Base

/// Everything that is wrong with a configuration, in the order of the files and lines.
public struct ConfigurationFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// At least one, at most `ConfigurationLimits.problemsMax`.
  public let problems: [ConfigurationProblem]
  /// How many more there are.
  public let problemsLeftOut: Int

  /// One line a problem.
  public var lines: [String] {
    problems.map { $0.description } + (problemsLeftOut > 0 ? ["and \(problemsLeftOut) more"] : [])
  }

  public var description: String {
    var text = ""
    for line in lines { text += (text.utf8.isEmpty ? "" : "\n") + line }
    return text
  }
}

/// One thing that is wrong, and where.
public struct ConfigurationProblem: Equatable, Sendable, CustomStringConvertible {
  public let file: String
  /// From 1; 0 where the file as a whole, or all files together, are meant.
  public let line: Int
  /// Empty where a line belongs to none.
  public let section: String
  /// Empty where the line is not about a key.
  public let key: String
  public let fault: ConfigurationFault

  /// `/etc/lintel/lintel.conf:12: [audio] bitrate: '9' is out of range; legal: 6000 to 128000 (bit/s)`.
  public var description: String {
    var text = file
    if line > 0 { text += (text.utf8.isEmpty ? "line " : ":") + "\(line)" }
    if !text.utf8.isEmpty { text += ": " }
    if !section.utf8.isEmpty { text += "[\(section)]" + (key.utf8.isEmpty ? ": " : " ") }
    if !key.utf8.isEmpty { text += "\(key): " }
    return text + fault.description
  }
}

/// What kind of mistake it is. Text from the file is already shortened and free of control characters.
public enum ConfigurationFault: Equatable, Sendable, CustomStringConvertible {
  case tooManyFiles
  case fileTooLong(bytes: Int)
  case lineTooLong(bytes: Int)
  /// Not UTF-8, or with a zero byte in it: not a text file.
  case notText
  /// Neither a section, nor `name = value`, nor a comment.
  case notUnderstood(line: String)
  case outsideSection
  case unknownSection(nearest: String?, legal: String)
  case unknownKey(nearest: String?, legal: String)
  /// The same key twice in one file: one of the two lines is not meant.
  case repeated(firstLine: Int)
  case badValue(value: String, why: String, legal: String)
  /// A key that another setting makes necessary.
  case missing(because: String)

  public var description: String {
    switch self {
    case .tooManyFiles:
      "more than \(ConfigurationLimits.filesMax) files"
    case .fileTooLong(let bytes):
      "\(bytes) bytes long; a configuration has at most \(ConfigurationLimits.fileBytesMax)"
    case .lineTooLong(let bytes):
      "the line is \(bytes) bytes long; at most \(ConfigurationLimits.lineBytesMax) are allowed"
    case .notText:
      "not a text in UTF-8"
    case .notUnderstood(let line):
      "'\(line)' is neither [section], nor name = value, nor a comment (# or ;)"
    case .outsideSection:
      "stands before the first [section]"
    case .unknownSection(let nearest, let legal):
      "no such section" + hint(nearest) + "; legal: \(legal)"
    case .unknownKey(let nearest, let legal):
      "no such key" + hint(nearest) + "; legal: \(legal)"
    case .repeated(let firstLine):
      "already set in line \(firstLine) of this file"
    case .badValue(let value, let why, let legal):
      "'\(value)' \(why); legal: \(legal)"
    case .missing(let because):
      "not set, but \(because)"
    }
  }

  private func hint(_ nearest: String?) -> String { nearest.map { ", did you mean '\($0)'?" } ?? "" }
}

/// At most `quotedCharactersMax` characters of a text, with a dot in the place of whatever would move a terminal's
/// cursor: a wrong file may hold anything.
func quoted(_ text: String) -> String {
  var result = ""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == ConfigurationLimits.quotedCharactersMax { return result + "..." }
    let control = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    result.unicodeScalars.append(control ? "." : scalar)
    count += 1
  }
  return result
}
