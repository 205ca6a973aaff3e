import Base

/// The commands that start, shape and end a call.
extension CommandTable {
  static let waitOptions: [Command.Option] = [
    .init(
      name: "--wait", value: "SECONDS",
      summary: "How long to wait until sound flows (default: \(joinWaitSecondsDefault))."),
    .init(name: "--no-wait", value: nil, summary: "Return when the daemon has begun."),
  ]

  static let statusCommands: [Command] = [
    Command(
      name: "status", arguments: [], options: [], summary: "What the device is doing, and what is wrong.",
      details: ["Says first what is wrong, if something is; then the call, the room and the sound."],
      examples: ["status", "--json status"])
  ]

  static let callCommands: [Command] = [
    Command(
      name: "call", arguments: [], options: waitOptions,
      summary: "Start a call, as the button of the device does.",
      details: ["Joins the room that is configured, and waits until sound flows."], examples: ["call"]),
    Command(
      name: "hangup", arguments: [], options: [], summary: "End the call.", details: [],
      examples: ["hangup"]),
    Command(
      name: "join", arguments: [],
      options: [
        .init(name: "--url", value: "URL", summary: "The room server (default: as configured)."),
        .init(
          name: "--token-file", value: "FILE",
          summary: "The file with the token, or - for standard input (default: as configured)."),
      ] + waitOptions,
      summary: "Join the room.",
      details: [
        "Waits until sound flows, and fails with the reason if the room cannot be joined. When the time is over "
          + "the daemon still keeps trying.",
        "The token file is read by lintelctl, with your rights. A token is never given on the command line, where "
          + "every user of the machine could read it.",
      ],
      examples: ["join", "join --url wss://rooms.example.org --token-file token.jwt"]),
    Command(
      name: "leave", arguments: [], options: [], summary: "Leave the room, or stop trying to join it.",
      details: [], examples: ["leave"]),
    Command(
      name: "mute", arguments: [.init(spelling: "on|off")], options: [],
      summary: "Mute or unmute the microphone.",
      details: ["A hard mute (the switch on the device) cannot be undone by this."], examples: ["mute on"]),
    Command(
      name: "volume", arguments: [.init(spelling: "LEVEL", isOptional: true)], options: [],
      summary: "Show or set the speaker's volume, 0 to 100.", details: [], examples: ["volume", "volume 60"]),
    Command(
      name: "participants", arguments: [], options: [],
      summary: "Who else is in the room, with their tracks.",
      details: [], examples: ["participants"]),
  ]
}
