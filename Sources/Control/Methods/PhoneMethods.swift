import Base
import JSON

/// The methods that ring somebody, and answer who rings.
extension MethodRow {
  static func dial() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in .dial(try DialRequest(parameters)) },
      write: { if case .dial(let request) = $0 { request.members } else { [] } },
      command: Command(
        arguments: [.init(spelling: "TARGET")], options: dialOptions,
        summary: "Ring somebody.",
        details: [
          "TARGET is a name of [directory], a number, or sip:NUMBER, whatsapp:NUMBER, twilio:NUMBER, "
            + "device:IDENTITY or agent:NAME. A name that means several rings them together; the first who answers has the call. If the "
            + "device is in no room it joins the one that is configured.",
          "Waits until somebody answers, and fails with the reason if nobody does. `hangup` takes it back.",
        ],
        examples: ["dial anna", "dial +15550100 --dtmf 1ww2#", "dial desk --ring 20 --no-wait"],
        action: { arguments throws(UsageFailure) in .request(.dial(try arguments.dialRequest())) }),
      text: { result in
        let target = printable(result["target"].string ?? "")
        guard result["state"].string == "answered" else { return "ringing \(target)\n" }
        let tenths = result["after_ms"].integer.map { max(0, min($0, 1 << 40)) / 100 }
        return "\(target) answered" + (tenths.map { " after \($0 / 10).\($0 % 10) s" } ?? "") + "\n"
      })
  }

  static func answer() -> MethodRow<Face> {
    MethodRow(
      .answer, isRemote: true,
      command: Command(
        summary: "Answer whoever rings this device.", examples: ["answer"], action: { _ in .request(.answer) }
      ),
      text: { "answered \(printable($0["from"].string ?? ""))\n" })
  }

  static func refuse() -> MethodRow<Face> {
    MethodRow(
      .refuse,
      command: Command(
        summary: "Refuse whoever rings this device.", examples: ["refuse"], action: { _ in .request(.refuse) }
      ),
      text: { "refused \(printable($0["from"].string ?? ""))\n" })
  }

  static func hold() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        guard let on = try parameters.flag("on") else { throw parameters.missing("on", " (true or false)") }
        return .hold(on: on)
      },
      write: { if case .hold(let on) = $0 { [.init("on", .bool(on))] } else { [] } },
      command: Command(
        arguments: [.init(spelling: "on|off")], summary: "Hold the call: neither side hears the other.",
        examples: ["hold on", "hold off"], action: { .request(.hold(on: $0.positional[0] == "on")) }),
      text: { $0["held"].bool == true ? "held\n" : "not held\n" })
  }

  static func transfer() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        var request = TransferRequest(to: try parameters.name("to"))
        request.who = try parameters.optionalName("who")
        request.dialTone = try parameters.flag("dial_tone") ?? false
        request.ringSeconds = try parameters.number("ring", 1...180)
        request.headers = try parameters.pairs("headers")
        return .transfer(request)
      },
      write: {
        guard case .transfer(let request) = $0 else { return [] }
        return [
          .init("who", .text(request.who)), .init("to", .string(request.to)),
          .init("dial_tone", request.dialTone ? .bool(true) : .null),
          .init("ring", .number(request.ringSeconds)),
          .init("headers", pairs(request.headers)),
        ]
      },
      command: Command(
        arguments: [.init(spelling: "WHO"), .init(spelling: "TO")],
        options: [
          .init(name: "--dial-tone", value: nil, summary: "The telephone hears a dial tone meanwhile."),
          .init(name: "--ring", value: "SECONDS", summary: "How long the other is rung (default: 30)."),
          header,
        ],
        summary: "Hand a telephone of the call on to another number.",
        details: [
          "WHO is the name that was dialled, or an identity of the room. TO begins with tel:, sip: or sips:. The carrier "
            + "makes the new call, if its trunk allows that (SIP REFER); if it fails the call goes on."
        ],
        examples: ["transfer anna tel:+15550109"],
        action: { arguments throws(UsageFailure) in
          var request = TransferRequest(to: arguments.positional[1])
          request.who = arguments.positional[0]
          request.dialTone = arguments.value("--dial-tone") != nil
          request.ringSeconds = try arguments.number(arguments.value("--ring"), 1...180, "--ring")
          request.headers = try arguments.headers()
          return .request(.transfer(request))
        }),
      text: { "handed on to \(printable($0["to"].string ?? ""))\n" })
  }

  static func directory() -> MethodRow<Face> {
    MethodRow(
      .directory,
      command: Command(
        summary: "Who can be dialled by name, and whom a call rings.", examples: ["directory"],
        action: { _ in .request(.directory) }),
      text: { DirectoryText.render($0) })
  }

  private static var header: Command.Option {
    .init(
      name: "--header", value: "NAME=VALUE",
      summary: "A header for the carrier; may be given more than once.", repeats: true)
  }

  private static var dialOptions: [Command.Option] {
    [
      .init(
        name: "--dtmf", value: "KEYS",
        summary: "Keys to send when somebody answers; w is a pause of half a second."),
      .init(name: "--display-name", value: "NAME", summary: "The name that is shown there."),
      .init(
        name: "--no-display-name", value: nil, summary: "Send no name, so that the carrier looks one up."),
      .init(name: "--from", value: "NUMBER", summary: "The caller's number, if the trunk has several."),
      .init(name: "--ring", value: "SECONDS", summary: "How long to ring (default: [phone] ring-timeout)."),
      .init(
        name: "--max", value: "SECONDS", summary: "How long the call may be (default: [phone] max-duration)."),
      .init(name: "--dial-tone", value: nil, summary: "The bridge plays a dial tone into the room."), header,
      .init(name: "--hide-number", value: nil, summary: "Keep the number from the others in the room."),
      .init(name: "--encryption", value: "off|allow|require", summary: "Of the sound to the carrier."),
      .init(name: "--wait", value: nil, summary: "Wait until somebody answers (the default)."),
      .init(name: "--no-wait", value: nil, summary: "Return when it is begun."),
    ]
  }

  private static func pairs(_ pairs: [TextPair]) -> JSONValue {
    pairs.isEmpty ? .null : .object(pairs.map { .init($0.name, .string($0.value)) })
  }
}

extension DialRequest {
  init(_ parameters: Parameters) throws(ControlFailure) {
    self.init(target: try parameters.name("target"))
    dtmf = try parameters.text("dtmf", bytesMax: ControlLimits.dtmfDigitsMax)
    displayName = try parameters.content("display_name", bytesMax: 128)
    from = try parameters.optionalName("from")
    ringSeconds = try parameters.number("ring", 1...180)
    maxSeconds = try parameters.number("max", 0...86_400)
    dialTone = try parameters.flag("dial_tone")
    headers = try parameters.pairs("headers")
    hidesNumber = try parameters.flag("hide_number") ?? false
    encryption = try parameters.optionalName("encryption")
    if let encryption, !["off", "allow", "require"].contains(where: { $0 == encryption }) {
      throw parameters.wrong("encryption", "off, allow or require")
    }
    waits = try parameters.flag("wait") ?? true
    if let dtmf, !Array(dtmf.utf8).allSatisfy({ "0123456789*#abcdABCDw".utf8.contains($0) }) {
      throw parameters.wrong("dtmf", "made of 0-9, *, #, A-D and w")
    }
    for byte in (displayName ?? "").utf8 where byte == 0x22 || byte == 0x5C || byte < 0x20 || byte == 0x7F {
      throw parameters.wrong("display_name", "free of quotes, backslashes and control characters")
    }
  }

  var members: [JSONValue.Member] {
    [
      .init("target", .string(target)), .init("dtmf", .text(dtmf)), .init("display_name", .text(displayName)),
      .init("from", .text(from)), .init("ring", .number(ringSeconds)), .init("max", .number(maxSeconds)),
      .init("dial_tone", dialTone.map { .bool($0) } ?? .null),
      .init("headers", headers.isEmpty ? .null : .object(headers.map { .init($0.name, .string($0.value)) })),
      .init("hide_number", hidesNumber ? .bool(true) : .null), .init("encryption", .text(encryption)),
      .init("wait", waits ? .null : .bool(false)),
    ]
  }
}

extension Arguments {
  func dialRequest() throws(UsageFailure) -> DialRequest {
    var request = DialRequest(target: positional[0])
    request.dtmf = value("--dtmf")
    request.displayName = value("--display-name")
    if value("--no-display-name") != nil {
      guard request.displayName == nil else {
        throw failure("--display-name and --no-display-name exclude each other")
      }
      request.displayName = ""
    }
    request.from = value("--from")
    request.ringSeconds = try number(value("--ring"), 1...180, "--ring")
    request.maxSeconds = try number(value("--max"), 0...86_400, "--max")
    request.dialTone = value("--dial-tone") == nil ? nil : true
    request.headers = try headers()
    request.hidesNumber = value("--hide-number") != nil
    request.encryption = value("--encryption")
    request.waits = value("--no-wait") == nil
    guard request.waits || value("--wait") == nil else {
      throw failure("--wait and --no-wait exclude each other")
    }
    return request
  }

  func headers() throws(UsageFailure) -> [TextPair] {
    var pairs: [TextPair] = []
    for text in values("--header") {
      guard let pair = TextPair(text, separator: "=") else {
        throw failure("--header: '\(shortened(text))' is not NAME=VALUE")
      }
      pairs.append(pair)
    }
    return pairs
  }
}
