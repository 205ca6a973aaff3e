import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// Media that stops, with signalling or without, and networks that change.
@Suite struct ResumePathTests {
  static func silence(_ peer: ScriptedPeer?, _ bench: Bench) {
    peer?.become(.disconnected, "no answer")
    bench.drain()
  }

  @Test func aSilentPublisherIsRestartedOverTheLiveWebSocket() throws {
    let bench = try ResumeTests.inCall()
    Self.silence(bench.publisher, bench)
    #expect(bench.stateChanges == ["resuming(mediaFlows: false)"])
    // The server is asked first.
    #expect(bench.count(16) == 1)
    #expect(bench.publisher?.restarts == 0)
    bench.advance(100)
    bench.server(Server.pong(0))
    #expect(bench.publisher?.restarts == 1)
    #expect(bench.count(1) == 1)
    #expect(bench.opened.count == 1)
    bench.answerOffer()
    bench.publisher?.become(.connected)
    bench.drain()
    #expect(bench.room.state == .connected)
    #expect(bench.failures.isEmpty && bench.room.statistics.resumes == 0)
  }

  /// Nothing has come for some seconds: what can be done is begun before it is called lost.
  @Test func aPathThatFallsSilentIsAskedAfter() throws {
    let bench = try ResumeTests.inCall()
    let silent = PathHealth.silent(since: bench.now)
    bench.publisher?.tell(silent)
    bench.drain()
    #expect(bench.count(16) == 1)
    bench.server(Server.pong(0))
    #expect(bench.publisher?.restarts == 1)
    #expect(bench.count(1) == 1)
    bench.answerOffer()
    bench.subscriber?.tell(silent)
    bench.drain()
    bench.server(Server.pong(0))
    #expect(bench.opened.count == 2)
    #expect(bench.stateChanges == ["resuming(mediaFlows: true)"])
    ResumeTests.takeBack(bench)
    #expect(bench.stateChanges.last == "connected")
    #expect(bench.publisher?.restarts == 2)
  }

  @Test func aSilentSubscriberIsRestartedByAResume() throws {
    let bench = try ResumeTests.inCall()
    Self.silence(bench.subscriber, bench)
    Self.silence(bench.publisher, bench)
    #expect(bench.count(16) == 2)
    bench.server(Server.pong(0))
    #expect(bench.opened.count == 2)
    #expect(bench.opened.last?.url.hasSuffix("&reconnect_reason=3") == true)
    #expect(bench.closed == [1])
    ResumeTests.takeBack(bench)
    #expect(bench.publisher?.restarts == 1)
    #expect(bench.count(1) == 1)
    #expect(bench.room.state == .resuming(mediaFlows: false))
    bench.answerOffer()
    bench.server(Server.offer(9))
    bench.bringUp()
    #expect(bench.room.state == .connected)
    #expect(bench.room.statistics.resumes == 1)
    #expect(bench.failures.isEmpty)
  }

  /// The ping timeout is 15 s; where media is silent as well, 1.5 s are enough.
  @Test func bothAreSilent() throws {
    let bench = try ResumeTests.inCall()
    Self.silence(bench.subscriber, bench)
    bench.advance(1_499)
    #expect(bench.opened.count == 1)
    bench.advance(2)
    #expect(bench.opened.count == 2)
    // The next attempt follows before a second is over, for 20 s since anything was heard.
    bench.advance(10_000)
    #expect(bench.opened.count >= 11)
    #expect(bench.failures.isEmpty)
    #expect(!bench.peers.contains { $0.isClosed })
    ResumeTests.takeBack(bench)
    bench.bringUp()
    #expect(bench.room.state == .connected)
  }

  @Test func afterTwentySecondsOfNothingItIsANewSession() throws {
    let bench = try ResumeTests.inCall()
    bench.server(Server.pong(0))
    bench.advance(4_900)
    Self.silence(bench.subscriber, bench)
    bench.advance(15_000)
    #expect(bench.failures.isEmpty)
    bench.advance(200)
    #expect(bench.failures.first?.code == "signal-lost")
    #expect(bench.room.state == .reconnecting)
    #expect(!bench.peers.contains { !$0.isClosed })
    // No pause sleeps over the return of the network.
    let dials = bench.opened.count
    bench.advance(40_000)
    #expect(bench.opened.count - dials >= 17)
    bench.advance(120_000)
    let late = bench.opened.count
    bench.advance(40_000)
    #expect(bench.opened.count - late <= 3)
  }

  @Test func mediaThatStaysAwayIsANewSession() throws {
    let bench = try ResumeTests.inCall()
    Self.silence(bench.subscriber, bench)
    bench.server(Server.pong(0))
    ResumeTests.takeBack(bench)
    for _ in 0..<5 {
      bench.advance(3_990)
      bench.server(Server.pong(0))
    }
    bench.advance(200)
    #expect(bench.failures.first?.code == "media-timeout")
    #expect(bench.room.state == .reconnecting)
  }

  /// What gets through by itself needs nothing more, and signalling may get through as well.
  @Test func mediaIsBackFirst() throws {
    let bench = try ResumeTests.inCall()
    Self.silence(bench.subscriber, bench)
    bench.advance(1_501)
    bench.advance(400)
    let dials = bench.opened.count
    bench.subscriber?.become(.connected)
    bench.drain()
    #expect(bench.room.state == .resuming(mediaFlows: true))
    #expect(bench.opened.count == dials + 1)
    ResumeTests.takeBack(bench)
    #expect(bench.publisher?.restarts == 0)
    #expect(
      bench.stateChanges == ["resuming(mediaFlows: false)", "resuming(mediaFlows: true)", "connected"])
  }

  @Test func theAddressIsGone() throws {
    let bench = try ResumeTests.inCall()
    let address = SocketAddress(ip: IPAddress(v4: 0x0A00_0001), port: 4000)
    bench.publisher?.become(.disconnected, "the local address is gone")
    bench.publisher?.tell(.gone)
    bench.handle(.localAddressGone(address, peer: .publisher))
    bench.handle(.localAddressGone(address, peer: .subscriber))
    #expect(bench.opened.count == 2)
    #expect(bench.opened.last?.url.hasSuffix("&reconnect_reason=2") == true)
    bench.handle(.webSocketFailed(connection: bench.connection, .other("network is unreachable")))
    #expect(bench.opened.count == 2)
    // Another one is there: nobody waits.
    bench.handle(.localAddress(address, peer: .publisher))
    #expect(bench.opened.count == 3)
    ResumeTests.takeBack(bench)
    #expect(bench.publisher?.restarts == 1)
  }

  @Test func aChangedNetworkIsAskedAndHurriesWhatWaits() throws {
    let bench = try ResumeTests.inCall()
    bench.room.networkChanged(now: bench.now)
    bench.drain()
    #expect(bench.count(16) == 1)
    bench.server(Server.pong(0))
    bench.advance(2_000)
    #expect(bench.opened.count == 1)
    bench.room.networkChanged(now: bench.now)
    bench.advance(1_501)
    #expect(bench.opened.count == 2)
    bench.room.networkChanged(now: bench.now)
    bench.drain()
    #expect(bench.opened.count == 2)
    bench.advance(400)
    bench.room.networkChanged(now: bench.now)
    bench.drain()
    #expect(bench.opened.count == 3)
    #expect(bench.failures.isEmpty)
    #expect(bench.stateChanges == ["resuming(mediaFlows: true)"])
  }

  /// A publisher that only carries data does not make the connection's state, but has to work.
  @Test func aPublisherWithoutTracksIsRestartedToo() throws {
    let bench = try Bench.withData()
    bench.bringUp()
    bench.idle(6_000)
    Self.silence(bench.publisher, bench)
    #expect(bench.room.state == .connected)
    bench.server(Server.pong(0))
    #expect(bench.publisher?.restarts == 1)
    bench.answerOffer()
    bench.idle(15_100)
    #expect(bench.failures.first?.code == "media-timeout")
  }

  // Who is there.

  @Test func whoIsNotToldOfHasLeft() throws {
    let bench = try ResumeTests.inCall()
    bench.server(Server.update([Server.participant("phone", "PA_phone")]))
    bench.events = []
    ResumeTests.cut(bench)
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.reconnect())
    // In two updates.
    bench.server(Server.update([ResumeTests.me]))
    bench.server(Server.update([ResumeTests.agent]))
    #expect(bench.room.participants.count == 2)
    bench.server(Server.room())
    #expect(bench.room.participants.map(\.identity) == ["agent"])
    #expect(bench.room.subscriptions.count == 1)
  }

  @Test func aPartIsNotTheWhole() throws {
    let bench = try ResumeTests.inCall()
    ResumeTests.cut(bench)
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.reconnect())
    bench.server(Server.update([Server.participant("phone", "PA_phone")]))
    bench.advance(2_001)
    #expect(bench.room.participants.map(\.identity) == ["agent", "phone"])
    #expect(bench.wait.map { $0 > bench.now } == true)
  }

  @Test func anotherSessionOrRoomIsNotOurs() throws {
    for message in [
      Server.update([Server.participant("door", "PA_other")]), Server.room("RM_2", "cellar"), Server.join(),
    ] {
      let bench = try ResumeTests.inCall()
      ResumeTests.cut(bench)
      bench.handle(.webSocketOpened(connection: bench.connection))
      if message != Server.join() { bench.server(Server.reconnect()) }
      bench.server(message)
      #expect(bench.failures.map(\.code) == ["rejoin-asked"])
      #expect(bench.opened.last?.url.contains("reconnect") == false)
    }
  }

  @Test func mutesOfTheMeantime() throws {
    let bench = try ResumeTests.inCall()
    ResumeTests.cut(bench)
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.reconnect())
    // An administrator's.
    let muted = Server.participant("door", "PA_me", tracks: [Server.track("TR_AM1", muted: true)])
    bench.server(Server.update([muted]))
    #expect(bench.room.localTracks[0].isMuted)
    #expect(bench.count(5) == 0)
    // Ours, that was lost on its way.
    ResumeTests.takeBack(bench)
    ResumeTests.cut(bench)
    ResumeTests.takeBack(bench)
    #expect(bench.last(5)?.number(2) == 1)
    #expect(bench.room.localTracks[0].isMuted)
  }

  @Test func leavingMeanwhileTakesNoTime() throws {
    let bench = try ResumeTests.inCall()
    ResumeTests.cut(bench)
    bench.room.leave(now: bench.now)
    bench.drain()
    #expect(bench.room.state == .disconnected)
    #expect(bench.closed.last == bench.connection)
    bench.advance(60_000)
    #expect(bench.opened.count == 2)
  }

  /// Whether a mute that was said just before a loss was heard, and what of the microphone follows from the server's
  /// word after it.
  @Test(arguments: [(wasHeard: false, staysLive: true), (wasHeard: true, staysLive: false)])
  func anUnmuteThatWasLostIsSaidAgain(wasHeard: Bool, staysLive: Bool) throws {
    let bench = try ResumeTests.inCall()
    let track = try #require(bench.room.localTracks.first).id
    bench.room.setMuted(true, track: track, now: bench.now)
    bench.room.setMuted(false, track: track, now: bench.now)
    bench.drain()
    if wasHeard {
      bench.advance(6_000)
      let ping = try #require(bench.last(16)?.number(1))
      bench.server(Server.pong(ping))
    }
    bench.requests = []
    ResumeTests.cut(bench)
    ResumeTests.untilDialled(bench)
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.reconnect())
    let muted = Server.participant("door", "PA_me", tracks: [Server.track("TR_AM1", muted: true)])
    bench.server(Server.update([muted, ResumeTests.agent]))
    bench.server(Server.room())
    #expect(bench.count(5) == (wasHeard ? 0 : 1))
    #expect(bench.room.localTracks.first?.isMuted == !staysLive)
  }
}
