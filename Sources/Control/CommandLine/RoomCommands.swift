import Base
import JSON

/// The commands that ask the room server about its rooms and agents.
extension CommandTable {
  static let dispatch = Command(
    name: "dispatch",
    verbs: [
      Verb(
        name: "create", arguments: ["NAME"], options: ["--metadata", "--room"],
        summary: "Send the agent of that name into the room.",
        action: { arguments throws(UsageFailure) in
          .server(
            ServerCall(
              "AgentDispatchService", "CreateDispatch",
              [
                .init("agent_name", .string(try arguments.filled(1, "NAME"))), arguments.inRoom,
                .init("metadata", .text(arguments.value("--metadata"))),
              ],
              text: .dispatch))
        }),
      Verb(
        name: "list", options: ["--room"], summary: "Which agents were sent for, and what became of them.",
        action: {
          .server(ServerCall("AgentDispatchService", "ListDispatch", [$0.inRoom], text: .dispatches))
        }
      ),
      Verb(
        name: "delete", arguments: ["ID"], options: ["--room"], summary: "Take a dispatch back.",
        action: { arguments throws(UsageFailure) in
          .server(
            ServerCall(
              "AgentDispatchService", "DeleteDispatch",
              [.init("dispatch_id", .string(try arguments.filled(1, "ID"))), arguments.inRoom],
              text: .done("deleted")))
        }),
    ],
    options: [
      .init(name: "--metadata", value: "TEXT", summary: "What the agent is told of its job."), room,
    ],
    summary: "Send agents into a room.",
    details: [
      "A server takes a dispatch also if no agent of that name runs; list says then that it waits. create and delete "
        + "are for root and [control] admin-group."
    ],
    examples: [
      "dispatch create concierge --metadata {}", "dispatch list", "dispatch delete AD_x --room lobby",
    ])

  static let rooms = Command(
    name: "rooms",
    verbs: [
      Verb(
        name: "list", summary: "The rooms of the server.",
        action: { _ in .server(ServerCall("RoomService", "ListRooms", text: .rooms)) }),
      Verb(
        name: "create", arguments: ["ROOM"], options: ["--metadata"],
        summary: "Make a room before anybody joins it.",
        action: { arguments throws(UsageFailure) in
          .server(
            ServerCall(
              "RoomService", "CreateRoom",
              [
                .init("name", .string(try arguments.filled(1, "ROOM"))),
                .init("metadata", .text(arguments.value("--metadata"))),
              ],
              text: .room))
        }),
      Verb(
        name: "delete", arguments: ["ROOM"], summary: "End a room for everybody in it.",
        action: { arguments throws(UsageFailure) in
          .server(
            ServerCall(
              "RoomService", "DeleteRoom", [.init("room", .string(try arguments.filled(1, "ROOM")))],
              text: .done("deleted")))
        }),
      Verb(
        name: "participants", options: ["--room"], summary: "Who is in a room, with the ids of the tracks.",
        action: { .server(ServerCall("RoomService", "ListParticipants", [$0.inRoom], text: .participants)) }),
      Verb(
        name: "remove", arguments: ["IDENTITY"], options: ["--room"],
        summary: "Put somebody out; a telephone is hung up, also while it rings.",
        action: { arguments throws(UsageFailure) in
          .server(
            ServerCall(
              "RoomService", "RemoveParticipant", [arguments.inRoom, try arguments.identity()],
              text: .done("removed")))
        }),
      Verb(
        name: "mute", arguments: ["IDENTITY", "TRACK"], options: ["--off", "--room"],
        summary: "Mute a track, by its id.",
        action: { arguments throws(UsageFailure) in
          let isMuted = arguments.value("--off") == nil
          return .server(
            ServerCall(
              "RoomService", "MutePublishedTrack",
              [
                arguments.inRoom, try arguments.identity(),
                .init("track_sid", .string(try arguments.filled(2, "TRACK"))), .init("muted", .bool(isMuted)),
              ],
              text: .done(isMuted ? "muted" : "not muted")))
        }),
      Verb(
        name: "metadata", arguments: ["TEXT"], options: ["--room"],
        summary: "Set the metadata of a room; an empty text takes it away.",
        action: {
          .server(
            ServerCall(
              "RoomService", "UpdateRoomMetadata",
              [$0.inRoom, .init("metadata", .string($0.positional[1]))],
              text: .done("set")))
        }),
      Verb(
        name: "send", arguments: ["TEXT"], options: ["--topic", "--to", "--room"],
        summary: "Send data to a room, also from outside of it.",
        action: { arguments throws(UsageFailure) in .server(try arguments.sendData()) }),
    ],
    options: [
      room, .init(name: "--metadata", value: "TEXT", summary: "What the room says of itself."),
      .init(name: "--topic", value: "TOPIC", summary: "What it is about."),
      .init(name: "--to", value: "IDENTITY", summary: "Only to this participant (default: to all)."),
      .init(
        name: "--off", value: nil, summary: "Unmute it, where the server is configured to allow that."),
    ],
    summary: "Look after the rooms of the server.",
    details: [
      "With the right that the device has ([phone] via). All but list and participants are for root and [control] "
        + "admin-group."
    ],
    examples: [
      "rooms list", "rooms create lobby", "rooms participants --room lobby", "rooms remove sip_15550100",
      "rooms mute alice TR_x", "rooms metadata open", "rooms send hello --topic status --to desk",
    ])
}

extension Arguments {
  /// Null if none is named: then the daemon puts in its own.
  fileprivate var inRoom: JSONValue.Member { .init("room", .text(value("--room"))) }

  fileprivate func identity() throws(UsageFailure) -> JSONValue.Member {
    .init("identity", .string(try filled(1, "IDENTITY")))
  }

  fileprivate func sendData() throws(UsageFailure) -> ServerCall {
    let text = try filled(1, "TEXT")
    return ServerCall(
      "RoomService", "SendData",
      [
        inRoom, .init("data", .string(Base64.encode(Array(text.utf8)))), .init("kind", .string("RELIABLE")),
        .init("topic", .text(value("--topic"))),
        .init("destination_identities", value("--to").map { .array([.string($0)]) } ?? .null),
      ],
      text: .done("sent"))
  }
}
