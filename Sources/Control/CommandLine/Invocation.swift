import Base

/// What a command line of lintelctl asks for.
public struct Invocation: Equatable, Sendable {
  public let action: Action
  public let socket: String
  public let json: Bool
}

public enum Action: Equatable, Sendable {
  /// One request whose result is printed.
  case request(Request)
  /// `waitSeconds` is nil if only the beginning is of interest. `tokenFile` may be `-`.
  case join(url: String?, tokenFile: String?, waitSeconds: Int?)
  case call(waitSeconds: Int?)
  /// One after the other. The files' names stand for what is read of them; see `Conversation`.
  case sendFiles(paths: [String], isText: Bool, topic: String?, to: String?)
  case doctor(DoctorOrder)
  /// Of a command that stands for a call of the server API.
  case server(ServerCall)
  case events(follow: Bool)
  /// See `Monitor`.
  case monitor
  /// These need no daemon.
  case provision(Provision)
  case print(String)
}

/// How a self-test is wanted.
public struct DoctorOrder: Equatable, Sendable {
  /// For the stand-in of a daemon that does not run.
  public let configuration: String?
  /// Others may hear the tone.
  public let yes: Bool
  /// Where an archive for the maker is to be written.
  public let archive: String?

  public init(configuration: String? = nil, yes: Bool = false, archive: String? = nil) {
    self.configuration = configuration
    self.yes = yes
    self.archive = archive
  }
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
  /// `words` are those after the program's name; `defaultSocket` is what counts without `--socket`. Options may
  /// stand anywhere, as `--name value` or `--name=value`; after `--` all are arguments.
  public static func parse(_ words: [String], defaultSocket: String) throws(UsageFailure) -> Invocation {
    let arguments = try Arguments(words)
    let socket = arguments.value("--socket") ?? defaultSocket
    guard !socket.utf8.isEmpty else {
      throw UsageFailure(message: "the path of the socket is empty", command: arguments.command)
    }
    return Invocation(
      action: try action(arguments), socket: socket, json: arguments.value("--json") != nil)
  }

  private static func action(_ arguments: Arguments) throws(UsageFailure) -> Action {
    let wantsHelp = arguments.value("--help") != nil
    guard let name = arguments.command else {
      if wantsHelp { return .print(HelpText.general) }
      if arguments.value("--version") != nil { return .print("lintelctl \(lintelVersion)\n") }
      throw UsageFailure(message: "a command is missing", command: nil)
    }
    guard let command = CommandTable.command(name) else { throw .unknownCommand(name) }
    if wantsHelp { return .print(name == "help" ? HelpText.general : HelpText.of(command)) }
    let given = arguments.positional
    let most = command.arguments.last?.repeats == true ? Int.max : command.arguments.count
    guard given.count <= most else {
      throw arguments.failure("'\(shortened(given[most]))' is one argument too many")
    }
    for (index, expected) in command.arguments.enumerated() {
      guard index < given.count else {
        if expected.isOptional { break }
        throw arguments.failure("\(expected.spelling) is missing")
      }
      let alternatives = expected.alternatives
      guard alternatives.isEmpty || alternatives.contains(where: { $0 == given[index] }) else {
        throw arguments.failure("\(choice(alternatives)), not '\(shortened(given[index]))'")
      }
      // A variable of a script that is not set, mostly.
      guard expected.isOptional || !given[index].utf8.isEmpty else {
        throw arguments.failure("\(expected.spelling) is empty")
      }
    }
    let action = try command.action(arguments)
    switch action {
    case .request(let request): try check(request, command.name)
    // What a file brings is looked at when it is there.
    case .server(let call) where call.input == nil: try check(.serverAPI(call.request), command.name)
    default: break
    }
    return action
  }

  /// What the daemon would refuse to read is a wrong usage, and said without it.
  private static func check(_ request: Request, _ command: String) throws(UsageFailure) {
    do throws(ControlFailure) {
      try request.checkAsRead()
    } catch {
      throw UsageFailure(message: error.description, command: command)
    }
  }

  /// `show, check or reload`.
  private static func choice(_ words: [String]) -> String {
    var text = ""
    for (index, word) in words.enumerated() {
      text += (index == 0 ? "" : index == words.count - 1 ? " or " : ", ") + word
    }
    return text
  }
}

/// What several commands take.
extension Arguments {
  /// nil without `--wait` only if there is `--no-wait`.
  func waitSeconds() throws(UsageFailure) -> Int? {
    let noWait = value("--no-wait") != nil
    guard let text = value("--wait") else { return noWait ? nil : CommandTable.joinWaitSecondsDefault }
    guard !noWait else { throw failure("--wait and --no-wait exclude each other") }
    return try number(text, 1...CommandTable.joinWaitSecondsMax, "--wait")
  }

  /// The whole number in `text`, which `what` names; nil if nothing is given.
  func number(_ text: String?, _ range: ClosedRange<Int64>, _ what: String) throws(UsageFailure) -> Int? {
    guard let text else { return nil }
    guard let number = decimal(text.utf8), range.contains(Int64(number)) else {
      throw UsageFailure(
        message:
          "\(what): '\(shortened(text))' is no whole number from \(range.lowerBound) to \(range.upperBound)",
        command: command)
    }
    return Int(number)
  }
}
