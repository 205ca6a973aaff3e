import Base

/// What a command with several actions does for one of them: `rooms remove IDENTITY`.
struct Verb: Sendable {
  let name: String
  /// What follows it, all of it needed.
  var arguments: [String] = []
  /// Those of the command's options that mean something here.
  var options: [String] = []
  let summary: String
  /// What it comes to; the first of the arguments after the verb stands at 1.
  let action: @Sendable (Arguments) throws(UsageFailure) -> Action
}

extension Command {
  init(
    name: String, verbs: [Verb], options: [Option], summary: String, details: [String], examples: [String]
  ) {
    let alternatives = verbs.dropFirst().reduce(verbs[0].name) { $0 + "|" + $1.name }
    self.init(
      name: name,
      arguments: [
        .init(spelling: alternatives), .init(spelling: "ARGUMENT", isOptional: true, repeats: true),
      ],
      options: options, summary: summary, details: details, examples: examples,
      action: { arguments throws(UsageFailure) in
        guard let verb = verbs.first(where: { $0.name == arguments.positional[0] }) else {
          throw arguments.failure("\(alternatives) is missing")
        }
        try verb.check(arguments, options)
        return try verb.action(arguments)
      })
    self.verbs = verbs.map { verb in
      var usage = verb.name
      for argument in verb.arguments { usage += " " + argument }
      return (usage, verb.summary)
    }
  }
}

extension Verb {
  /// Whether all that it needs is there, and nothing that it would have to ignore.
  fileprivate func check(_ given: Arguments, _ legal: [Command.Option]) throws(UsageFailure) {
    for (index, argument) in arguments.enumerated() where index + 1 >= given.positional.count {
      throw given.failure("\(name): \(argument) is missing")
    }
    if given.positional.count > arguments.count + 1 {
      let word = shortened(given.positional[arguments.count + 1])
      let hint =
        options.contains("--room") && arguments.isEmpty ? "; a room is named with --room" : ""
      throw given.failure("\(name): '\(word)' is one argument too many" + hint)
    }
    for option in legal where given.value(option.name) != nil && !options.contains(option.name) {
      throw given.failure("\(name) takes no \(option.name)")
    }
  }
}

extension Arguments {
  /// One of what follows the verb, which a variable of a script may have left empty.
  func filled(_ index: Int, _ name: String) throws(UsageFailure) -> String {
    let text = positional[index]
    guard !text.utf8.isEmpty else { throw failure("\(positional[0]): \(name) is empty") }
    return text
  }
}
