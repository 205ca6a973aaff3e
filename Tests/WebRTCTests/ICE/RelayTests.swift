import Base
import Testing

@testable import WebRTC

/// Relayed addresses beside the others: when they are asked for, used and given back.
@Suite struct RelayTests {
  private func peer(_ role: ICERole = .controlling, relaysOnly: Bool = false) -> StreamPeer {
    let peer = StreamPeer(role, relaysOnly: relaysOnly)
    for transport in [
      RelayServer.Transport.udp(FakeRelay.address), .tcp(host: "relay.example", port: 3478),
      .tls(host: "relay.example", port: 443),
    ] {
      peer.agent.addTURNServer(RelayServer(transport, username: "u", password: "p"), now: peer.now)
    }
    return peer
  }

  @Test func notAskedWhenSomethingCheaperAnswers() {
    let peer = peer()
    peer.start()
    peer.run(milliseconds: 60_000)
    #expect(peer.kind == .udp)
    #expect(peer.relay.allocations == 0)
    #expect(peer.opened.map { $0.host } == ["198.51.100.1"])
  }

  /// UDP first, then TCP, then TLS, each with some time for the one before.
  @Test func askedInTheOrderOfTheirCosts() {
    let peer = peer()
    peer.udpIsDead = true
    peer.tcpIsDead = true
    peer.relay.isSilent = true
    let start = peer.now
    peer.start()
    #expect(peer.run(milliseconds: 2_000) { !peer.agent.relays.isEmpty })
    #expect(peer.now.milliseconds(since: start) == 500)
    #expect(
      peer.run(milliseconds: 2_000) { peer.opened.contains { $0.host == "relay.example" && !$0.secure } })
    #expect(peer.now.milliseconds(since: start) == 800)
    #expect(peer.run(milliseconds: 2_000) { peer.opened.contains { $0.secure } })
    #expect(peer.now.milliseconds(since: start) == 1_200)
    #expect(peer.opened.last?.port == 443)
    // None of them says anything: given up, once.
    peer.run(milliseconds: 90_000)
    #expect(peer.agent.relays.isEmpty)
    #expect(peer.opened.filter { $0.host == "relay.example" }.count == 2)
    #expect(
      peer.relayFailures.map { $0.split(separator: " ")[0] }.sorted() == [
        "turn:\(FakeRelay.address):", "turn:relay.example:3478?transport=tcp:", "turns:relay.example:443:",
      ])
  }

  @Test func usedAndGivenBack() throws {
    let peer = peer()
    peer.udpIsDead = true
    peer.connects = false
    let start = peer.now
    peer.start()
    #expect(peer.run(milliseconds: 2_000) { peer.agent.state == .connected })
    #expect(peer.now.milliseconds(since: start) < 900)
    #expect(peer.kind == .relayedByUDP)
    #expect(peer.agent.path?.base.address == FakeRelay.relayed)
    #expect(peer.candidates.last?.kind == .relayed)
    // A path of its own: checked, consented to, and media goes the same way.
    peer.run(milliseconds: 30_000)
    #expect(peer.agent.state == .connected)
    #expect(peer.relay.channels.map { $0.peer } == [peer.remote])
    peer.udpIsDead = false
    #expect(peer.run(milliseconds: 12_000) { peer.kind == .udp })
    peer.run(milliseconds: 1_000)
    #expect(peer.relay.releases == 1)
    #expect(
      peer.agent.relays.isEmpty && peer.agent.localAddresses.allSatisfy { $0.base.kind != .relayedByUDP })
    // The path dies, and the relay is asked again.
    peer.udpIsDead = true
    #expect(peer.run(milliseconds: 20_000) { peer.relay.allocations == 2 })
  }

  /// Nothing but the relay is named, spoken to or listened to.
  @Test(arguments: [ICERole.controlling, .controlled]) func relaysOnly(_ role: ICERole) throws {
    let peer = peer(role, relaysOnly: true)
    peer.start()
    peer.run(milliseconds: 1_000)
    #expect(peer.candidates.map { $0.kind } == [.relayed])
    let shown = peer.agent.shown(try #require(peer.candidates.first))
    #expect(shown.kind == (role == .controlled ? .host : .relayed))
    #expect(shown.priority <= 16_777_215)
    #expect(peer.agent.path?.base.kind == .relayedByUDP)
    #expect(peer.udpChecks == 0)
    #expect(peer.opened.isEmpty)
  }

  /// Why a connection to a relay could not be made is for a technician to read.
  @Test func whyThereIsNoConnectionIsTold() throws {
    let peer = peer()
    peer.udpIsDead = true
    peer.tcpIsDead = true
    peer.relay.isSilent = true
    peer.start()
    #expect(peer.run(milliseconds: 2_000) { peer.opened.contains { $0.secure } })
    let stream = try #require(peer.opened.last { $0.secure })
    peer.agent.streamEnded(stream.id, reason: "its certificate has expired", now: peer.now)
    peer.run(milliseconds: 1)
    #expect(peer.relayFailures == ["turns:relay.example:443: its certificate has expired"])
  }

  @Test func theSocketBelowIsGone() {
    let peer = peer(relaysOnly: true)
    peer.start()
    #expect(peer.run(milliseconds: 1_000) { peer.agent.state == .connected })
    peer.agent.removeLocalAddress(peer.local, now: peer.now)
    #expect(peer.agent.health == .gone)
    #expect(peer.agent.state == .disconnected)
    #expect(peer.agent.relays.isEmpty)
  }

  @Test func noMoreServersThanTheLimit() {
    let peer = StreamPeer(.controlling)
    for port in 1...40 {
      peer.agent.addTURNServer(
        RelayServer(.tls(host: "a", port: UInt16(port)), username: "", password: ""), now: peer.now)
    }
    #expect(peer.agent.turnServers.count == Limits.turnServersMax)
    // Known ones take fresh credentials.
    peer.agent.addTURNServer(
      RelayServer(.tls(host: "a", port: 1), username: "x", password: "y"), now: peer.now)
    #expect(peer.agent.turnServers[0].username == "x")
  }
}
