import Base

/// Every command and common option of lintelctl, in the order of the documentation.
public enum CommandTable {
  public static let defaultSocket = "/run/lintel/control.sock"
  public static let socketVariable = "LINTEL_SOCKET"
  public static let joinWaitSecondsDefault = 15
  public static let joinWaitSecondsMax: Int64 = 3600
  public static let rpcTimeoutSecondsDefault = 15

  public static let commonOptions: [Command.Option] = [
    .init(
      name: "--socket", value: "PATH",
      summary: "The daemon's socket (default: \(socketVariable) if set, else \(defaultSocket))."),
    .init(name: "--json", value: nil, summary: "Print JSON: one value per result, one line per event."),
    .init(name: "--help", value: nil, summary: "Print help; after a command, help for that command."),
  ]

  /// Those that stand without a command.
  static let generalOptions =
    commonOptions + [.init(name: "--version", value: nil, summary: "Print the version of lintelctl.")]

  public static let exitStatuses: [(status: ExitCode, meaning: String)] = [
    (.done, "done"), (.failed, "failed"), (.usage, "wrong usage"), (.unreachable, "daemon not reachable"),
    (.notAllowed, "not allowed"),
  ]

  public static let all: [Command] =
    Method.allCases.compactMap { $0.command } + [twilio, whatsapp, dispatch, rooms, monitor, provision, help]

  public static func command(_ name: String) -> Command? { all.first { $0.name == name } }

  private static let monitor = Command(
    name: "monitor", summary: "A live screen: levels, call, losses, what is said.",
    details: [
      "Shows the levels of microphone and speaker, the state of call, room, agent and door, and the "
        + "transcript. It follows the size of the terminal; q ends it."
    ],
    examples: ["monitor"], action: { _ in .monitor })

  private static let provision = Command(
    name: "provision", arguments: [.init(spelling: "KEY=VALUE", isOptional: true, repeats: true)],
    options: [
      .init(
        name: "--token-file", value: "FILE", summary: "Where the token is copied from; - is standard input."),
      .init(
        name: "--bearer-file", value: "FILE", summary: "The same for the secret of a token endpoint."),
      .init(name: "--door-code-file", value: "FILE", summary: "The same for the code of the door."),
      .init(
        name: "--api-secret-file", value: "FILE", summary: "The same for the API secret of the room server."),
      .init(
        name: "--phone-bearer-file", value: "FILE",
        summary: "The same for the secret of a telephone endpoint."),
      .init(name: "--whatsapp-key-file", value: "FILE", summary: "The same for Meta's access token."),
      .init(name: "--twilio-token-file", value: "FILE", summary: "The same for Twilio's auth token."),
      .init(
        name: "--meta-secret-file", value: "FILE",
        summary: "The same for the secret that Meta's webhooks are signed with."),
      .init(
        name: "--meta-verify-file", value: "FILE",
        summary: "The same for the verify token of Meta's webhooks."),
      .init(
        name: "--proxy-password-file", value: "FILE",
        summary: "The same for the password of the HTTP proxy's user."),
      .init(
        name: "--turn-password-file", value: "FILE",
        summary: "The same for the password of the TURN server's user."),
      .init(
        name: "--e2ee-passphrase-file", value: "FILE",
        summary: "The same for what sound and words are encrypted with from end to end."),
      .init(
        name: "--folder", value: "FOLDER",
        summary: "What is written to (default: \(Provision.folderDefault))."),
    ],
    summary: "Write configuration and credentials.",
    details: [
      "For root. A key is named as section.key. The keys go to lintel.conf.d/\(Provision.dropIn), on top of those that stand there; an empty value "
        + "takes one away. The whole configuration is checked first, and each file is replaced at once or not at "
        + "all. Secrets are never given on the command line, and get mode 0600."
    ],
    examples: [
      "provision token.url=wss://rooms.example.org --token-file token.jwt",
      "provision token.source=endpoint token.endpoint=https://example.org/t",
      "provision --bearer-file secret.txt",
      "provision audio.volume=60 door.output=lock",
    ],
    action: { arguments throws(UsageFailure) in .provision(try Provision(arguments)) })

  private static let help = Command(
    name: "help", arguments: [.init(spelling: "COMMAND", isOptional: true)],
    summary: "Help, for all or for one command.", examples: ["help join"],
    action: { arguments throws(UsageFailure) in
      guard let name = arguments.positional.first else { return .print(HelpText.general) }
      guard let command = command(name) else { throw .unknownCommand(name) }
      return .print(HelpText.of(command))
    })
}
