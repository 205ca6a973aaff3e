import Base
import JSON

/// The methods that start, shape and end a call.
extension MethodRow {
  static func status() -> MethodRow<Face> {
    MethodRow(
      .status, isRemote: true,
      command: Command(
        summary: "What the device is doing, and what is wrong.",
        details: ["Says first what is wrong, if something is; then the call, the room and the sound."],
        examples: ["status", "--json status"], action: { _ in .request(.status) }),
      text: { StatusText.render($0) })
  }

  static func call() -> MethodRow<Face> {
    MethodRow(
      .call,
      command: Command(
        options: waitOptions, summary: "Start a call, as the button of the device does.",
        details: ["Joins the room that is configured, and waits until sound flows."], examples: ["call"],
        action: { arguments throws(UsageFailure) in .call(waitSeconds: try arguments.waitSeconds()) }),
      text: { _ in joining })
  }

  static func hangup() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in .hangup(who: try parameters.optionalName("who")) },
      write: { if case .hangup(let who) = $0 { [.init("who", .text(who))] } else { [] } },
      command: Command(
        arguments: [.init(spelling: "WHO", isOptional: true)], summary: "End the call.",
        details: [
          "With WHO, a name that was dialled or an identity, only that one is let go. Who is being rung is rung no more, "
            + "and whoever rings this device is refused."
        ], examples: ["hangup", "hangup anna"],
        action: { .request(.hangup(who: $0.positional.first)) }),
      text: { result in
        if let caller = result["refused"].string { return "\(printable(caller)) was refused\n" }
        return wasOut(result) ? "there was no call\n" : "the call has ended\n"
      })
  }

  static func join() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        .join(
          url: try parameters.text("url", bytesMax: ControlLimits.urlBytesMax),
          token: try parameters.text("token", bytesMax: ControlLimits.tokenBytesMax))
      },
      write: {
        guard case .join(let url, let token) = $0 else { return [] }
        return [.init("url", .text(url)), .init("token", .text(token))]
      },
      // Whom the door opens for is decided by kind and identity, and those are the word of the server that is joined.
      rights: .administratorIf(
        { $0 != .join(url: nil, token: nil) }, to: "join another server, or with another token"),
      command: Command(
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
          "--url and --token-file are for root and [control] admin-group: another server could name anybody as one for "
            + "whom the door opens.",
        ],
        examples: ["join", "join --url wss://rooms.example.org --token-file token.jwt"],
        action: { arguments throws(UsageFailure) in
          .join(
            url: arguments.value("--url"), tokenFile: arguments.value("--token-file"),
            waitSeconds: try arguments.waitSeconds())
        }),
      text: { _ in joining })
  }

  static func leave() -> MethodRow<Face> {
    MethodRow(
      .leave,
      command: Command(
        summary: "Leave the room, or stop trying to join it.", examples: ["leave"],
        action: { _ in .request(.leave) }),
      text: { wasOut($0) ? "it was in no room\n" : "left the room\n" })
  }

  static func mute() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        guard let on = try parameters.flag("on") else { throw parameters.missing("on", " (true or false)") }
        return .mute(on: on)
      },
      write: { if case .mute(let on) = $0 { [.init("on", .bool(on))] } else { [] } },
      isRemote: true,
      command: Command(
        arguments: [.init(spelling: "on|off")], summary: "Mute or unmute the microphone.",
        details: ["A hard mute (the switch on the device) cannot be undone by this."], examples: ["mute on"],
        action: { .request(.mute(on: $0.positional[0] == "on")) }),
      text: { result in
        if result["hard_muted"].bool == true { return "muted by the switch on the device\n" }
        return result["muted"].bool == true ? "muted\n" : "not muted\n"
      })
  }

  static func volume() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        .volume(level: try parameters.number("level", 0...100))
      },
      write: { if case .volume(let level) = $0 { [.init("level", .number(level))] } else { [] } },
      isRemote: true,
      command: Command(
        arguments: [.init(spelling: "LEVEL", isOptional: true)],
        summary: "Show or set the speaker's volume, 0 to 100.", examples: ["volume", "volume 60"],
        action: { arguments throws(UsageFailure) in
          .request(.volume(level: try arguments.number(arguments.positional.first, 0...100, "volume")))
        }),
      text: { result in result["volume"].integer.map { "volume \($0) %\n" } ?? "" })
  }

  static func participants() -> MethodRow<Face> {
    MethodRow(
      .participants,
      command: Command(
        summary: "Who else is in the room, with their tracks.", examples: ["participants"],
        action: { _ in .request(.participants) }),
      text: { ParticipantsText.render($0) })
  }

  private static var waitOptions: [Command.Option] {
    [
      .init(
        name: "--wait", value: "SECONDS",
        summary: "How long to wait until sound flows (default: \(CommandTable.joinWaitSecondsDefault))."),
      .init(name: "--no-wait", value: nil, summary: "Return when the daemon has begun."),
    ]
  }

  /// Whether there was nothing to leave.
  private static func wasOut(_ result: JSONValue) -> Bool {
    result["was"].string == RoomConnection.disconnected.rawValue
  }

  private static var joining: String { "joining; `lintelctl status` tells how it goes\n" }
}
