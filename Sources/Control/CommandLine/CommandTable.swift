/// Every command and common option of lintelctl, in the order of the documentation.
public enum CommandTable {
  public static let defaultSocket = "/run/lintel/control.sock"
  public static let socketVariable = "LINTEL_SOCKET"
  public static let joinWaitSecondsDefault = 15
  public static let joinWaitSecondsMax = 3600

  public static let commonOptions: [Command.Option] = [
    .init(
      name: "--socket", value: "PATH",
      summary: "The daemon's socket (default: \(socketVariable) if set, else \(defaultSocket))."),
    .init(name: "--json", value: nil, summary: "Print JSON: one value per result, one line per event."),
    .init(name: "--help", value: nil, summary: "Print help; after a command, help for that command."),
  ]

  public static let exitStatuses: [(status: ExitCode, meaning: String)] = [
    (.done, "done"), (.failed, "failed"), (.usage, "wrong usage"), (.unreachable, "daemon not reachable"),
    (.notAllowed, "not allowed"),
  ]

  public static let all: [Command] = [
    Command(
      name: "status", argument: nil, options: [], summary: "What the device is doing, and what is wrong.",
      details: ["Says first what is wrong, if something is; then the call, the room and the sound."],
      examples: ["status", "--json status"]),
    Command(
      name: "join", argument: nil,
      options: [
        .init(name: "--url", value: "URL", summary: "The room server (default: as configured)."),
        .init(
          name: "--token-file", value: "FILE",
          summary: "The file with the token, or - for standard input (default: as configured)."),
        .init(
          name: "--wait", value: "SECONDS",
          summary: "How long to wait until sound flows (default: \(joinWaitSecondsDefault))."),
        .init(name: "--no-wait", value: nil, summary: "Return when the daemon has begun."),
      ],
      summary: "Join the room.",
      details: [
        "Waits until sound flows, and fails with the reason if the room cannot be joined. When the time is over "
          + "the daemon still keeps trying.",
        "The token file is read by lintelctl, with your rights. A token is never given on the command line, where "
          + "every user of the machine could read it.",
      ],
      examples: ["join", "join --url wss://rooms.example.org --token-file token.jwt"]),
    Command(
      name: "leave", argument: nil, options: [], summary: "Leave the room, or stop trying to join it.",
      details: [], examples: ["leave"]),
    Command(
      name: "mute", argument: .init(spelling: "on|off", isOptional: false), options: [],
      summary: "Mute or unmute the microphone.",
      details: ["A hard mute (the switch on the device) cannot be undone by this."], examples: ["mute on"]),
    Command(
      name: "volume", argument: .init(spelling: "LEVEL", isOptional: true), options: [],
      summary: "Show or set the speaker's volume, 0 to 100.", details: [], examples: ["volume", "volume 60"]),
    Command(
      name: "participants", argument: nil, options: [],
      summary: "Who else is in the room, with their tracks.",
      details: [], examples: ["participants"]),
    Command(
      name: "events",
      argument: nil,
      options: [.init(name: "--follow", value: nil, summary: "Go on with each event as it happens.")],
      summary: "What happened of late.",
      details: ["With --json the first line is the event 'snapshot', which holds the status."],
      examples: ["events", "--json events --follow"]),
    Command(
      name: "version", argument: nil, options: [], summary: "The versions of lintelctl and of the daemon.",
      details: [], examples: ["version"]),
    Command(
      name: "help", argument: .init(spelling: "COMMAND", isOptional: true), options: [],
      summary: "Help, for all or for one command.", details: [], examples: ["help join"]),
  ]

  public static func command(_ name: String) -> Command? { all.first { $0.name == name } }
}
