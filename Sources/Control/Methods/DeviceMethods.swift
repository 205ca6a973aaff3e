import Base
import JSON

/// The methods that move or watch what belongs to the device.
extension MethodRow {
  static func doorOpen() -> MethodRow<Face> {
    MethodRow(
      .doorOpen, isRemote: true,
      command: Command(
        arguments: [.init(spelling: "open|status")],
        options: [
          .init(
            name: "--override", value: nil,
            summary: "Open it whatever the policy says; for root and [control] admin-group.")
        ],
        summary: "Open the door, or say how it stands.",
        details: ["The device's door policy decides, and says why if it refuses."],
        examples: ["door open", "door status"],
        action: { arguments throws(UsageFailure) in
          let overrides = arguments.value("--override") != nil
          guard arguments.positional[0] == "open" else {
            guard !overrides else { throw arguments.failure("only `door open` takes --override") }
            return .request(.doorStatus)
          }
          return .request(overrides ? .doorOverride : .doorOpen)
        }),
      text: { ResultText.door($0) })
  }

  static func doorStatus() -> MethodRow<Face> {
    MethodRow(.doorStatus, text: { ResultText.door($0) })
  }
  static func doorOverride() -> MethodRow<Face> {
    MethodRow(
      .doorOverride, rights: .administrator, text: { ResultText.door($0) })
  }

  static func turnStart() -> MethodRow<Face> {
    MethodRow(
      .turn(.start),
      command: Command(
        arguments: [.init(spelling: "start|end|cancel")],
        summary: "Begin, end or take back what is said (push-to-talk).",
        details: ["The microphone is open from `start` to `end` or `cancel`; the agent is told of each."],
        examples: ["turn start", "turn end"],
        action: { .request(.turn(TurnStep(rawValue: $0.positional[0]) ?? .cancel)) }),
      text: { ResultText.turn($0) })
  }

  static func turnEnd() -> MethodRow<Face> {
    MethodRow(.turn(.end), text: { ResultText.turn($0) })
  }
  static func turnCancel() -> MethodRow<Face> {
    MethodRow(.turn(.cancel), text: { ResultText.turn($0) })
  }

  static func press() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        let name = try parameters.name("name")
        let milliseconds = try parameters.duration()
        guard let on = try parameters.flag("on") else {
          return .press(name: name, .hold(milliseconds: milliseconds))
        }
        guard milliseconds == nil else { throw .invalidParameters("press: give 'for' or 'on', not both") }
        return .press(name: name, on ? .on : .off)
      },
      write: {
        guard case .press(let name, let press) = $0 else { return [] }
        if case .hold(let milliseconds) = press {
          return [.init("name", .string(name)), .init("for", .number(milliseconds))]
        }
        return [.init("name", .string(name)), .init("on", .bool(press == .on))]
      },
      command: Command(
        arguments: [.init(spelling: "NAME")],
        options: [
          .init(
            name: "--for", value: "MS",
            summary: "How long it is held down (default: \(ControlLimits.pressMillisecondsDefault))."),
          .init(name: "--on", value: nil, summary: "Leave it on, as a switch."),
          .init(name: "--off", value: nil, summary: "Put it off again."),
        ],
        summary: "Press a button of the simulated board.",
        details: [
          "The names are button (call, hang up, or talk), hook (on: the handset is lifted), tamper (the housing is "
            + "open), mute (the switch of the hard mute), contact (the door stands open), and 0 to 9, * and # of the keypad.",
          "What came of it stands in `lintelctl --json status`, under board.",
        ],
        examples: ["press button", "press mute --on", "press 5"],
        action: { arguments throws(UsageFailure) in
          let milliseconds = try arguments.number(
            arguments.value("--for"), 1...ControlLimits.pressMillisecondsMax, "--for")
          let (on, off) = (arguments.value("--on") != nil, arguments.value("--off") != nil)
          guard (milliseconds == nil ? 0 : 1) + (on ? 1 : 0) + (off ? 1 : 0) < 2 else {
            throw arguments.failure("only one of --for, --on and --off")
          }
          let press = on ? Press.on : off ? .off : .hold(milliseconds: milliseconds)
          return .request(.press(name: arguments.positional[0], press))
        }),
      text: { "pressed \(printable($0["pressed"].string ?? "it"))\n" })
  }

  static func indicator() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        .indicator(show: try parameters.name("show"), milliseconds: try parameters.duration())
      },
      write: {
        guard case .indicator(let show, let milliseconds) = $0 else { return [] }
        return [.init("show", .string(show)), .init("for", .number(milliseconds))]
      },
      isRemote: true, text: { $0.text + "\n" })
  }

  static func tone() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in .tone(name: try parameters.name("tone")) },
      write: { if case .tone(let name) = $0 { [.init("tone", .string(name))] } else { [] } },
      isRemote: true, text: { $0.text + "\n" })
  }

  static func eventsSubscribe() -> MethodRow<Face> {
    MethodRow(
      .eventsSubscribe,
      command: Command(
        options: [.init(name: "--follow", value: nil, summary: "Go on with each event as it happens.")],
        summary: "What happened of late.",
        details: ["With --json the first line is the event 'snapshot', which holds the status."],
        examples: ["events", "--json events --follow"],
        action: { .events(follow: $0.value("--follow") != nil) }),
      text: { result in
        var text = ""
        for event in result["recent"].array { text += EventText.render(event) + "\n" }
        return text
      })
  }
}
