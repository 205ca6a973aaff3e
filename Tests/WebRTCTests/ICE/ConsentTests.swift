import Base
import Testing

@testable import WebRTC

@Suite struct ConsentTests {
  private func connected(_ seed: UInt64 = 1) -> AgentPair {
    let pair = AgentPair(seed: seed)
    pair.start()
    pair.network.run(milliseconds: 50)
    #expect(pair.areConnected)
    return pair
  }

  /// Where no media flows, one of the two asks every 1.5 s, which is what the other hears; nothing else.
  @Test func staysQuietWhileAllIsWell() {
    let pair = connected()
    let sent = pair.a.agent.counters.checksReceived
    let transmitted = pair.a.transmitted
    pair.network.run(milliseconds: 600_000)
    #expect(pair.areConnected)
    let requests = pair.a.agent.counters.checksReceived - sent
    #expect((180...420).contains(requests))
    #expect((360...840).contains(pair.a.transmitted - transmitted))
    #expect(pair.a.states.count == 2)
  }

  @Test(arguments: 1...10) func lostAndFoundAgain(_ seed: Int) {
    let pair = connected(UInt64(seed))
    pair.network.run(milliseconds: seed * 777)
    pair.network.isCut = true
    let cut = pair.network.now
    #expect(pair.network.run(milliseconds: 10_000) { pair.a.agent.state == .disconnected })
    let noticed = pair.network.now.milliseconds(since: cut)
    #expect((1_000...8_500).contains(noticed))
    #expect(pair.a.reasons.last?.hasPrefix("no answer from the peer for ") == true)
    #expect(pair.a.agent.path != nil)
    pair.network.isCut = false
    // Probes go on, so recovery does not wait for the next regular request.
    #expect(pair.network.run(milliseconds: 500) { pair.a.agent.state == .connected })
    #expect(pair.a.states == [.checking, .connected, .disconnected, .connected])
  }

  @Test func failsAfterFifteenSeconds() {
    let pair = connected()
    pair.network.isCut = true
    let cut = pair.network.now
    #expect(pair.network.run(milliseconds: 20_000) { pair.a.agent.state == .failed })
    #expect((8_900...15_000).contains(pair.network.now.milliseconds(since: cut)))
    #expect(pair.a.states == [.checking, .connected, .disconnected, .failed])
    #expect(pair.a.agent.path == nil)
    #expect(pair.a.paths.last == .some(nil))
    let sent = pair.a.transmitted
    pair.network.run(milliseconds: 60_000)
    #expect(pair.a.transmitted == sent)
  }

  /// A few lost datagrams are no lost peer.
  @Test func shortGapsAreNotSeen() {
    let pair = connected()
    for _ in 0..<40 {
      pair.network.run(milliseconds: 4_300)
      pair.network.isCut = true
      pair.network.run(milliseconds: 700)
      pair.network.isCut = false
    }
    #expect(pair.a.states == [.checking, .connected])
  }

  /// The interface goes away and comes back; the remaining pairs are tried meanwhile.
  @Test func interfaceGoneAndBack() {
    let pair = AgentPair([address("192.0.2.1"), address("198.51.100.1")])
    pair.start()
    pair.network.run(milliseconds: 300)
    #expect(pair.a.agent.path?.base.address == address("192.0.2.1"))
    pair.a.remove(address("192.0.2.1"), now: pair.network.now)
    #expect(pair.a.agent.state == .disconnected)
    #expect(pair.network.run(milliseconds: 3_000) { pair.a.agent.state == .connected })
    #expect(pair.a.agent.path?.base.address == address("198.51.100.1"))
    pair.network.run(milliseconds: 8_000)
    #expect(pair.b.agent.path?.remote == address("198.51.100.1"))
    pair.a.remove(address("198.51.100.1"), now: pair.network.now)
    pair.network.run(milliseconds: 1_000)
    #expect(pair.a.agent.path == nil)
    pair.a.add(address("198.51.100.1"), now: pair.network.now)
    #expect(pair.network.run(milliseconds: 1_000) { pair.a.agent.state == .connected })
  }
}
