import Base
import Testing

@testable import WebRTC

@Suite struct ConnectTests {
  @Test(arguments: [true, false]) func inBothRoles(_ offererControls: Bool) {
    let roles: (ICERole, ICERole) =
      offererControls ? (.controlling, .controlled) : (.controlled, .controlling)
    let pair = AgentPair(roles: roles)
    pair.start()
    #expect(pair.network.run(milliseconds: 10) { pair.areConnected })
    pair.expectMirrored()
    #expect(pair.a.states == [.checking, .connected])
    #expect(pair.b.states == [.checking, .connected])
    #expect(pair.a.agent.path?.base.address == address("192.0.2.1"))
    #expect((pair.a.agent.roundTripMicroseconds ?? 0) > 300)
  }

  /// The best pair is nominated by the check that proves it, so that its path is used as soon as there is one.
  @Test func theFirstCheckNominates() {
    let pair = AgentPair(roles: (.controlled, .controlling))
    pair.start()
    #expect(pair.network.run(milliseconds: 10) { pair.a.agent.path != nil })
    #expect(pair.a.agent.state == .connected)
    #expect(pair.network.run(milliseconds: 10) { pair.areConnected })
    #expect(pair.a.paths.count == 1)
  }

  @Test func overIPv6() {
    let pair = AgentPair([address("2001:db8::1")], [address("2001:db8::2")])
    pair.start()
    #expect(pair.network.run(milliseconds: 10) { pair.areConnected })
    pair.expectMirrored()
  }

  @Test func familiesAreNotMixed() {
    let pair = AgentPair([address("192.0.2.1"), address("fe80::1")], [address("2001:db8::2")])
    pair.start()
    pair.network.run(milliseconds: 100)
    #expect(pair.a.agent.list.pairs.isEmpty)
    #expect(pair.b.agent.list.pairs.isEmpty)
  }

  /// The best pair wins although others answer too, and it does not take longer than the wait for it.
  @Test func bestPairIsNominated() throws {
    let pair = AgentPair(
      [address("127.0.0.1"), address("192.0.2.1"), address("2001:db8::1")],
      [address("2001:db8::2"), address("192.0.2.2"), address("127.0.0.1", 6000)])
    pair.start()
    #expect(pair.network.run(milliseconds: 400) { pair.areConnected })
    pair.expectMirrored()
    #expect(pair.a.agent.path?.base.address.ip.isLoopback == false)
  }

  /// Dead addresses (a second interface without a route) cost at most the wait for a better pair.
  @Test func deadAddressesAreOvertaken() {
    let pair = AgentPair(
      [address("192.0.2.1"), address("10.9.9.1"), address("10.8.8.1")],
      [address("10.7.7.1"), address("10.6.6.1"), address("192.0.2.2")])
    for dead in ["10.9.9.1", "10.8.8.1", "10.7.7.1", "10.6.6.1"] { pair.network.dead.insert(address(dead)) }
    pair.start()
    #expect(pair.network.run(milliseconds: 700) { pair.areConnected })
    #expect(pair.a.agent.path?.remote == address("192.0.2.2"))
  }

  @Test(arguments: 1...20) func withLoss(_ seed: Int) {
    let pair = AgentPair(seed: UInt64(seed))
    pair.network.lossPercent = 30
    pair.start()
    #expect(pair.network.run(milliseconds: 8_000) { pair.areConnected })
    pair.expectMirrored()
    // And it stays up for a minute; a path that loses a third may falter but never fails.
    pair.network.run(milliseconds: 60_000)
    #expect(!pair.a.states.contains(.failed))
    #expect(!pair.b.states.contains(.failed))
  }

  @Test func overALongWay() {
    let pair = AgentPair()
    pair.network.delayMicroseconds = 300_000...310_000
    pair.start()
    #expect(pair.network.run(milliseconds: 3_000) { pair.areConnected })
    pair.network.run(milliseconds: 30_000)
    #expect(pair.a.states == [.checking, .connected])
  }

  @Test func withoutCandidatesOfOneSide() {
    let pair = AgentPair()
    let network = pair.network
    // As with a client that signals none: the server learns its address from its checks.
    pair.b.onCandidate = { [a = pair.a] in a.agent.addRemoteCandidate($0.serialized(), now: network.now) }
    pair.exchangeDescriptions()
    #expect(pair.network.run(milliseconds: 10) { pair.areConnected })
    #expect(pair.b.agent.path?.remoteKind == .peerReflexive)
    pair.b.agent.addRemoteCandidate(pair.a.candidates[0].serialized(), now: network.now)
    #expect(pair.b.agent.list.remoteCandidates.map(\.kind) == [.host])
  }

  /// Roles by signalling are wrong now and then; the tie-breakers settle it (RFC 8445 §7.3.1.1).
  @Test(arguments: [ICERole.controlling, .controlled], 1...8) func roleConflict(_ role: ICERole, _ seed: Int)
  {
    let pair = AgentPair(seed: UInt64(seed), roles: (role, role))
    pair.start()
    #expect(pair.network.run(milliseconds: 500) { pair.areConnected })
    #expect(pair.a.agent.role != pair.b.agent.role)
    #expect(pair.a.agent.counters.roleSwitches + pair.b.agent.counters.roleSwitches >= 1)
  }
}
