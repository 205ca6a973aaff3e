import Base
import JSON

/// The commands for calls that come over a connector instead of a SIP trunk.
extension CommandTable {
  static let twilio = Command(
    name: "twilio",
    verbs: [
      Verb(
        name: "call", arguments: ["NUMBER"], options: ["--ring", "--no-wait"],
        summary: "Ring somebody; the same as `dial twilio:NUMBER`.",
        action: { arguments throws(UsageFailure) in try arguments.dial(by: "twilio") }),
      Verb(
        name: "connect", options: ["--room", "--identity", "--inbound", "--outbound"],
        summary: "Ask for the address that a call's sound goes to, for a call that you make (--outbound).",
        action: { arguments throws(UsageFailure) in
          .server(try arguments.connectTwilio(inbound: false, .connectURL))
        }),
      Verb(
        name: "twiml", options: ["--room", "--identity", "--inbound", "--outbound"],
        summary:
          "The same as the document that Twilio's voice webhook wants, for a call that came (--inbound).",
        action: { arguments throws(UsageFailure) in
          .server(try arguments.connectTwilio(inbound: true, .twiml))
        }),
    ],
    options: [
      room,
      .init(name: "--identity", value: "IDENTITY", summary: "What the caller is called in the room."),
      .init(name: "--inbound", value: nil, summary: "The call came from Twilio."),
      .init(name: "--outbound", value: nil, summary: "The call is made over Twilio."), ring, noWait,
    ],
    summary: "Calls over Twilio, where the room server has its connector.",
    details: [
      "Account, token and number are those of [phone]. The address belongs to one call, and is as good as a key to it. "
        + "connect and twiml are for root and [control] admin-group."
    ],
    examples: [
      "twilio call +15550101", "twilio twiml --room lobby", "--json twilio connect --identity caller",
    ]
  )

  static let whatsapp = Command(
    name: "whatsapp",
    verbs: [
      Verb(
        name: "dial", arguments: ["NUMBER"], options: ["--ring", "--no-wait"],
        summary: "Ring somebody; the same as `dial whatsapp:NUMBER`.",
        action: { arguments throws(UsageFailure) in try arguments.dial(by: "whatsapp") }),
      Verb(
        name: "accept", arguments: ["CALL-ID"], options: ["--sdp-file", "--room"],
        summary: "Take a call that came, with the offer of Meta's webhook.",
        action: { arguments throws(UsageFailure) in
          .server(
            ServerCall(
              "Connector", "AcceptWhatsAppCall",
              [try arguments.callID(), .init("room_name", .text(arguments.value("--room")))],
              input: try arguments.description("offer"), text: .accepted))
        }),
      Verb(
        name: "connect", arguments: ["CALL-ID"], options: ["--sdp-file"],
        summary: "Complete a call that was dialled, with the answer of Meta's webhook.",
        action: { arguments throws(UsageFailure) in
          .server(
            ServerCall(
              "Connector", "ConnectWhatsAppCall", [try arguments.callID()],
              input: try arguments.description("answer"), text: .done("connected")))
        }),
      Verb(
        name: "disconnect", arguments: ["CALL-ID"], options: ["--by-user"], summary: "End a call.",
        action: { arguments throws(UsageFailure) in
          let isByUser = arguments.value("--by-user") != nil
          return .server(
            ServerCall(
              "Connector", "DisconnectWhatsAppCall",
              [
                try arguments.callID(),
                .init("disconnect_reason", .string(isByUser ? "USER_INITIATED" : "BUSINESS_INITIATED")),
              ],
              text: .done("the call has ended")))
        }),
    ],
    options: [
      .init(
        name: "--sdp-file", value: "FILE",
        summary: "The file with the session description (SDP), or - for standard input."),
      room,
      .init(name: "--by-user", value: nil, summary: "Meta told that the other side hung up."), ring, noWait,
    ],
    summary: "Calls over WhatsApp, where the room server has its connector.",
    details: [
      "Number, key and version of the account are those of [phone]; none of them is given here. What Meta's webhook "
        + "tells comes to [webhook] of the device, or to a server of yours, which can hand it on with accept, connect and "
        + "disconnect. These are for root and [control] admin-group."
    ],
    examples: [
      "whatsapp dial 15550101", "whatsapp accept wacid.ABC --sdp-file offer.sdp",
      "whatsapp connect wacid.ABC --sdp-file -", "whatsapp disconnect wacid.ABC --by-user",
    ])

  static var room: Command.Option {
    .init(name: "--room", value: "ROOM", summary: "The room (default: the device's own).")
  }
  private static var ring: Command.Option {
    .init(name: "--ring", value: "SECONDS", summary: "How long to ring (default: [phone] ring-timeout).")
  }
  private static var noWait: Command.Option {
    .init(name: "--no-wait", value: nil, summary: "Return when it is begun.")
  }
}

extension Arguments {
  fileprivate func dial(by way: String) throws(UsageFailure) -> Action {
    var request = DialRequest(target: "\(way):\(try filled(1, "NUMBER"))")
    request.ringSeconds = try number(value("--ring"), 1...180, "--ring")
    request.waits = value("--no-wait") == nil
    return .request(.dial(request))
  }

  /// Which way the call goes is what the verb is mostly asked for, unless it is said.
  fileprivate func connectTwilio(inbound: Bool, _ text: ServerText) throws(UsageFailure) -> ServerCall {
    let isInbound = value("--inbound") != nil
    let isOutbound = value("--outbound") != nil
    guard !isInbound || !isOutbound else { throw failure("--inbound and --outbound exclude each other") }
    let direction = isInbound || (inbound && !isOutbound) ? "INBOUND" : "OUTBOUND"
    return ServerCall(
      "Connector", "ConnectTwilioCall",
      [
        .init("twilio_call_direction", .string("TWILIO_CALL_DIRECTION_\(direction)")),
        .init("room_name", .text(value("--room"))),
        .init("participant_identity", .text(value("--identity"))),
      ],
      text: text)
  }

  fileprivate func callID() throws(UsageFailure) -> JSONValue.Member {
    .init("whatsapp_call_id", .string(try filled(1, "CALL-ID")))
  }

  fileprivate func description(_ type: String) throws(UsageFailure) -> ServerCall.Input {
    guard let path = value("--sdp-file") else { throw failure("\(positional[0]): --sdp-file is missing") }
    return ServerCall.Input(path: path, part: .description(type: type))
  }
}
