import Base

/// What a command line of lintelctl asks for.
public enum Invocation: Equatable, Sendable {
  /// Print this and be done.
  case help(String)
  case run(Action, socket: String, json: Bool)
  /// Needs no daemon.
  case provision(Provision, json: Bool)
}

public enum Action: Equatable, Sendable {
  case status
  /// `waitSeconds` is nil if only the beginning is of interest. `tokenFile` may be `-`.
  case join(url: String?, tokenFile: String?, waitSeconds: Int?)
  case call(waitSeconds: Int?)
  /// The file's name stands for what is read of it; see `Conversation`.
  case sendFile(path: String, isText: Bool, topic: String?, to: String?)
  /// One request whose result is printed.
  case request(Request)
  /// `configuration` is for the stand-in of a daemon that does not run.
  case doctor(configuration: String?)
  /// See `Monitor`.
  case monitor
  case leave
  case mute(on: Bool)
  case volume(level: Int?)
  case participants
  case events(follow: Bool)
  case version
}

/// Why a command line cannot be understood: a sentence, and where to read on.
public struct UsageFailure: Error, Equatable, Sendable, CustomStringConvertible {
  public let message: String
  /// The command that is meant, if one is.
  public let command: String?

  public var description: String {
    "\(message)\nSee `lintelctl help\(command.map { " " + $0 } ?? "")`."
  }

  static func unknownCommand(_ name: String) -> UsageFailure {
    let nearest = nearestName(to: name, among: CommandTable.all.map { $0.name })
    let hint = nearest.map { ", did you mean '\($0)'?" } ?? ""
    return UsageFailure(message: "no command '\(shortened(name))'" + hint, command: nil)
  }
}

extension Invocation {
  /// `arguments` are those after the program's name; `defaultSocket` is what counts without `--socket`. Options may
  /// stand anywhere, as `--name value` or `--name=value`; after `--` all are arguments.
  public static func parse(_ arguments: [String], defaultSocket: String) throws(UsageFailure) -> Invocation {
    let words = try Words(arguments)
    if words.command == "help" {
      guard words.positional.count <= 1 else {
        throw UsageFailure(message: "help takes one command", command: nil)
      }
      guard let name = words.positional.first else { return .help(HelpText.general) }
      return .help(HelpText.of(try command(name)))
    }
    guard let name = words.command else {
      if words.value("--help") != nil { return .help(HelpText.general) }
      throw UsageFailure(message: "a command is missing", command: nil)
    }
    let command = try command(name)
    if words.value("--help") != nil { return .help(HelpText.of(command)) }
    let socket = words.value("--socket") ?? defaultSocket
    guard !socket.utf8.isEmpty else {
      throw UsageFailure(message: "the path of the socket is empty", command: name)
    }
    let json = words.value("--json") != nil
    let action = try action(command, words)
    if name == "provision" { return .provision(try words.provision(), json: json) }
    return .run(action, socket: socket, json: json)
  }

  private static func command(_ name: String) throws(UsageFailure) -> Command {
    if let command = CommandTable.command(name) { return command }
    throw .unknownCommand(name)
  }

  private static func action(_ command: Command, _ words: Words) throws(UsageFailure) -> Action {
    let given = words.positional
    let most = command.arguments.last?.repeats == true ? Int.max : command.arguments.count
    guard given.count <= most else {
      throw UsageFailure(
        message: "\(command.name): '\(shortened(given[most]))' is one argument too many",
        command: command.name)
    }
    for (index, expected) in command.arguments.enumerated() where index >= given.count && !expected.isOptional
    {
      throw UsageFailure(message: "\(command.name): \(expected.spelling) is missing", command: command.name)
    }
    if let request = try words.request(of: command.name) { return .request(request) }
    let argument = given.first
    switch command.name {
    case "call": return .call(waitSeconds: try wait(words))
    case "send-file":
      return .sendFile(
        path: given[0], isText: words.value("--text") != nil, topic: words.value("--topic"),
        to: words.value("--to"))
    case "join":
      return .join(
        url: words.value("--url"), tokenFile: words.value("--token-file"), waitSeconds: try wait(words))
    case "leave": return .leave
    case "monitor": return .monitor
    case "doctor": return .doctor(configuration: words.value("--config"))
    case "mute":
      guard argument == "on" || argument == "off" else {
        throw UsageFailure(message: "mute: on or off, not '\(shortened(argument ?? ""))'", command: "mute")
      }
      return .mute(on: argument == "on")
    case "volume":
      guard let argument else { return .volume(level: nil) }
      return .volume(level: try number(argument, 0...100, "volume", command: "volume"))
    case "participants": return .participants
    case "events": return .events(follow: words.value("--follow") != nil)
    case "version": return .version
    default: return .status
    }
  }

  private static func wait(_ words: Words) throws(UsageFailure) -> Int? {
    let noWait = words.value("--no-wait") != nil
    guard let seconds = words.value("--wait") else {
      return noWait ? nil : CommandTable.joinWaitSecondsDefault
    }
    guard !noWait else {
      let name = words.command ?? ""
      throw UsageFailure(message: "\(name): --wait and --no-wait exclude each other", command: name)
    }
    return try number(
      seconds, 1...CommandTable.joinWaitSecondsMax, "--wait", command: words.command ?? "")
  }

  static func number(
    _ text: String, _ range: ClosedRange<Int>, _ what: String, command: String
  ) throws(UsageFailure) -> Int {
    guard let number = decimal(text.utf8), range.contains(number) else {
      throw UsageFailure(
        message:
          "\(what): '\(shortened(text))' is no whole number from \(range.lowerBound) to \(range.upperBound)",
        command: command)
    }
    return number
  }
}
