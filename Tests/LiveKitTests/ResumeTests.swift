import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// The table of `Remedy`, and a session that goes on over another WebSocket.
@Suite struct ResumeTests {
  static let me = Server.participant("door", "PA_me", tracks: [Server.track("TR_AM1")])
  static let agent = Server.participant("agent", "PA_agent", tracks: [Server.track("TR_A")])
  static let offered = PeerConnection.RemoteSection.audio("1", "PA_agent", "TR_A")

  /// In a call for a while: a published microphone, an agent that is heard, data channels.
  static func inCall() throws -> Bench {
    let bench = try Bench(rpcMethods: ["echo"])
    _ = try bench.room.publish(name: "mic", source: .microphone, muted: false, now: bench.now)
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join(others: [agent]))
    bench.subscriber?.nextSections = [offered]
    bench.server(Server.offer(7, "their offer"))
    bench.server(Server.published(try #require(bench.last(4)).text(1), "TR_AM1"))
    bench.answerOffer()
    bench.bringUp()
    bench.openChannels()
    bench.server(Server.update([me]))
    bench.idle(6_000)
    bench.events = []
    bench.requests = []
    return bench
  }

  static func cut(_ bench: Bench) {
    bench.handle(.webSocketClosed(connection: bench.connection, code: 1006, reason: ""))
  }

  /// Lets the pause before the next attempt pass.
  static func untilDialled(_ bench: Bench) {
    if let resume = bench.room.core.resume, case .paused(let until) = resume.step {
      bench.advance(until.milliseconds(since: bench.now) + 1)
    }
  }

  /// The server takes us back and tells of everybody.
  static func takeBack(_ bench: Bench, _ others: [Wire] = [agent], last: Int = 0) {
    untilDialled(bench)
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.reconnect(last: last))
    bench.server(Server.update([me] + others))
    bench.server(Server.room())
  }

  static let rows: [(Loss, SessionFacts, Remedy)] = [
    (.signalling, SessionFacts(), .resume),
    (.path(weOffer: true), SessionFacts(signallingAnswers: true), .restartICE),
    (.path(weOffer: false), SessionFacts(signallingAnswers: true), .resume),
    (.path(weOffer: true), SessionFacts(), .ask),
    (.path(weOffer: false), SessionFacts(), .ask),
    (.path(weOffer: true), SessionFacts(signallingAnswers: false), .resume),
    (.path(weOffer: false), SessionFacts(signallingAnswers: false), .resume),
    (.address, SessionFacts(), .resume),
    (.sentAway(.connectionTimeout), SessionFacts(), .resume),
    (.sentAway(.migration), SessionFacts(), .rejoin),
    (.peer, SessionFacts(), .rejoin),
    (.signalling, SessionFacts(mayResume: false), .rejoin),
    (.path(weOffer: true), SessionFacts(mayResume: false, signallingAnswers: true), .rejoin),
    (.address, SessionFacts(mayResume: false), .rejoin),
    (.sentAway(.connectionTimeout), SessionFacts(mayResume: false), .rejoin),
  ]

  @Test(arguments: rows) func whatIsDone(loss: Loss, facts: SessionFacts, remedy: Remedy) {
    #expect(Remedy(for: loss, facts) == remedy)
  }

  @Test func signallingIsLostAndMediaGoesOn() throws {
    let bench = try Self.inCall()
    let track = bench.room.localTracks[0].id
    Self.cut(bench)
    #expect(bench.stateChanges == ["resuming(mediaFlows: true)"])
    let dialled = try #require(bench.opened.last)
    #expect(dialled.url.hasSuffix("&reconnect=1&sid=PA_me&reconnect_reason=1"))
    // 30 s without a server: nothing ends, and every frame leaves.
    for _ in 0..<60 {
      bench.advance(500)
      bench.room.send(PublishTests.frame, track: track, now: bench.now)
    }
    #expect(bench.publisher?.sent.count == 60)
    Self.takeBack(bench)
    #expect(bench.stateChanges == ["resuming(mediaFlows: true)", "connected"])
    #expect(bench.failures.isEmpty)
    #expect(bench.events.count == 2)
    #expect(!bench.peers.contains { $0.isClosed })
    #expect(bench.peers.count == 2)
    #expect(bench.publisher?.restarts == 0)
    #expect(bench.room.localTracks[0].sid == "TR_AM1")
    #expect(bench.room.subscriptions.count == 1)
    #expect(bench.room.statistics.resumes == 1)
    #expect(bench.room.statistics.reconnects == 0)
    // The subscriber's restart comes by itself.
    bench.server(Server.offer(8, "their restart"))
    #expect(bench.last(2)?.number(3) == 8)
    // And pings go on.
    #expect(bench.count(16) == 1)
    bench.advance(5_000)
    #expect(bench.count(16) == 2)
  }

  @Test func syncStateIsTheFirstRequestAndSaysHowTheSessionStands() throws {
    let bench = try Self.inCall()
    bench.deliver(
      .chat(.init(id: "1", timestampMilliseconds: 0, message: "", isDeleted: true, isGenerated: false)), 5)
    let cid = bench.room.localTracks[0].cid
    Self.cut(bench)
    let before = bench.requests.count
    Self.takeBack(bench)
    #expect(bench.requests[before].only == 12)
    let state = try #require(bench.last(12))
    #expect(state.message(1)?.text(1) == "answer")
    #expect(state.message(1)?.text(2) == "our answer")
    #expect(state.message(1)?.number(3) == 7)
    #expect(state.message(5)?.text(2) == "their offer")
    #expect(state.message(2)?.text(1) == "TR_A" && state.message(2)?.number(2) == 1)
    let published = try #require(state.message(3))
    #expect(published.text(1) == "\(cid)")
    #expect(published.message(2)?.text(1) == "TR_AM1")
    #expect(published.message(2)?.text(3) == "mic")
    #expect(published.message(2)?.number(9) == 2)
    let channels = (state.data[4] ?? []).compactMap { Fields($0) }
    #expect(channels.map { $0.text(1) } == ["_reliable", "_lossy", "_reliable", "_lossy"])
    #expect(channels.map { $0.number(3) } == [0, 0, 1, 1])
    #expect(channels.first?.number(2) == 1)
    #expect(state.message(7)?.text(1) == "PA_agent")
    #expect(state.message(7)?.number(2) == 5)
  }

  @Test func whatIsAskedMeanwhileWaits() throws {
    let bench = try Self.inCall()
    let track = bench.room.localTracks[0].id
    Self.cut(bench)
    for muted in [true, false, true] { bench.room.setMuted(muted, track: track, now: bench.now) }
    let id = bench.room.setAttributes(["k": "v"], now: bench.now)
    bench.publisher?.outputs.append(.event(.candidate("candidate:1", mid: "0", sectionIndex: 0)))
    bench.subscriber?.outputs.append(.event(.candidate("candidate:2", mid: "0", sectionIndex: 0)))
    let second = try bench.room.publish(name: "two", source: .unknown, muted: false, now: bench.now)
    bench.drain()
    #expect(bench.requests.isEmpty)
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.drain()
    // Nothing before the server's word either.
    #expect(bench.requests.isEmpty)
    bench.server(Server.reconnect())
    #expect(bench.requests.compactMap(\.only).sorted() == [1, 3, 4, 5, 12, 15, 16])
    #expect(bench.requests[0].only == 12)
    #expect(bench.last(5)?.number(2) == 1)
    #expect(bench.last(4)?.text(2) == "two")
    #expect(bench.last(15)?.number(4) == id)
    #expect(bench.last(3)?.number(2) == 0)
    #expect(bench.room.localTracks.first { $0.id == second }?.state == .publishing)
    // The mute of the roll call is older than ours.
    bench.server(Server.update([Self.me, Self.agent]))
    #expect(bench.count(5) == 1)
    #expect(bench.room.localTracks[0].isMuted)
  }

  @Test func anUnansweredOfferAndAnUnknownTrackBeginAgain() throws {
    let bench = try Self.inCall()
    _ = try bench.room.publish(name: "two", source: .unknown, muted: false, now: bench.now)
    bench.drain()
    let cid = try #require(bench.last(4)).text(1)
    let number = try #require(bench.last(1)).number(3)
    Self.cut(bench)
    // Not a negotiation that times out.
    bench.advance(11_000)
    Self.takeBack(bench)
    #expect(bench.last(1)?.number(3) == number + 1)
    #expect(try #require(bench.last(4)).text(1) != cid)
    #expect(bench.failures.isEmpty)
    #expect((bench.last(12)?.data[3] ?? []).count == 1)
  }

  @Test func aRefusedResumeJoinsAtOnce() throws {
    let bench = try Self.inCall()
    Self.cut(bench)
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.leave(action: 2, reason: 6))
    #expect(bench.failures.map(\.code) == ["rejoin-asked"])
    #expect(bench.failures[0].retry == 0)
    #expect(bench.opened.last?.url.contains("reconnect") == false)
    #expect(!bench.peers.contains { !$0.isClosed })
    bench.accept(Server.join(sid: "PA_me2"))
    #expect(bench.room.state == .connected)
    #expect(bench.room.statistics.reconnects == 1)
    #expect(bench.room.statistics.resumes == 0)
  }

  @Test func aRefusedSyncStateJoinsAtOnce() throws {
    let bench = try Self.inCall()
    Self.cut(bench)
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.reconnect())
    bench.server(Server.leave(action: 2, reason: 6))
    #expect(bench.failures.map(\.code) == ["rejoin-asked"])
    #expect(bench.failures[0].retry == 0)
    #expect(bench.opened.count == 3)
  }

  @Test func aDismissalOverTheNewWebSocketIsOne() throws {
    let bench = try Self.inCall()
    Self.cut(bench)
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.leave(action: 0, reason: 4))
    #expect(bench.room.state == .disconnected)
    #expect(bench.room.lastFailure?.code == "dismissed-participant-removed")
  }

  @Test func whatMayNotBeResumedIsJoinedAnew() throws {
    let join = Wire().message(1, Wire().text(1, "RM_1")).message(2, Server.participant("door", "PA_me"))
      .flag(6, true).message(8, Wire().number(3, 1))
    let bench = try Bench()
    try bench.connect(Wire().message(1, join).bytes)
    bench.advance(6_000)
    Self.cut(bench)
    #expect(bench.failures.map(\.code) == ["signal-lost"])
    let early = try Bench()
    try early.join()
    early.handle(.webSocketOpened(connection: early.connection))
    early.server(Server.join())
    Self.cut(early)
    #expect(early.failures.map(\.code) == ["signal-lost"])
    #expect(early.stateChanges == ["connecting"])
  }

  @Test func anotherServersKeysAreAnotherSession() throws {
    let bench = try Self.inCall()
    bench.subscriber?.refusal = .fingerprintChanged
    bench.server(Server.offer(8))
    #expect(bench.failures.map(\.code) == ["rejoin-asked"])
  }

  @Test func aServerThatAlwaysSendsAwayMeetsTheBackOff() throws {
    let bench = try Self.inCall()
    var pauses: [Int] = []
    for _ in 0..<4 {
      bench.server(Server.leave(action: 1, reason: 14))
      let from = bench.now
      Self.untilDialled(bench)
      pauses.append(bench.now.milliseconds(since: from))
      Self.takeBack(bench)
      #expect(bench.room.state == .connected)
    }
    #expect(pauses[0] == 0)
    #expect((300...802).contains(pauses[1]))
    #expect((1200...2202).contains(pauses[2]))
    #expect((2700...3702).contains(pauses[3]))
  }

  @Test func whatNobodyAnsweredIsNoReasonToWaitForAServerThatDoes() throws {
    let bench = try Self.inCall()
    Self.cut(bench)
    for _ in 0..<30 { bench.advance(500) }
    #expect(bench.opened.count > 5)
    Self.takeBack(bench)
    // It found only now that the media had been silent.
    bench.server(Server.leave(action: 1, reason: 14))
    let from = bench.now
    Self.untilDialled(bench)
    #expect((300...802).contains(bench.now.milliseconds(since: from)))
  }

  @Test func reliablePacketsThatTheServerHasNotAreSentAgain() throws {
    let bench = try Self.inCall()
    bench.publisher?.buffered = 1_000
    for byte in 1...3 {
      try bench.room.sendData([UInt8(byte)], topic: nil, to: [], reliable: true, now: bench.now)
    }
    Self.cut(bench)
    // Data needs no signalling.
    try bench.room.sendData([4], topic: nil, to: [], reliable: true, now: bench.now)
    #expect(bench.sentPackets.map(\.sequence) == [1, 2, 3, 4])
    Self.takeBack(bench, last: 2)
    #expect(bench.sentPackets.map(\.sequence) == [1, 2, 3, 4, 3, 4])
    try bench.room.sendData([5], topic: nil, to: [], reliable: true, now: bench.now)
    #expect(bench.sentPackets.last?.sequence == 5)
  }
}
