import Base

/// The commands that move or watch what belongs to the device.
extension CommandTable {
  static let deviceCommands: [Command] = [
    Command(
      name: "door", arguments: [.init(spelling: "open|status")],
      options: [
        .init(
          name: "--override", value: nil,
          summary: "Open it whatever the policy says; for root and [control] admin-group.")
      ],
      summary: "Open the door, or say how it stands.",
      details: ["The device's door policy decides, and says why if it refuses."],
      examples: ["door open", "door status"]),
    Command(
      name: "turn", arguments: [.init(spelling: "start|end|cancel")], options: [],
      summary: "Begin, end or take back what is said (push-to-talk).",
      details: ["The microphone is open from `start` to `end` or `cancel`; the agent is told of each."],
      examples: ["turn start", "turn end"]),
    Command(
      name: "press", arguments: [.init(spelling: "NAME")],
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
          + "open), mute (the switch of the hard mute), and 0 to 9, * and # of the keypad.",
        "What came of it stands in `lintelctl --json status`, under board.",
      ],
      examples: ["press button", "press mute --on", "press 5"]),
    Command(
      name: "events",
      arguments: [],
      options: [.init(name: "--follow", value: nil, summary: "Go on with each event as it happens.")],
      summary: "What happened of late.",
      details: ["With --json the first line is the event 'snapshot', which holds the status."],
      examples: ["events", "--json events --follow"]),
  ]
}
