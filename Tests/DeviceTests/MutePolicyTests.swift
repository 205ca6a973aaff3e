import Control
import Testing

@testable import Device

/// The table of `MuteState`, a test a row; it stands in the README of Device.
@Suite struct MutePolicyTests {
  struct Row: Sendable {
    var before: MuteState
    var event: MuteState.Event
    /// nil: refused.
    var after: MuteState?

    init(_ before: MuteState, _ event: MuteState.Event, _ after: MuteState?) {
      self.before = before
      self.event = event
      self.after = after
    }
  }

  static let open = MuteState()
  static let device = MuteState(mutedBy: .device)
  static let afar = MuteState(mutedBy: .afar)
  static let hard = MuteState(switchIsOn: true)
  static let hardAndDevice = MuteState(switchIsOn: true, mutedBy: .device)
  static let between = MuteState(turnIsOpen: false)

  static let rows: [Row] = [
    Row(open, .hardSwitch(true), hard), Row(hard, .hardSwitch(false), open),
    Row(device, .hardSwitch(true), hardAndDevice), Row(hardAndDevice, .hardSwitch(false), device),
    Row(open, .mute(true, .device), device), Row(device, .mute(true, .device), device),
    Row(afar, .mute(true, .device), device), Row(device, .mute(false, .device), open),
    Row(afar, .mute(false, .device), open), Row(hardAndDevice, .mute(false, .device), hard),
    Row(hard, .mute(false, .device), hard), Row(hard, .mute(false, .afar), hard),
    Row(open, .mute(true, .afar), afar), Row(device, .mute(true, .afar), device),
    Row(afar, .mute(false, .afar), open), Row(device, .mute(false, .afar), nil),
    Row(hardAndDevice, .mute(false, .afar), nil), Row(open, .mute(false, .afar), open),
    Row(between, .turn(true), open), Row(open, .turn(false), between),
    Row(MuteState(switchIsOn: true, turnIsOpen: false), .turn(true), nil),
    Row(MuteState(mutedBy: .device, turnIsOpen: false), .turn(true), nil),
    Row(MuteState(mutedBy: .afar, turnIsOpen: false), .turn(true), nil),
    Row(hard, .turn(false), MuteState(switchIsOn: true, turnIsOpen: false)),
  ]

  @Test(arguments: rows.indices) func movesAsTheTableSays(index: Int) {
    let row = Self.rows[index]
    #expect(row.before.next(row.event) == row.after)
  }

  @Test func onlyAnOpenStateHasAnOpenMicrophone() {
    for state in [Self.device, Self.afar, Self.hard, Self.hardAndDevice, Self.between] {
      #expect(!state.isOpen)
    }
    #expect(Self.open.isOpen)
    // Nothing but the switch opens what the switch closed.
    for event in [MuteState.Event.mute(false, .device), .mute(false, .afar), .turn(true), .turn(false)] {
      #expect(Self.hard.next(event)?.isOpen != true)
    }
  }

  @Test func theReadmeHasTheTable() throws {
    let rows = Self.rows.map { row in
      let after = row.before.next(row.event)
      return columns(row.before) + [phrase(row.event)]
        + (after.map { columns($0) + [$0.isOpen ? "open" : "closed"] } ?? ["refused", "", "", ""])
    }
    let state = ["switch", "muted by", "turn"]
    try expectTable(
      rows, in: "Sources/Device/README.md", after: "## The tables",
      columns: state + ["what happens"] + state + ["microphone"])
  }

  private func columns(_ state: MuteState) -> [String] {
    [
      state.switchIsOn ? "on" : "off", state.mutedBy.map { $0 == .device ? "device" : "afar" } ?? "nobody",
      state.turnIsOpen ? "open" : "closed",
    ]
  }

  private func phrase(_ event: MuteState.Event) -> String {
    switch event {
    case .mute(let on, let origin):
      (on ? "muted " : "unmuted ") + (origin == .device ? "on the device" : "from afar")
    case .hardSwitch(let on): "the switch is put " + (on ? "on" : "off")
    case .turn(let opens): "a turn " + (opens ? "begins" : "ends")
    }
  }
}

@Suite struct IndicatorPolicyTests {
  @Test(arguments: [
    (IndicatorPolicy(), IndicatorState.off),
    (IndicatorPolicy(isMuted: true), .off),
    (IndicatorPolicy(call: .connecting), .connecting), (IndicatorPolicy(call: .waitingAgent), .waitingAgent),
    (IndicatorPolicy(call: .talking), .talking), (IndicatorPolicy(call: .ending), .ending),
    (IndicatorPolicy(call: .talking, agentState: "listening"), .listening),
    (IndicatorPolicy(call: .talking, agentState: "thinking"), .thinking),
    (IndicatorPolicy(call: .talking, agentState: "speaking"), .speaking),
    (IndicatorPolicy(call: .talking, agentState: "initializing"), .talking),
    (IndicatorPolicy(call: .waitingAgent, agentState: "speaking"), .waitingAgent),
    (IndicatorPolicy(turnIsOpen: true, call: .talking, agentState: "speaking"), .turn),
    (IndicatorPolicy(isMuted: true, turnIsOpen: true, call: .talking), .muted),
    (IndicatorPolicy(asked: .attention, isMuted: true, call: .talking), .attention),
    (IndicatorPolicy(asked: .attention, call: .failed), .error),
    (IndicatorPolicy(isLost: true, asked: .attention, call: .connecting), .error),
    (
      IndicatorPolicy(hardMuted: true, isLost: true, asked: .attention, isMuted: true, call: .failed),
      .hardMuted
    ),
    (IndicatorPolicy(hardMuted: true), .hardMuted),
    (IndicatorPolicy(isTampered: true, asked: .success, isMuted: true, call: .talking), .alarm),
    (IndicatorPolicy(isTampered: true, call: .failed), .error),
    (IndicatorPolicy(hardMuted: true, isTampered: true), .hardMuted),
    (IndicatorPolicy(isCounting: true, hardMuted: true, call: .failed), .countdown),
  ]) func showsAsTheTableSays(policy: IndicatorPolicy, shown: IndicatorState) {
    #expect(policy.shown == shown)
  }
}
