import Base

/// A command line taken apart: the command, what follows it, and the options with their values. The options that are
/// legal depend on the command, which may stand after them.
struct Arguments {
  private(set) var command: String?
  private(set) var positional: [String] = []
  private var values: [(name: String, value: String)] = []

  init(_ words: [String]) throws(UsageFailure) {
    command = Self.command(in: words)
    let options =
      command == nil
      ? CommandTable.generalOptions
      : CommandTable.commonOptions + (command.flatMap { CommandTable.command($0) }?.options ?? [])
    var commandWasSeen = false
    var onlyArguments = false
    var index = 0
    while index < words.count {
      let word = words[index]
      index += 1
      if onlyArguments || !word.utf8.starts(with: "-".utf8) || word == "-" {
        if commandWasSeen { positional.append(word) } else { commandWasSeen = true }
        continue
      }
      if word == "--" {
        onlyArguments = true
        continue
      }
      let (name, attached) = Self.split(word == "-h" ? "--help" : word)
      guard let option = options.first(where: { $0.name == name }) else {
        throw unknown(name, options, afterCommand: commandWasSeen)
      }
      guard option.repeats || value(name) == nil else { throw failure("\(name) is given twice") }
      guard let valueName = option.value else {
        guard attached == nil else { throw failure("\(name) takes no value") }
        values.append((name, ""))
        continue
      }
      if let attached {
        values.append((name, attached))
      } else if index < words.count {
        values.append((name, words[index]))
        index += 1
      } else {
        throw failure("\(name): \(valueName) is missing")
      }
    }
  }

  /// The value of an option that was given (empty for a switch).
  func value(_ name: String) -> String? {
    values.first { $0.name == name }?.value
  }

  /// All values of an option that may be given more than once.
  func values(_ name: String) -> [String] { values.filter { $0.name == name }.map { $0.value } }

  /// The first word that is neither an option nor the value of a common one.
  private static func command(in words: [String]) -> String? {
    var index = 0
    while index < words.count {
      let word = words[index]
      if word == "--" { return index + 1 < words.count ? words[index + 1] : nil }
      if !word.utf8.starts(with: "-".utf8) || word == "-" { return word }
      for option in CommandTable.commonOptions where option.name == word && option.value != nil { index += 1 }
      index += 1
    }
    return nil
  }

  private static func split(_ word: String) -> (name: String, value: String?) {
    let bytes = Array(word.utf8)
    guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else { return (word, nil) }
    return (
      String(decoding: bytes[..<equals], as: UTF8.self),
      String(decoding: bytes[(equals + 1)...], as: UTF8.self)
    )
  }

  func failure(_ sentence: String) -> UsageFailure {
    UsageFailure(message: (command.map { "\(shortened($0)): " } ?? "") + sentence, command: knownCommand)
  }

  private func unknown(_ name: String, _ options: [Command.Option], afterCommand: Bool) -> UsageFailure {
    // After a mistyped command nobody knows which options are legal. Before the command only the common ones are,
    // and the value of a mistyped one would be taken for the command.
    if afterCommand, let command, knownCommand == nil { return .unknownCommand(command) }
    let legal = afterCommand ? options : CommandTable.generalOptions
    let nearest = nearestName(to: name, among: legal.map { $0.name })
    let sentence = "no option '\(shortened(name))'" + (nearest.map { ", did you mean '\($0)'?" } ?? "")
    return afterCommand ? failure(sentence) : UsageFailure(message: sentence, command: nil)
  }

  private var knownCommand: String? { command.flatMap { CommandTable.command($0) }?.name }
}
