import Base
import Testing

@testable import Device

/// Every row of the table in PreConnect.swift, as a story told in events.
@Suite struct PreConnectTests {
  struct Step {
    var event: PreConnect.Event
    var after = 0
    var action = PreConnect.Action.none
    var state: PreConnect.State
  }

  struct Story: CustomTestStringConvertible {
    var testDescription: String
    var steps: [Step]
  }

  static let begin = Step(event: .callBegan, action: .record, state: .recording)
  static let joined = Step(event: .published(true), state: .recording)
  static let ready = Step(
    event: .timeout, after: PreConnect.readyMilliseconds, action: .handOver, state: .handingOver)

  static let open = Step(event: .timeout, after: PreConnect.personMilliseconds, state: .shared)

  static let stories = [
    Story(
      testDescription: "the agent is there already",
      steps: [
        begin, Step(event: .audience(agent: true, others: false), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), after: 40, state: .recording),
        Step(event: .timeout, after: PreConnect.readyMilliseconds - 1, state: .recording),
        Step(event: .timeout, after: 1, action: .handOver, state: .handingOver),
        Step(event: .recordingReady, after: 20, action: .openStream, state: .sending),
        Step(event: .delivered, after: 100, action: .release, state: .off),
      ]),
    Story(
      testDescription: "the agent has a voice before it listens",
      steps: [
        begin, Step(event: .audience(agent: true, agentHasTrack: true, others: false), state: .recording),
        joined,
        Step(event: .listened(roundTripMilliseconds: 0), after: 40, state: .recording),
        Step(event: .timeout, after: PreConnect.openMilliseconds - 1, state: .recording),
        Step(event: .timeout, after: 1, action: .handOver, state: .handingOver),
      ]),
    Story(
      testDescription: "the agent negotiates for its voice while it listens",
      steps: [
        begin, joined, Step(event: .listened(roundTripMilliseconds: 0), state: .recording),
        Step(event: .audience(agent: true, others: false), after: 29, state: .recording),
        Step(event: .audience(agent: true, agentHasTrack: true, others: false), after: 25, state: .recording),
        Step(
          event: .audience(agent: true, agentHasTrack: true, others: false), after: 5, state: .recording),
        Step(event: .timeout, after: PreConnect.settledMilliseconds - 6, state: .recording),
        Step(event: .timeout, after: 1, action: .handOver, state: .handingOver),
      ]),
    Story(
      testDescription: "its voice comes late, or not at all",
      steps: [
        begin, Step(event: .audience(agent: true, others: false), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording),
        Step(
          event: .audience(agent: true, agentHasTrack: true, others: false),
          after: PreConnect.readyMilliseconds - 1, state: .recording),
        Step(event: .timeout, after: 1, action: .handOver, state: .handingOver),
      ]),
    Story(
      testDescription: "a voice that goes again",
      steps: [
        begin, Step(event: .audience(agent: true, agentHasTrack: true, others: false), state: .recording),
        joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording),
        Step(event: .audience(agent: true, others: false), after: 10, state: .recording),
        Step(event: .timeout, after: PreConnect.readyMilliseconds - 11, state: .recording),
        Step(event: .timeout, after: 1, action: .handOver, state: .handingOver),
      ]),
    Story(
      testDescription: "a voice far away",
      steps: [
        begin, Step(event: .audience(agent: true, others: false), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 20), state: .recording),
        Step(event: .audience(agent: true, agentHasTrack: true, others: false), after: 50, state: .recording),
        Step(event: .timeout, after: PreConnect.settledMilliseconds - 21, state: .recording),
        Step(event: .timeout, after: 1, action: .handOver, state: .handingOver),
      ]),
    Story(
      testDescription: "an agent with a voice that comes to a track which is live",
      steps: [
        begin, Step(event: .audience(agent: false, others: true), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording), open,
        Step(
          event: .audience(agent: true, agentHasTrack: true, others: true), after: 2_000, state: .shared),
        Step(event: .timeout, after: PreConnect.openMilliseconds - 1, state: .shared),
        Step(event: .timeout, after: 1, action: .handOver, state: .handingOver),
      ]),
    Story(
      testDescription: "the agent comes later",
      steps: [
        begin, joined, Step(event: .audience(agent: true, others: false), after: 3_000, state: .recording),
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording), ready,
        Step(event: .recordingReady, action: .openStream, state: .sending),
      ]),
    Story(
      testDescription: "the agent listens before it is in sight",
      steps: [
        begin, joined, Step(event: .listened(roundTripMilliseconds: 0), state: .recording), ready,
        Step(event: .recordingReady, state: .held),
        Step(
          event: .audience(agent: true, others: false), after: 2_300, action: .openStream, state: .sending),
      ]),
    Story(
      testDescription: "a person listens first and is not kept waiting",
      steps: [
        begin, Step(event: .audience(agent: false, others: true), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording), open,
        Step(event: .audience(agent: true, others: true), after: 2_000, state: .shared), ready,
        Step(event: .recordingReady, action: .openStream, state: .sending),
      ]),
    Story(
      testDescription: "a person far away hears at once",
      steps: [
        begin, Step(event: .audience(agent: false, others: true), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: PreConnect.personMilliseconds), state: .shared),
      ]),
    Story(
      testDescription: "an agent that comes before a person's receiver is open",
      steps: [
        begin, Step(event: .audience(agent: false, others: true), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording),
        Step(event: .audience(agent: true, others: true), after: 7, state: .recording),
        Step(event: .timeout, after: PreConnect.readyMilliseconds - 8, state: .recording),
        Step(event: .timeout, after: 1, action: .handOver, state: .handingOver),
      ]),
    Story(
      testDescription: "an agent that leaves before it is ready, and one that comes after it",
      steps: [
        begin, Step(event: .audience(agent: false, others: true), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording), open,
        Step(event: .audience(agent: true, others: true), after: 2_000, state: .shared),
        Step(event: .audience(agent: false, others: true), after: 10, state: .shared),
        Step(event: .timeout, after: 100, state: .shared),
        Step(event: .audience(agent: true, others: true), state: .shared), ready,
      ]),
    Story(
      testDescription: "the session is lost before the listener is ready",
      steps: [
        begin, Step(event: .audience(agent: true, others: false), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording),
        Step(event: .published(false), state: .recording),
        Step(event: .timeout, after: 100, state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording), ready,
      ]),
    Story(
      testDescription: "somebody else comes before the listener is ready",
      steps: [
        begin, joined, Step(event: .listened(roundTripMilliseconds: 0), state: .recording),
        Step(event: .audience(agent: false, others: true), after: 10, state: .shared),
      ]),
    Story(
      testDescription: "a server far away",
      steps: [
        begin, Step(event: .audience(agent: true, others: false), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 60), state: .recording),
        Step(event: .timeout, after: PreConnect.readyMilliseconds - 61, state: .recording),
        Step(event: .timeout, after: 1, action: .handOver, state: .handingOver),
      ]),
    Story(
      testDescription: "a listener that is announced twice, and a round trip that cannot be",
      steps: [
        begin, Step(event: .audience(agent: true, others: false), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: -5), state: .recording),
        Step(event: .listened(roundTripMilliseconds: 2_600), state: .recording),
        Step(event: .timeout, after: PreConnect.readyMilliseconds - 1, state: .recording),
        Step(event: .timeout, after: 1, action: .handOver, state: .handingOver),
      ]),
    Story(
      testDescription: "a server beyond the ready time",
      steps: [
        begin, Step(event: .audience(agent: true, others: false), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 2_600), action: .handOver, state: .handingOver),
      ]),
    Story(
      testDescription: "a server that announces no listener",
      steps: [
        begin, Step(event: .audience(agent: true, others: false), state: .recording), joined,
        Step(event: .timeout, after: 2_999, state: .recording),
        Step(event: .timeout, after: 1, action: .handOver, state: .handingOver),
      ]),
    Story(
      testDescription: "such a server, and a person",
      steps: [
        begin, joined, Step(event: .audience(agent: false, others: true), after: 500, state: .recording),
        Step(event: .timeout, after: 3_000, state: .shared),
      ]),
    Story(
      testDescription: "an agent that never comes",
      steps: [
        begin, joined, Step(event: .timeout, after: 9_999, state: .recording),
        Step(event: .timeout, after: 1, action: .release, state: .off),
        Step(event: .audience(agent: true, others: false), state: .off),
      ]),
    Story(
      testDescription: "an agent that never comes while a person listens",
      steps: [
        begin, Step(event: .audience(agent: false, others: true), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording), open,
        Step(event: .timeout, after: 10_000, action: .release, state: .off),
      ]),
    Story(
      testDescription: "an agent that comes twice",
      steps: [
        begin, Step(event: .audience(agent: true, others: false), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording), ready,
        Step(event: .recordingReady, action: .openStream, state: .sending),
        Step(event: .delivered, action: .release, state: .off),
        Step(event: .audience(agent: false, others: false), state: .off),
        Step(event: .audience(agent: true, others: false), state: .off),
      ]),
    Story(
      testDescription: "the session is lost before anybody came",
      steps: [
        begin, joined, Step(event: .published(false), after: 9_000, state: .recording),
        Step(event: .timeout, after: 9_000, state: .recording),
        Step(event: .published(true), state: .recording),
        Step(event: .timeout, after: 9_999, state: .recording),
      ]),
    Story(
      testDescription: "the visitor hangs up",
      steps: [begin, joined, Step(event: .callEnded, action: .release, state: .off)]),
    Story(
      testDescription: "a mute while the samples are asked for, held, and told",
      steps: [
        begin, Step(event: .audience(agent: true, others: false), state: .recording), joined,
        Step(event: .closed, state: .recording),
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording), ready,
        Step(event: .closed, action: .release, state: .off),
        Step(event: .recordingReady, state: .off), begin,
        Step(event: .audience(agent: false, others: false), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording), ready,
        Step(event: .recordingReady, state: .held), Step(event: .closed, action: .release, state: .off),
        Step(event: .audience(agent: true, others: false), state: .off), begin,
        Step(event: .audience(agent: true, others: false), state: .recording), joined,
        Step(event: .listened(roundTripMilliseconds: 0), state: .recording), ready,
        Step(event: .recordingReady, action: .openStream, state: .sending),
        Step(event: .closed, action: .release, state: .off), Step(event: .delivered, state: .off),
      ]),
    Story(
      testDescription: "two presses",
      steps: [begin, Step(event: .callBegan, state: .recording)]),
    Story(
      testDescription: "nothing without a call",
      steps: [
        Step(event: .listened(roundTripMilliseconds: 0), state: .off),
        Step(event: .audience(agent: true, others: true), state: .off),
        Step(event: .recordingReady, state: .off), Step(event: .callEnded, state: .off),
      ]),
  ]

  @Test(arguments: stories) func theTable(_ story: Story) {
    var preConnect = PreConnect()
    var now = Instant(microseconds: 0)
    for step in story.steps {
      now = now.advanced(byMilliseconds: step.after)
      let action = preConnect.handle(step.event, now: now)
      #expect(action == step.action, "\(step.event)")
      #expect(preConnect.state == step.state, "\(step.event)")
      // A deadline that time-outs do not move would keep the reactor busy for ever. One for each that is over is right.
      for wait in [0, 10_000, 60_000] {
        var later = preConnect
        guard let due = later.deadline?.advanced(byMilliseconds: wait) else { break }
        for _ in 0..<3 { _ = later.handle(.timeout, now: due) }
        #expect(later.deadline.map { $0 > due } ?? true, "\(step.event), \(wait) ms after the deadline")
      }
    }
  }

  private func withheld(_ events: [PreConnect.Event]) -> [Bool] {
    var preConnect = PreConnect()
    var now = Instant(microseconds: 0)
    return events.map {
      if $0 == .timeout { now = now.advanced(byMilliseconds: PreConnect.readyMilliseconds) }
      _ = preConnect.handle($0, now: now)
      return preConnect.withholdsFrames
    }
  }

  @Test func nothingIsSentBeforeTheHandOver() {
    let agentFirst: [PreConnect.Event] = [
      .callBegan, .published(true), .audience(agent: true, others: false),
      .listened(roundTripMilliseconds: 0), .timeout,
      .recordingReady,
      .delivered,
    ]
    #expect(withheld(agentFirst) == [true, true, true, true, false, false, false])
  }

  @Test func whoeverListensBeforeTheAgentComesHearsNoGapWhenItDoes() {
    let personFirst: [PreConnect.Event] = [
      .callBegan, .audience(agent: false, others: true), .published(true),
      .listened(roundTripMilliseconds: PreConnect.personMilliseconds),
      .audience(agent: true, others: true), .timeout, .recordingReady, .delivered,
    ]
    #expect(withheld(personFirst) == [true, true, true, false, false, false, false, false])
  }

  @Test func theTimerIsThereWhenSomethingHangsOnIt() {
    var preConnect = PreConnect()
    _ = preConnect.handle(.callBegan, now: Instant(microseconds: 0))
    #expect(preConnect.deadline == nil, "the attempt to connect has a time-out of its own")
    _ = preConnect.handle(.published(true), now: Instant(microseconds: 0))
    #expect(preConnect.deadline == Instant(microseconds: 0).advanced(byMilliseconds: 10_000))
    _ = preConnect.handle(.audience(agent: true, others: false), now: Instant(microseconds: 0))
    #expect(preConnect.deadline == Instant(microseconds: 0).advanced(byMilliseconds: 3_000))
    _ = preConnect.handle(.listened(roundTripMilliseconds: 0), now: Instant(microseconds: 0))
    #expect(
      preConnect.deadline == Instant(microseconds: 0).advanced(byMilliseconds: PreConnect.readyMilliseconds))
  }

  /// By hand, by the switch, by the room: whoever closes the microphone, what is on its way to be told is not.
  @Test func aMuteEndsTheHandOver() throws {
    let mutes: [(String, (Bench) -> Void)] = [
      ("by hand", { $0.ask(.mute(on: true)) }),
      ("the switch", { $0.handle(.board(.input(.mute, isOn: true, isFirst: false))) }),
    ]
    for (name, mute) in mutes {
      let bench = try Bench()
      bench.enter(("bot", .agent))
      bench.act { device, now in
        device.preConnect(.callBegan, now: now)
        device.preConnect(.audience(agent: true, others: false), now: now)
        device.preConnect(.published(true), now: now)
        device.preConnect(.listened(roundTripMilliseconds: 0), now: now)
      }
      bench.advance(milliseconds: PreConnect.readyMilliseconds)
      #expect(bench.audio.contains(.handOverPreConnect), "\(name)")
      #expect(!bench.audio.contains(.endPreConnect), "\(name)")
      mute(bench)
      #expect(bench.audio.contains(.endPreConnect), "\(name)")
      bench.handle(.preConnectRecorded(.init(first: 0, handOver: 16_000)))
      #expect(!bench.log.contains { $0.text.contains("first words for") }, "\(name)")
    }
  }
}
