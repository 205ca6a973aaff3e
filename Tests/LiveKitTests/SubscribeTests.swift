import Base
import Testing

@testable import LiveKit
@testable import WebRTC

@Suite struct SubscribeTests {
  /// Of the room's events, those about participants and tracks, in short.
  static func story(_ bench: Bench) -> [String] {
    bench.events.compactMap { event in
      switch event {
      case .participantJoined(let participant): "joined \(participant.identity)"
      case .participantUpdated(let participant, _): "updated \(participant.identity)"
      case .participantLeft(let participant, let reason): "left \(participant.identity) \(reason)"
      case .trackPublished(let track, _): "published \(track.sid)"
      case .trackUnpublished(let track, _): "unpublished \(track.sid)"
      case .trackMuted(let track, _): "muted \(track.sid)"
      case .trackUnmuted(let track, _): "unmuted \(track.sid)"
      case .trackSubscribed(let subscription, let participant):
        "subscribed \(subscription.trackSID) of \(participant.identity) in \(subscription.slot)"
      case .trackUnsubscribed(let subscription):
        "unsubscribed \(subscription.trackSID) in \(subscription.slot)"
      case .trackRefused(let sid, let reason): "refused \(sid): \(reason)"
      default: nil
      }
    }
  }

  static func phone(_ version: Int, _ tracks: [String], sid: String = "PA_p", muted: Bool = false) -> Wire {
    Server.participant(
      "phone", sid, version: version, tracks: tracks.map { Server.track($0, muted: muted) })
  }

  @Test func theParticipantFirstOrTheSectionFirst() throws {
    for sectionFirst in [false, true] {
      let bench = try Bench()
      try bench.connect()
      bench.subscriber?.nextSections = [.audio("1", "PA_p", "TR_A")]
      let messages = [Server.update([Self.phone(1, ["TR_A"])]), Server.offer(2)]
      for message in sectionFirst ? messages.reversed() : messages { bench.server(message) }
      #expect(Self.story(bench) == ["joined phone", "published TR_A", "subscribed TR_A of phone in 0"])
    }
  }

  @Test func theFirstPacketsWaitForTheUpdateThatSaysWhoseTheyAre() throws {
    let bench = try Bench()
    try bench.connect()
    bench.subscriber?.nextSections = [.audio("1", "PA_p", "TR_A")]
    bench.server(Server.offer(2))
    for sequence in 0..<27 { bench.subscriber?.receive(mid: "1", sequence: UInt16(sequence)) }
    bench.subscriber?.receive(mid: "9", sequence: 1)
    bench.drain()
    #expect(bench.room.statistics.strayAudioPackets == 3)
    bench.server(Server.update([Self.phone(1, ["TR_A"])]))
    #expect(bench.heard.map(\.sequence) == Array(0..<25))
    bench.subscriber?.receive(mid: "1", sequence: 99)
    bench.drain()
    #expect(bench.heard.last?.sequence == 99)
    #expect(bench.heard.allSatisfy { $0.slot == 0 })
  }

  @Test func sectionsAndSlotsAreUsedAgain() throws {
    let bench = try Bench()
    try bench.connect()
    bench.server(Server.update([Self.phone(1, ["TR_A", "TR_B"])]))
    bench.subscriber?.nextSections = [.audio("1", "PA_p", "TR_A"), .audio("2", "PA_p", "TR_B")]
    bench.server(Server.offer(2))
    #expect(bench.room.subscriptions.map(\.slot) == [0, 1])
    bench.events = []
    bench.server(Server.update([Self.phone(2, ["TR_B"])]))
    var ended = PeerConnection.RemoteSection.audio("1", "PA_p", "TR_A")
    ended.isActive = false
    bench.subscriber?.nextSections = [ended, .audio("2", "PA_p", "TR_B")]
    bench.server(Server.offer(3))
    bench.server(Server.update([Self.phone(3, ["TR_B", "TR_C"])]))
    bench.subscriber?.nextSections = [.audio("1", "PA_p", "TR_C"), .audio("2", "PA_p", "TR_B")]
    bench.server(Server.offer(4))
    #expect(
      Self.story(bench) == [
        "unsubscribed TR_A in 0", "unpublished TR_A", "published TR_C", "subscribed TR_C of phone in 0",
      ])
    #expect(bench.room.subscriptions.map(\.slot).sorted() == [0, 1])
  }

  @Test func aNewSIDForAKnownIdentityEndsTheOldTracks() throws {
    let bench = try Bench()
    try bench.connect()
    bench.server(Server.update([Self.phone(7, ["TR_A"])]))
    bench.subscriber?.nextSections = [.audio("1", "PA_p", "TR_A")]
    bench.server(Server.offer(2))
    bench.events = []
    bench.server(Server.update([Self.phone(1, ["TR_Z"], sid: "PA_q")]))
    bench.subscriber?.nextSections = [.audio("1", "PA_q", "TR_Z")]
    bench.server(Server.offer(3))
    // The farewell of the old session comes late and must not end the new one.
    bench.server(Server.update([Server.participant("phone", "PA_p", version: 8, state: 3)]))
    #expect(
      Self.story(bench) == [
        "unsubscribed TR_A in 0", "unpublished TR_A", "updated phone", "published TR_Z",
        "subscribed TR_Z of phone in 0",
      ])
    #expect(bench.room.participants.map(\.sid) == ["PA_q"])
  }

  @Test func aFarewellIsTheOnlyWordAboutWhoStayedAMoment() throws {
    let bench = try Bench()
    try bench.connect()
    bench.server(Server.update([Server.participant("agent-1", "PA_a", version: 3, state: 3, reason: 1)]))
    #expect(Self.story(bench) == ["joined agent-1", "left agent-1 clientInitiated"])
    #expect(bench.room.participants.isEmpty)
  }

  @Test func mutingLeavingAndOldVersions() throws {
    let bench = try Bench()
    try bench.connect()
    bench.server(Server.update([Self.phone(3, ["TR_A"])]))
    bench.server(Server.update([Self.phone(4, ["TR_A"], muted: true)]))
    bench.server(Server.update([Self.phone(3, ["TR_A"])]))
    bench.server(Server.update([Self.phone(5, ["TR_A"])]))
    bench.server(Server.update([Server.participant("phone", "PA_p", version: 6, state: 3, reason: 1)]))
    #expect(
      Self.story(bench) == [
        "joined phone", "published TR_A", "muted TR_A", "unmuted TR_A", "unpublished TR_A",
        "left phone clientInitiated",
      ])
  }

  @Test func afterAReconnectionWhoIsGoneHasLeft() throws {
    let bench = try Bench()
    try bench.connect(
      Server.join(others: [Self.phone(1, ["TR_A"]), Server.participant("agent", "PA_a", kind: 4)]))
    bench.subscriber?.nextSections = [.audio("1", "PA_p", "TR_A")]
    bench.server(Server.offer(2))
    #expect(bench.room.participants.map(\.kind) == [.standard, .agent])
    bench.events = []
    bench.loseSession()
    bench.redial()
    bench.accept(Server.join(others: [Self.phone(1, ["TR_A"])], sid: "PA_me2"))
    #expect(Self.story(bench) == ["unsubscribed TR_A in 0", "left agent unknown"])
    bench.subscriber?.nextSections = [.audio("0", "PA_p", "TR_A")]
    bench.server(Server.offer(40))
    #expect(Self.story(bench).last == "subscribed TR_A of phone in 0")
  }

  @Test func slotsAreLimitedAndEncryptedTracksRefused() throws {
    var limits = LiveKit.Limits()
    limits.subscriptionsMax = 1
    let bench = try Bench(limits: limits)
    try bench.connect()
    bench.server(
      Server.update([
        Server.participant(
          "phone", "PA_p",
          tracks: [Server.track("TR_A"), Server.track("TR_B"), Server.track("TR_E", encryption: 1)]),
        Server.participant("camera", "PA_c", tracks: [Server.track("TR_V", type: 1)]),
      ]))
    bench.subscriber?.nextSections = [
      .audio("1", "PA_p", "TR_A"), .audio("2", "PA_p", "TR_B"), .audio("3", "PA_p", "TR_E"),
      .audio("4", "PA_c", "TR_V"),
    ]
    bench.events = []
    bench.server(Server.offer(2))
    bench.server(Server.offer(3))
    #expect(
      Self.story(bench) == [
        "subscribed TR_A of phone in 0"
      ])
    bench.events = []
    bench.server(
      Server.update([
        Server.participant(
          "phone", "PA_p", version: 2, tracks: [Server.track("TR_B"), Server.track("TR_E", encryption: 1)])
      ]))
    #expect(Self.story(bench).suffix(2) == ["unpublished TR_A", "subscribed TR_B of phone in 0"])
    bench.events = []
    bench.server(
      Server.update([
        Server.participant("phone", "PA_p", version: 3, tracks: [Server.track("TR_E", encryption: 1)])
      ]))
    #expect(Self.story(bench).contains("refused TR_E: it is encrypted, and [e2ee] mode is off"))
  }

  @Test func speakersAndQualityAreToldByIdentity() throws {
    let bench = try Bench()
    try bench.connect(Server.join(others: [Self.phone(1, [])]))
    let speaker = { (sid: String, level: Float, active: Bool) in
      Wire().text(1, sid).float(2, level).flag(3, active)
    }
    bench.server(
      Wire().message(
        10, Wire().message(1, speaker("PA_p", 0.25, true)).message(1, speaker("PA_me", 0.5, true))
      )
      .bytes)
    bench.server(Wire().message(10, Wire().message(1, speaker("PA_me", 0, false))).bytes)
    bench.server(Wire().message(12, Wire().message(1, Wire().text(1, "PA_p").number(2, 3))).bytes)
    let told = bench.events.compactMap { event -> [Speaker]? in
      if case .speakersChanged(let speakers) = event { speakers } else { nil }
    }
    #expect(
      told == [
        [.init(identity: "door", level: 0.5), .init(identity: "phone", level: 0.25)],
        [.init(identity: "phone", level: 0.25)],
      ])
    #expect(bench.room.participants.first?.quality == .lost)
  }

  @Test func theRoomIsUpdatedAndMoved() throws {
    let bench = try Bench()
    try bench.connect(Server.join(others: [Self.phone(1, [])]))
    bench.server(
      Wire().message(11, Wire().message(1, Wire().text(1, "RM_1").text(8, "meta").number(9, 2))).bytes)
    #expect(bench.room.info.metadata == "meta")
    #expect(bench.room.info.participantCount == 2)
    #expect(bench.room.info.serverVersion == "1.13.5")
    let moved = Wire().message(1, Wire().text(1, "RM_2").text(2, "kitchen")).text(2, Bench.token())
      .message(3, Server.participant("door", "PA_me2")).message(4, Server.participant("cook", "PA_k"))
    bench.server(Wire().message(24, moved).bytes)
    #expect(bench.room.info.name == "kitchen")
    #expect(bench.room.participants.map(\.identity) == ["cook"])
    #expect(bench.room.localParticipant.sid == "PA_me2")
  }
}
