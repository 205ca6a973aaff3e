import Base
import Testing

@testable import WebRTC

/// ICE over TCP (RFC 6544), and changing between paths.
@Suite struct ICEStreamTests {
  @Test func udpWinsWhenItAnswers() {
    let peer = StreamPeer()
    peer.start()
    #expect(peer.run(milliseconds: 500) { peer.agent.state == .connected })
    #expect(peer.kind == .udp)
    // The connection is made and proved all the same, and never nominated.
    #expect(peer.run(milliseconds: 500) { peer.agent.list.pairs.allSatisfy { $0.state == .succeeded } })
    #expect(peer.opened.map { $0.port } == [7881])
    #expect(peer.opened.map { $0.host } == ["198.51.100.1"])
    peer.run(milliseconds: 60_000)
    #expect(peer.nominated == [.udp])
    #expect(peer.closed.isEmpty)
    // Asked every 10 s, so that a translator keeps it.
    #expect((6...8).contains(peer.sentOnStreams.count))
    #expect(peer.health.isEmpty)
  }

  @Test func tcpTakesOverWhenUDPIsBlocked() {
    let peer = StreamPeer()
    peer.udpIsDead = true
    let start = peer.now
    peer.start()
    #expect(peer.run(milliseconds: 2_000) { peer.agent.state == .connected })
    #expect(peer.kind == .tcp)
    #expect((400...600).contains(peer.now.milliseconds(since: start)))
  }

  @Test func withoutUDPItIsNominatedAtOnce() {
    let peer = StreamPeer()
    peer.start(udp: false)
    #expect(peer.run(milliseconds: 100) { peer.agent.state == .connected })
    #expect(peer.kind == .tcp)
  }

  @Test(arguments: [1, 2, 3, 7]) func splitFrames(_ bytes: Int) {
    let peer = StreamPeer()
    peer.pieceBytes = bytes
    peer.start(udp: false)
    #expect(peer.run(milliseconds: 100) { peer.agent.state == .connected })
  }

  @Test func aCheckIsSentOnce() {
    let peer = StreamPeer()
    peer.tcpIsDead = true
    peer.start(udp: false)
    peer.run(milliseconds: 2_900)
    #expect(peer.sentOnStreams.count == 1)
    // Accepted, and then silence: the connection is given up and made again, a few times.
    peer.run(milliseconds: 60_000)
    #expect(peer.opened.count == Limits.streamFailuresMax)
    #expect(peer.closed == peer.opened.map { $0.id })
    #expect(peer.sentOnStreams.count == Limits.streamFailuresMax)
    #expect(peer.agent.streams.isEmpty && peer.agent.localAddresses.count == 1)
    #expect(peer.agent.state == .failed)
  }

  @Test func aConnectionThatDoesNotOpenIsGivenUp() {
    let peer = StreamPeer()
    peer.connects = false
    peer.udpIsDead = true
    peer.start()
    peer.run(milliseconds: 120_000)
    #expect(peer.opened.count == Limits.streamFailuresMax)
    #expect(peer.closed == peer.opened.map { $0.id })
    #expect(peer.agent.streams.isEmpty)
  }

  /// A refusal is one failure of a few; the next attempt has a number of its own.
  @Test func refusedAndTriedAgain() throws {
    let peer = StreamPeer()
    peer.connects = false
    peer.start(udp: false)
    #expect(peer.run(milliseconds: 100) { peer.opened.count == 1 })
    peer.agent.streamEnded(peer.opened[0].id, reason: "refused", now: peer.now)
    peer.connects = true
    #expect(peer.run(milliseconds: 3_000) { peer.agent.state == .connected })
    #expect(peer.opened.count == 2 && peer.opened[0].id != peer.opened[1].id)
  }

  @Test func garbageAndFramesOfEverySize() {
    let peer = StreamPeer()
    peer.start(udp: false)
    #expect(peer.run(milliseconds: 100) { peer.agent.state == .connected })
    let id = peer.opened[0].id
    peer.deliver(id, [0, 0, 0, 0])
    for _ in 0..<40 { peer.deliver(id, [UInt8](repeating: 0xFF, count: 60_000)) }
    peer.deliver(99, [1, 2, 3])
    peer.run(milliseconds: 1_000)
    #expect(peer.agent.counters.malformedMessages > 0)
    #expect(peer.agent.state == .connected)
  }

  /// UDP dies in mid-call: noticed within three seconds, and the proved connection takes its place.
  @Test(arguments: [0, 700, 3_100, 4_900]) func udpDiesInMidCall(_ milliseconds: Int) {
    let peer = StreamPeer()
    peer.start()
    peer.run(milliseconds: 5_000 + milliseconds)
    #expect(peer.kind == .udp)
    peer.udpIsDead = true
    let cut = peer.now
    #expect(peer.run(milliseconds: 4_000) { peer.kind == .tcp })
    #expect(peer.now.milliseconds(since: cut) <= 2_600)
    #expect(peer.health.count == 2 && peer.health.last == .good)
    guard case .silent(let since) = peer.health[0] else {
      Issue.record("not told that it is silent")
      return
    }
    #expect(cut.milliseconds(since: since) < 1_600)
    #expect(peer.states == [.checking, .connected])
    // It comes back, and is taken again.
    peer.run(milliseconds: 5_000)
    peer.udpIsDead = false
    #expect(peer.run(milliseconds: 20_000) { peer.kind == .udp })
    #expect(peer.nominated == [.udp, .tcp, .udp])
    #expect(peer.agent.state == .connected)
  }

  /// With the peer in control only the peer may change the path, but it is told what is known.
  @Test func controlledAndSilent() {
    let peer = StreamPeer(.controlled)
    peer.start()
    peer.run(milliseconds: 100)
    #expect(peer.agent.path?.base.kind == .udp)
    #expect(peer.nominated.isEmpty)
  }

  @Test func cheaperPathAppears() {
    let peer = StreamPeer()
    peer.udpIsDead = true
    peer.start()
    peer.run(milliseconds: 30_000)
    #expect(peer.kind == .tcp)
    peer.udpIsDead = false
    #expect(peer.run(milliseconds: 11_000) { peer.kind == .udp })
    #expect(peer.agent.state == .connected)
    // The dear one is kept.
    peer.run(milliseconds: 30_000)
    #expect(peer.closed.isEmpty)
    #expect(peer.agent.streams.count == 1)
  }

  /// A server tells connections apart by the credentials of the first check.
  @Test func aRestartHasItsOwnConnection() {
    let peer = StreamPeer()
    peer.udpIsDead = true
    peer.start()
    #expect(peer.run(milliseconds: 2_000) { peer.agent.state == .connected })
    let first = peer.opened.map { $0.id }
    peer.restart()
    // Media keeps the old one until the new one is nominated.
    #expect(peer.closed.isEmpty && peer.agent.path?.base.id == first[0])
    #expect(peer.run(milliseconds: 2_000) { peer.agent.selected?.generation == 1 })
    peer.run(milliseconds: 10)
    #expect(peer.opened.count == 2)
    #expect(peer.closed == first)
    #expect(peer.agent.path?.base.id == peer.opened[1].id)
    #expect(peer.agent.localAddresses.count == 2)
  }

  @Test func theConnectionInUseEnds() {
    let peer = StreamPeer()
    peer.start(udp: false)
    #expect(peer.run(milliseconds: 100) { peer.agent.state == .connected })
    peer.agent.streamEnded(peer.opened[0].id, reason: "reset", now: peer.now)
    #expect(peer.agent.state == .disconnected)
    #expect(peer.agent.health == .gone)
    #expect(peer.run(milliseconds: 3_000) { peer.agent.state == .connected })
    #expect(peer.agent.health == .good)
  }

  @Test func noMoreConnectionsThanTheLimit() {
    let peer = StreamPeer()
    peer.connects = false
    peer.start(udp: false, tcp: false)
    for port in 1...40 {
      peer.agent.addRemoteCandidate(
        "candidate:2 1 tcp 1 198.51.100.1 \(port) typ host tcptype passive", now: peer.now)
    }
    peer.run(milliseconds: 100)
    #expect(peer.opened.count == Limits.streamsMax)
  }

  @Test(arguments: ["active", "so", "nonsense"]) func onlyPassiveOnesAreTaken(_ type: String) {
    #expect(throws: CandidateFailure.self) {
      try ICECandidate.parse("candidate:2 1 tcp 1 198.51.100.1 9 typ host tcptype \(type)")
    }
  }

  /// What a way costs: a row each.
  @Test(arguments: [
    (ICEBase.Kind.udp, 100, 0, 0), (.tcp, 400, 0, 0), (.relayedByUDP, 100, 500, 0),
    (.relayedByTCP, 200, 800, 300), (.relayedByTLS, 200, 1_200, 600),
  ]) func costs(_ kind: ICEBase.Kind, _ nomination: Int, _ start: Int, _ alone: Int) {
    #expect(kind.nominationWaitMilliseconds == nomination)
    #expect(kind.startMilliseconds(alone: false) == start)
    #expect(kind.startMilliseconds(alone: true) == alone)
  }
}

@Suite struct StreamFramingTests {
  @Test(arguments: [1, 2, 3, 5, 1000]) func everySplit(_ piece: Int) {
    let packets: [[UInt8]] = [[1], [2, 3], [UInt8](repeating: 4, count: 2048), [5, 6, 7]]
    var stream: [UInt8] = [0, 0]
    for packet in packets { stream += StreamFraming.frame(packet) + [0, 0] }
    stream += StreamFraming.frame([UInt8](repeating: 9, count: 65_535)) + StreamFraming.frame([8])
    var framing = StreamFraming()
    var found: [[UInt8]] = []
    var rest = stream[...]
    while !rest.isEmpty {
      found += framing.take(Array(rest.prefix(piece)))
      rest = rest.dropFirst(piece)
    }
    #expect(found == packets + [[8]])
    #expect(framing.skipped == 1)
  }
}
