import Base
import Testing

@testable import WebRTC

@Suite struct RestartTests {
  private func connected(_ seed: UInt64 = 1) -> AgentPair {
    let pair = AgentPair(seed: seed)
    pair.start()
    pair.network.run(milliseconds: 50)
    #expect(pair.areConnected)
    return pair
  }

  /// Runs in small steps and demands a path in both directions all the time.
  private func runWithPath(_ pair: AgentPair, milliseconds: Int, until condition: () -> Bool) -> Bool {
    for _ in 0..<milliseconds {
      if condition() { return true }
      pair.network.run(milliseconds: 1)
      #expect(pair.a.agent.path != nil && pair.b.agent.path != nil)
    }
    return condition()
  }

  private func areNew(_ pair: AgentPair, generation: Int = 1) -> Bool {
    pair.a.agent.selected?.generation == generation && pair.b.agent.selected?.generation == generation
  }

  @Test func byTheControllingSide() {
    let pair = connected()
    let old = (pair.a.agent.localCredentials, pair.b.agent.localCredentials)
    pair.a.agent.restart(now: pair.network.now)
    #expect(pair.a.agent.localCredentials != old.0)
    // The offer travels for a while; media keeps its path meanwhile.
    #expect(!runWithPath(pair, milliseconds: 100) { areNew(pair) })
    pair.b.agent.setRemote(pair.a.agent.localCredentials, isLite: false, now: pair.network.now)
    #expect(pair.b.agent.localCredentials != old.1)
    #expect(!runWithPath(pair, milliseconds: 30) { areNew(pair) })
    pair.a.agent.setRemote(pair.b.agent.localCredentials, isLite: false, now: pair.network.now)
    #expect(runWithPath(pair, milliseconds: 30) { areNew(pair) })
    #expect(pair.a.states == [.checking, .connected])
    #expect(pair.b.states == [.checking, .connected])
    // Candidates were signalled anew, with the new fragment.
    #expect(pair.a.candidates.count == 2)
    #expect(pair.a.candidates[1].usernameFragment == pair.a.agent.localCredentials.usernameFragment)
    pair.network.run(milliseconds: 30_000)
    #expect(pair.areConnected)
    #expect(pair.a.states.count == 2)
  }

  @Test func byTheControlledSide() {
    let pair = connected()
    pair.b.agent.restart(now: pair.network.now)
    pair.a.agent.setRemote(pair.b.agent.localCredentials, isLite: false, now: pair.network.now)
    pair.b.agent.setRemote(pair.a.agent.localCredentials, isLite: false, now: pair.network.now)
    #expect(runWithPath(pair, milliseconds: 50) { areNew(pair) })
    #expect(pair.a.agent.role == .controlling)
  }

  @Test func overAndOver() {
    let pair = connected()
    for generation in 1...20 {
      pair.a.agent.restart(now: pair.network.now)
      pair.exchangeDescriptions()
      #expect(runWithPath(pair, milliseconds: 50) { areNew(pair, generation: generation) })
    }
    #expect(pair.a.agent.transactions.count < 5)
  }

  /// A second offer before the first was answered: the path of long ago still carries media.
  @Test func restartOfARestart() {
    let pair = connected()
    pair.a.agent.restart(now: pair.network.now)
    pair.a.agent.restart(now: pair.network.now)
    pair.exchangeDescriptions()
    #expect(runWithPath(pair, milliseconds: 50) { pair.a.agent.selected?.generation == 2 })
  }

  @Test func sameCredentialsAreNoRestart() {
    let pair = connected()
    let local = pair.b.agent.localCredentials
    pair.exchangeDescriptions()
    #expect(pair.b.agent.localCredentials == local)
    #expect(pair.b.agent.list.generation == 0)
    #expect(pair.areConnected)
  }

  @Test func candidatesOfTheFormerGenerationAreDropped() {
    let pair = connected()
    let stale = pair.b.candidates[0].serialized()
    pair.a.agent.restart(now: pair.network.now)
    pair.a.onCandidate = nil
    pair.b.onCandidate = nil
    pair.exchangeDescriptions()
    pair.a.agent.addRemoteCandidate(stale, now: pair.network.now)
    #expect(pair.a.agent.list.remoteCandidates.isEmpty)
    #expect(pair.a.agent.heldCandidates.count == 1)
    // One that is ahead of its description is taken up with it, the stale one is dropped.
    pair.b.agent.restart(now: pair.network.now)
    for candidate in pair.b.agent.localCandidates {
      pair.a.agent.addRemoteCandidate(candidate.serialized(), now: pair.network.now)
    }
    pair.a.agent.setRemote(pair.b.agent.localCredentials, isLite: false, now: pair.network.now)
    #expect(pair.a.agent.list.remoteCandidates.map(\.address) == [address("192.0.2.2")])
    #expect(pair.a.agent.counters.staleCandidates == 1)
    pair.b.agent.setRemote(pair.a.agent.localCredentials, isLite: false, now: pair.network.now)
    #expect(pair.network.run(milliseconds: 100) { pair.a.agent.selected?.generation == 2 })
  }

  /// What resuming a session after a change of network does.
  @Test func ontoAnotherAddress() {
    let pair = connected()
    let now = pair.network.now
    pair.a.add(address("198.51.100.9"), now: now)
    pair.a.remove(address("192.0.2.1"), now: now)
    #expect(pair.a.agent.state == .disconnected)
    pair.a.agent.restart(now: now)
    pair.exchangeDescriptions()
    #expect(pair.network.run(milliseconds: 100) { pair.areConnected && areNew(pair) })
    #expect(pair.b.agent.path?.remote == address("198.51.100.9"))
  }

  @Test func outOfFailure() {
    let pair = connected()
    pair.network.isCut = true
    #expect(
      pair.network.run(milliseconds: 25_000) {
        pair.a.agent.state == .failed && pair.b.agent.state == .failed
      })
    pair.network.isCut = false
    pair.a.agent.restart(now: pair.network.now)
    #expect(pair.a.agent.state == .checking)
    pair.exchangeDescriptions()
    #expect(pair.network.run(milliseconds: 50) { pair.areConnected })
  }

  @Test(arguments: 1...10) func withLoss(_ seed: Int) {
    let pair = connected(UInt64(seed))
    pair.network.lossPercent = 30
    pair.a.agent.restart(now: pair.network.now)
    pair.exchangeDescriptions()
    #expect(runWithPath(pair, milliseconds: 8_000) { areNew(pair) })
  }
}
