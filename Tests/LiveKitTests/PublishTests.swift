import Base
import Testing

@testable import LiveKit
@testable import WebRTC

@Suite struct PublishTests {
  static var frame: PeerConnection.AudioFrame {
    .init(
      payload: [1], timestamp: 960, marker: false, level: 30, voice: true)
  }

  /// Joined with one published microphone.
  static func published(muted: Bool = false) throws -> (Bench, LocalTrack.ID) {
    let bench = try Bench()
    let track = try bench.room.publish(name: "mic", source: .microphone, muted: muted, now: bench.now)
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join())
    bench.server(Server.published(try #require(bench.last(4)).text(1), "TR_AM1", muted: muted))
    bench.server(Server.answer(1))
    bench.bringUp()
    return (bench, track)
  }

  @Test func addTrackGoesBeforeTheOfferThatNamesIt() throws {
    let (bench, track) = try Self.published()
    let kinds = bench.requests.compactMap(\.only).filter { $0 == 4 || $0 == 1 }
    #expect(kinds == [4, 1])
    let add = try #require(bench.last(4))
    #expect(add.text(2) == "mic")
    #expect(add.number(8) == 2)
    #expect(add.number(13) == 1)
    #expect(add.number(6) == 0)
    #expect(bench.publisher?.senders.first?.trackID == add.text(1))
    let offer = try #require(bench.last(1))
    #expect(offer.text(1) == "offer")
    #expect(offer.text(2) == "our offer 1")
    #expect(offer.number(3) == 1)
    #expect(bench.publisher?.answers == ["answer"])
    #expect(bench.room.localTracks.first?.sid == "TR_AM1")
    #expect(bench.room.localTracks.first?.id == track)
    #expect(bench.room.state == .connected)
  }

  @Test func aPreConnectBufferIsAnnouncedWithTheTrackAndTakenBack() throws {
    let bench = try Bench()
    let track = try bench.room.publish(name: "mic", source: .microphone, muted: false, now: bench.now)
    bench.room.announcePreConnect(true, track: track)
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join())
    #expect(try #require(bench.last(4)).packed(17) == [6])
    bench.server(Server.published(try #require(bench.last(4)).text(1), "TR_AM1", muted: false))
    #expect(bench.last(17) == nil)
    bench.room.announcePreConnect(false, track: track)
    bench.drain()
    let update = try #require(bench.last(17))
    #expect(update.text(1) == "TR_AM1" && update.packed(2) == [])
  }

  @Test func connectedWaitsForThePublisherToo() throws {
    let bench = try Bench()
    _ = try bench.room.publish(name: "mic", source: .microphone, muted: false, now: bench.now)
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join())
    bench.subscriber?.become(.connected)
    bench.drain()
    #expect(bench.room.state == .connecting)
    bench.publisher?.become(.connected)
    bench.drain()
    #expect(bench.room.state == .connected)
  }

  @Test func publishingLaterKeepsTheConnection() throws {
    let bench = try Bench()
    try bench.connect()
    _ = try bench.room.publish(name: "mic", source: .microphone, muted: false, now: bench.now)
    bench.drain()
    #expect(bench.sockets == ["open subscriber", "open publisher"])
    #expect(bench.room.state == .connected)
    bench.advance(9_000)
    bench.server(Server.published(try #require(bench.last(4)).text(1), "TR_AM1"))
    bench.server(Server.answer(1))
    bench.advance(5_900)
    #expect(bench.failures.isEmpty)
    bench.advance(200)
    #expect(bench.failures.first?.code == "media-timeout")
  }

  @Test func aFrameGoesOutWithTheFirstOneMarked() throws {
    let (bench, track) = try Self.published()
    bench.room.send(Self.frame, track: track, now: bench.now)
    bench.room.send(Self.frame, track: track, now: bench.now)
    #expect(bench.publisher?.sent.map(\.frame.marker) == [true, false])
    #expect(bench.publisher?.sent.first?.mid == "0")
  }

  @Test func oneOfferAtATime() throws {
    let bench = try Bench()
    try bench.connect()
    _ = try bench.room.publish(name: "a", source: .microphone, muted: false, now: bench.now)
    _ = try bench.room.publish(name: "b", source: .unknown, muted: false, now: bench.now)
    bench.drain()
    #expect(bench.count(4) == 2)
    #expect(bench.count(1) == 1)
    bench.server(Server.answer(7))
    #expect(bench.count(1) == 1)
    bench.server(Server.answer(1))
    #expect(bench.count(1) == 2)
    #expect(bench.last(1)?.number(3) == 2)
    bench.server(Server.answer(2))
    #expect(bench.count(1) == 2)
  }

  @Test func anUnansweredOfferEndsTheSession() throws {
    let bench = try Bench()
    try bench.connect()
    _ = try bench.room.publish(name: "a", source: .microphone, muted: false, now: bench.now)
    bench.drain()
    for _ in 0..<2 {
      bench.advance(4_950)
      bench.server(Server.refreshToken(Bench.token()))
    }
    #expect(bench.failures.isEmpty)
    bench.advance(200)
    #expect(bench.failures.first?.code == "negotiation-timeout")
  }

  @Test func mutedSendsNothingAndTellsTheServer() throws {
    let (bench, track) = try Self.published()
    bench.room.send(Self.frame, track: track, now: bench.now)
    bench.room.setMuted(true, track: track, now: bench.now)
    bench.drain()
    #expect(bench.last(5)?.text(1) == "TR_AM1")
    #expect(bench.last(5)?.number(2) == 1)
    bench.room.send(Self.frame, track: track, now: bench.now)
    #expect(bench.publisher?.sent.count == 1)
    bench.room.setMuted(false, track: track, now: bench.now)
    bench.drain()
    #expect(bench.last(5)?.number(2) == 0)
    var later = Self.frame
    later.timestamp = 48_000
    bench.room.send(later, track: track, now: bench.now)
    #expect(bench.publisher?.sent.last?.frame.marker == true)
    #expect(bench.publisher?.sent.last?.frame.timestamp == 48_000)
  }

  @Test func mutingBeforeTheSIDIsKnownIsToldWhenItIs() throws {
    let bench = try Bench()
    try bench.connect()
    let track = try bench.room.publish(name: "a", source: .microphone, muted: false, now: bench.now)
    bench.room.setMuted(true, track: track, now: bench.now)
    bench.drain()
    #expect(bench.count(5) == 0)
    bench.server(Server.published(try #require(bench.last(4)).text(1), "TR_AM1"))
    #expect(bench.last(5)?.text(1) == "TR_AM1")
    #expect(bench.last(5)?.number(2) == 1)
  }

  @Test func theServerMayMuteButNotUnmute() throws {
    let (bench, track) = try Self.published()
    bench.server(Server.mute("TR_AM1", true))
    #expect(bench.room.localTracks.first?.isMuted == true)
    #expect(bench.count(5) == 0)
    bench.room.send(Self.frame, track: track, now: bench.now)
    #expect(bench.publisher?.sent.isEmpty == true)
    bench.server(Server.mute("TR_AM1", false))
    #expect(bench.room.localTracks.first?.isMuted == true)
    #expect(bench.last(5)?.number(2) == 1)
  }

  @Test func unpublishingTakesTheSectionAway() throws {
    let (bench, track) = try Self.published()
    bench.room.unpublish(track, now: bench.now)
    bench.drain()
    #expect(bench.publisher?.removed == ["0"])
    #expect(bench.last(1)?.number(3) == 2)
    #expect(bench.room.localTracks.isEmpty)
    #expect(bench.room.state == .connected)
  }

  @Test func aRefusedTrackIsAnEvent() throws {
    let bench = try Bench()
    try bench.connect()
    _ = try bench.room.publish(name: "a", source: .microphone, muted: false, now: bench.now)
    bench.drain()
    bench.server(Server.addTrackRefused(try #require(bench.last(4)).text(1), reason: 2, "no right"))
    let failure = bench.events.compactMap { event -> Failure? in
      if case .localTrackFailed(_, let failure) = event { failure } else { nil }
    }
    #expect(failure == [.publishNotAllowed("no right")])
    #expect(bench.publisher?.removed == ["0"])
    #expect(bench.room.localTracks.first?.state == .refused)
  }

  @Test func permissionTakenAndGivenBack() throws {
    let (bench, _) = try Self.published()
    bench.server(Server.update([Server.participant("door", "PA_me", version: 2, canPublish: false)]))
    bench.server(Server.trackUnpublished("TR_AM1"))
    #expect(bench.room.localTracks.first?.state == .refused)
    #expect(bench.publisher?.removed == ["0"])
    bench.server(Server.answer(2))
    bench.server(Server.update([Server.participant("door", "PA_me", version: 3)]))
    #expect(bench.room.localTracks.first?.state == .publishing)
    #expect(bench.count(4) == 2)
    #expect(bench.last(1)?.number(3) == 3)
  }

  @Test func withoutThePermissionNothingIsTried() throws {
    let bench = try Bench()
    _ = try bench.room.publish(name: "a", source: .microphone, muted: false, now: bench.now)
    try bench.connect(Server.join(canPublish: false))
    #expect(bench.count(4) == 0)
    #expect(bench.room.state == .connected)
    #expect(bench.room.localTracks.first?.state == .refused)
  }

  @Test func someoneHearsUs() throws {
    let (bench, _) = try Self.published()
    bench.server(Server.trackSubscribed("TR_AM1"))
    #expect(bench.room.localTracks.first?.isHeard == true)
  }

  @Test func thereAreOnlySoManyTracks() throws {
    let bench = try Bench()
    for _ in 0..<4 { _ = try bench.room.publish(name: "a", source: .unknown, muted: false, now: bench.now) }
    #expect(throws: Failure.tooManyTracks) {
      try bench.room.publish(name: "a", source: .unknown, muted: false, now: bench.now)
    }
  }
}
