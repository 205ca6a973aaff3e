import Base

/// The commands that send something other than sound.
extension CommandTable {
  private static let to = Command.Option(
    name: "--to", value: "IDENTITY", summary: "Only to this participant (default: to all).")
  private static let topic = Command.Option(name: "--topic", value: "TOPIC", summary: "What it is about.")

  static let wordCommands: [Command] = [
    Command(
      name: "dtmf", arguments: [.init(spelling: "DIGITS")], options: [to],
      summary: "Send telephone keys: 0-9, *, #, A-D.",
      details: ["Everybody in the room gets them; a telephone at the other end plays them."],
      examples: ["dtmf 42#", "dtmf 1 --to sip_4930123"]),
    Command(
      name: "rpc",
      arguments: [
        .init(spelling: "IDENTITY"), .init(spelling: "METHOD"), .init(spelling: "PAYLOAD", isOptional: true),
      ],
      options: [
        .init(
          name: "--timeout", value: "SECONDS",
          summary: "How long to wait for the answer (default: \(rpcTimeoutSecondsDefault)).")
      ],
      summary: "Call a method of a participant.",
      details: ["Prints what it answers, as it is. An error of the method is told with its code."],
      examples: ["rpc concierge status", "rpc concierge greet {} --timeout 60"]),
    Command(
      name: "send", arguments: [.init(spelling: "TEXT")], options: [topic, to],
      summary: "Send a text to the room.",
      details: ["Without a topic it is chat (lk.chat), which an agent takes for something said to it."],
      examples: ["send hello", "send --topic status --to desk closed"]),
    Command(
      name: "send-file", arguments: [.init(spelling: "PATH")],
      options: [
        .init(name: "--text", value: nil, summary: "It is a text (UTF-8), and without a topic chat."), topic,
        to,
      ],
      summary: "Send a file to the room.",
      details: ["lintelctl reads the file, with your rights, and hands it to the daemon piece by piece."],
      examples: ["send-file photo.jpg", "send-file --topic images --to concierge photo.jpg"]),
    Command(
      name: "attributes", arguments: [.init(spelling: "KEY=VALUE", isOptional: true, repeats: true)],
      options: [],
      summary: "Show or set what the device says of itself.",
      details: ["An attribute without a value (`KEY=`) is taken away."],
      examples: ["attributes", "attributes user.language=de floor=3"]),
  ]
}
