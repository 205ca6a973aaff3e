import Base
import Testing

@testable import LiveKit

/// Our name, metadata and attributes; what we may do; what others say of themselves; what the room says.
@Suite struct StateTests {
  static func answers(_ bench: Bench) -> [String] {
    bench.events.compactMap {
      if case .stateRequestAnswered(let id, let refusal) = $0 { "\(id) \(refusal ?? "done")" } else { nil }
    }
  }

  static func response(_ id: Int, reason: Int = 0, _ words: String = "") -> [UInt8] {
    Wire().message(22, Wire().number(1, id).number(2, reason).text(3, words).message(7, Wire().number(4, id)))
      .bytes
  }

  @Test func aChangeIsAskedForAndAnswered() throws {
    let bench = try Bench()
    try bench.connect()
    let id = bench.room.setAttributes(["door": "open"], now: bench.now)
    bench.drain()
    let request = try #require(bench.last(15))
    #expect(request.number(4) == id)
    #expect(request.message(3)?.text(1) == "door")
    #expect(request.message(3)?.text(2) == "open")
    #expect(Self.answers(bench).isEmpty)
    bench.server(Self.response(id))
    #expect(Self.answers(bench) == ["\(id) done"])
    bench.server(Self.response(id))
    #expect(Self.answers(bench).count == 1)
  }

  @Test func aRefusalHasTheServersWords() throws {
    let bench = try Bench()
    try bench.connect()
    let id = bench.room.setName("x", now: bench.now)
    bench.server(Self.response(id, reason: 4))
    #expect(Self.answers(bench).isEmpty)
    bench.server(Self.response(id, reason: 2, "does not have permission to update own metadata"))
    #expect(Self.answers(bench) == ["\(id) does not have permission to update own metadata"])
    let refusals = bench.events.filter { if case .requestRefused = $0 { true } else { false } }
    #expect(refusals.count == 1)
  }

  @Test func silenceIsAnAnswer() throws {
    let bench = try Bench()
    try bench.connect()
    let id = bench.room.setMetadata("x", now: bench.now)
    bench.drain()
    bench.advance(4_999)
    #expect(Self.answers(bench).isEmpty)
    bench.advance(2)
    #expect(Self.answers(bench) == ["\(id) the server did not answer"])
  }

  @Test func tooMuchIsRefusedAtOnce() throws {
    let bench = try Bench()
    try bench.connect()
    _ = bench.room.setMetadata(String(repeating: "x", count: 64_001), now: bench.now)
    _ = bench.room.setAttributes([:], now: bench.now)
    for _ in 0..<9 { _ = bench.room.setName("n", now: bench.now) }
    bench.drain()
    #expect(bench.count(15) == 8)
    #expect(
      Self.answers(bench) == [
        "1 more than the server keeps of a participant", "2 there is nothing to change",
        "11 too many changes are under way",
      ])
  }

  /// Asked for before joining, lost with the session, and taken back by an older token.
  @Test func stateOutlivesSessions() throws {
    let bench = try Bench()
    let early = bench.room.setAttributes(["a": "1"], now: bench.now)
    try bench.connect()
    #expect(bench.last(15)?.number(4) == early)
    bench.loseSession()
    bench.advance(10_000)
    bench.accept()
    #expect(bench.count(15) == 2)
    bench.server(Self.response(early))
    #expect(Self.answers(bench) == ["\(early) done"])
    bench.loseSession()
    bench.advance(10_000)
    bench.accept()
    #expect(bench.count(15) == 3)
    #expect(bench.last(15)?.message(3)?.text(1) == "a")
  }

  @Test func whatTheSessionShowsIsNotAskedForAgain() throws {
    let bench = try Bench()
    try bench.connect()
    let id = bench.room.setName("me", now: bench.now)
    bench.server(Self.response(id))
    bench.loseSession()
    bench.advance(10_000)
    let join = Wire().message(
      1,
      Wire().message(1, Wire().text(1, "RM_1").text(2, "hall"))
        .message(2, Server.participant("door", "PA_me2", name: "me")).flag(6, true).number(10, 15).number(
          11, 5))
    bench.accept(join.bytes)
    #expect(bench.room.localParticipant.name == "me")
    #expect(bench.count(15) == 1)
  }

  @Test func changesSayWhatChanged() throws {
    let bench = try Bench()
    try bench.connect()
    func update(_ participant: Wire) -> ParticipantChanges? {
      bench.events = []
      bench.server(Server.update([participant]))
      for event in bench.events {
        if case .participantUpdated(_, let changes) = event { return changes }
        if case .localParticipantUpdated(_, let changes) = event { return changes }
      }
      return nil
    }
    #expect(update(Server.participant("p", "PA_p", attributes: ["a": "1", "b": "1", "c": "1"])) == nil)
    var changes = ParticipantChanges()
    changes.attributes = ["a", "b", "d"]
    #expect(
      update(Server.participant("p", "PA_p", version: 2, attributes: ["a": "2", "c": "1", "d": "1"]))
        == changes)
    changes = ParticipantChanges()
    changes.name = true
    changes.attributes = ["a", "c", "d"]
    #expect(update(Server.participant("p", "PA_p", version: 3, name: "n")) == changes)
    changes = ParticipantChanges()
    changes.state = true
    #expect(update(Server.participant("p", "PA_p", version: 4, state: 1, name: "n")) == changes)
    changes.session = true
    #expect(update(Server.participant("p", "PA_p2", version: 1, name: "n")) == changes)
    changes = ParticipantChanges()
    changes.state = true
    changes.permission = true
    changes.attributes = ["x"]
    #expect(
      update(Server.participant("door", "PA_me", version: 2, attributes: ["x": "1"], canPublish: false))
        == changes)
  }

  @Test func theAgentThatCounts() throws {
    let bench = try Bench()
    try bench.connect()
    func agents() -> [String] {
      bench.events.compactMap {
        guard case .agentChanged(let agent) = $0 else { return nil }
        guard let agent else { return "gone" }
        return "\(agent.identity) \(agent.agentState.map { $0.rawValue } ?? "-")"
      }
    }
    let state = ["lk.agent.state": "initializing", "lk.agent.name": "concierge"]
    bench.server(Server.update([Server.participant("sip", "PA_s", kind: 3)]))
    bench.server(
      Server.update([
        Server.participant("face", "PA_f", kind: 4, attributes: ["lk.publish_on_behalf": "agent"])
      ]))
    bench.server(Server.update([Server.participant("agent", "PA_a", state: 1, kind: 4, attributes: state)]))
    #expect(bench.room.agent == nil)
    #expect(agents().isEmpty)
    bench.server(Server.update([Server.participant("agent", "PA_a", version: 2, kind: 4, attributes: state)]))
    #expect(bench.room.agent?.agentName == "concierge")
    for (version, word) in ["listening", "listening", "speaking", "dreaming"].enumerated() {
      bench.server(
        Server.update([
          Server.participant(
            "agent", "PA_a", version: 3 + version, kind: 4, attributes: ["lk.agent.state": word])
        ]))
    }
    bench.server(Server.update([Server.participant("agent", "PA_a2", kind: 4)]))
    bench.server(Server.update([Server.participant("agent", "PA_a2", version: 9, state: 3, kind: 4)]))
    #expect(
      agents() == [
        "agent initializing", "agent listening", "agent speaking", "agent -", "agent -", "gone",
      ])
    let face = bench.room.participants.first { $0.identity == "face" }
    #expect(face?.isAvatarWorker == true)
    #expect(face?.publishesOnBehalfOf == "agent")
  }

  @Test func thePermissionIsTakenBackWithoutAnotherWord() throws {
    let (bench, _) = try PublishTests.published()
    bench.server(Server.update([Server.participant("door", "PA_me", version: 2, canPublish: false)]))
    #expect(bench.room.localTracks.first?.state == .refused)
    #expect(bench.publisher?.removed == ["0"])
    let reasons = bench.events.compactMap {
      if case .localTrackUnpublished(_, let reason) = $0 { reason } else { nil }
    }
    #expect(reasons == ["the permission to publish was taken back"])
    bench.server(Server.trackUnpublished("TR_AM1"))
    #expect(bench.publisher?.removed == ["0"])
    #expect(bench.room.state == .connected)
    bench.server(Server.answer(2))
    bench.server(Server.update([Server.participant("door", "PA_me", version: 3)]))
    #expect(bench.room.localTracks.first?.state == .publishing)
  }

  @Test func theRoomsMetadataAndRecording() throws {
    let bench = try Bench()
    try bench.connect()
    func say(_ metadata: String, recording: Bool, participants: Int = 1) -> [String] {
      bench.events = []
      bench.server(
        Wire().message(
          11,
          Wire().message(
            1,
            Wire().text(1, "RM_1").text(2, "hall").text(8, metadata).number(9, participants).flag(
              10, recording))
        ).bytes)
      return bench.events.map { event in
        switch event {
        case .roomUpdated: "updated"
        case .roomMetadataChanged(let text): "metadata \(text)"
        case .recordingChanged(let isOn): "recording \(isOn)"
        default: "?"
        }
      }
    }
    #expect(say("m", recording: false) == ["updated", "metadata m"])
    #expect(say("m", recording: false).isEmpty)
    #expect(say("m", recording: true) == ["updated", "recording true"])
    #expect(say("m", recording: true, participants: 2) == ["updated"])
    #expect(say("", recording: false) == ["updated", "metadata ", "recording false"])
  }

  @Test func whyOthersLeft() throws {
    let bench = try Bench()
    try bench.connect()
    for (number, reason) in [1, 2, 4, 13, 16, 99].enumerated() {
      bench.server(Server.update([Server.participant("p\(number)", "PA_\(number)")]))
      bench.server(
        Server.update([Server.participant("p\(number)", "PA_\(number)", version: 2, state: 3, reason: reason)]
        ))
    }
    let reasons = bench.events.compactMap {
      if case .participantLeft(_, let reason) = $0 { reason } else { nil }
    }
    #expect(
      reasons == [
        .clientInitiated, .duplicateIdentity, .participantRemoved, .sipTrunkFailure, .agentError, .unknown,
      ])
  }
}
