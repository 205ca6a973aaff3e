import Base
import Testing

@testable import WebRTC

@Suite struct TrickleTests {
  /// Candidates, and even checks, may be faster than the description.
  @Test func candidatesBeforeTheDescription() {
    let pair = AgentPair()
    pair.trickle()
    pair.network.run(milliseconds: 20)
    #expect(pair.a.agent.heldCandidates.count == 1)
    pair.exchangeDescriptions()
    #expect(pair.network.run(milliseconds: 10) { pair.areConnected })
  }

  @Test func checksBeforeTheAnswer() {
    let pair = AgentPair()
    pair.trickle()
    pair.b.agent.setRemote(pair.a.agent.localCredentials, isLite: false, now: pair.network.now)
    pair.network.run(milliseconds: 300)
    // The answerer's checks were answered, so it knows that the path works.
    #expect(pair.b.agent.path != nil)
    #expect(pair.a.agent.list.earlyChecks.count == 1)
    pair.a.agent.setRemote(pair.b.agent.localCredentials, isLite: false, now: pair.network.now)
    #expect(pair.network.run(milliseconds: 10) { pair.areConnected })
  }

  @Test func candidatesLongAfterTheDescription() {
    let pair = AgentPair()
    pair.exchangeDescriptions()
    pair.network.run(milliseconds: 8_000)
    #expect(pair.a.states == [.checking])
    for candidate in pair.a.agent.localCandidates {
      pair.b.agent.addRemoteCandidate(candidate.serialized(), now: pair.network.now)
    }
    #expect(pair.network.run(milliseconds: 10) { pair.areConnected })
  }

  @Test func localAddressAfterTheDescription() {
    let pair = AgentPair([], [])
    pair.start()
    pair.network.run(milliseconds: 100)
    pair.a.add(address("192.0.2.1"), now: pair.network.now)
    pair.b.add(address("192.0.2.2"), now: pair.network.now)
    #expect(pair.network.run(milliseconds: 10) { pair.areConnected })
  }

  @Test func nobodyAnswers() {
    let pair = AgentPair()
    pair.network.isCut = true
    pair.start()
    #expect(!pair.network.run(milliseconds: 14_000) { pair.a.agent.state == .failed })
    #expect(pair.network.run(milliseconds: 6_000) { pair.a.agent.state == .failed })
    #expect(pair.a.reasons.last == "none of 1 candidate pairs was answered")
    #expect(pair.a.agent.path == nil)
    // Failed is final until a restart: nothing is sent any more.
    let sent = pair.a.transmitted
    pair.network.run(milliseconds: 60_000)
    #expect(pair.a.transmitted == sent)
  }

  @Test func nobodyIsNamed() {
    let pair = AgentPair()
    pair.exchangeDescriptions()
    #expect(pair.network.run(milliseconds: 16_000) { pair.a.agent.state == .failed })
    #expect(pair.a.reasons.last == "the peer has named no address that could be tried")
  }

  @Test func endOfCandidatesShortensTheGrace() {
    let pair = AgentPair()
    pair.network.isCut = true
    pair.start()
    pair.network.run(milliseconds: 10)
    pair.a.agent.addRemoteCandidate("", now: pair.network.now)
    #expect(pair.network.run(milliseconds: 12_000) { pair.a.agent.state == .failed })
  }

  @Test func uselessCandidatesAreCounted() {
    let pair = AgentPair()
    pair.exchangeDescriptions()
    let now = pair.network.now
    for line in [
      "candidate:1 1 tcp 1671430143 192.0.2.9 7881 typ host tcptype active ufrag x",
      "candidate:1 2 udp 2130706431 192.0.2.9 7882 typ host",
      "candidate:1 1 udp 2130706431 0b1f0d5c-5ca7-4425-b75a-6cd4df954c4e.local 7882 typ host",
      "candidate:1 1 udp 2130706431 0.0.0.0 7882 typ host",
      "candidate:1 1 udp 2130706431 192.0.2.9 0 typ host",
    ] { pair.a.agent.addRemoteCandidate(line, now: now) }
    #expect(pair.a.agent.counters.ignoredCandidates == 5)
    for line in ["candidate", "nonsense", "candidate:1 1 udp x 192.0.2.9 1 typ host", "candidate:é 1 udp"] {
      pair.a.agent.addRemoteCandidate(line, now: now)
    }
    #expect(pair.a.agent.counters.malformedCandidates == 4)
    #expect(pair.a.agent.list.remoteCandidates.isEmpty)
  }

  @Test func limitsHold() {
    let pair = AgentPair((1...30).map { address("192.0.2.\($0)") }, [address("198.51.100.1")])
    pair.exchangeDescriptions()
    let fragment = pair.b.agent.localCredentials.usernameFragment
    for number in 1...500 {
      pair.a.agent.addRemoteCandidate(
        "candidate:1 1 udp \(number) 198.51.100.1 \(number) typ host ufrag \(fragment)", now: pair.network.now
      )
      pair.a.agent.addRemoteCandidate(
        "candidate:1 1 udp \(number) 198.51.100.1 \(number) typ host ufrag other", now: pair.network.now)
    }
    #expect(pair.a.agent.localAddresses.count == Limits.localAddressesMax)
    #expect(pair.a.agent.list.remoteCandidates.count == Limits.remoteCandidatesMax)
    #expect(pair.a.agent.list.pairs.count == Limits.candidatePairsMax)
    #expect(pair.a.agent.heldCandidates.count == Limits.heldCandidatesMax)
    #expect(pair.a.agent.counters.overLimit > 0)
    pair.network.run(milliseconds: 30_000)
    #expect(pair.a.agent.transactions.count <= Limits.iceTransactionsMax)
  }
}
