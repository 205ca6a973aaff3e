import Base
import Testing

@testable import WebRTC

/// What strangers and broken peers send.
@Suite struct HostilityTests {
  private let a = address("192.0.2.1")
  private let b = address("192.0.2.2")
  private let stranger = address("203.0.113.66")

  private func request(
    to pair: AgentPair, password: String? = nil, _ fill: (inout STUNMessage) -> Void = { _ in }
  ) -> [UInt8] {
    var message = STUNMessage(.request, transaction: TransactionID(high: 9, low: 9))
    let local = pair.a.agent.localCredentials
    message.add(STUNAttributeType.username, Array("\(local.usernameFragment):other".utf8))
    message.add(STUNAttributeType.priority, number32: 1)
    fill(&message)
    return message.serialized(integrityKey: Array((password ?? local.password).utf8))
  }

  /// The answers of `a` to a datagram.
  private func answers(_ pair: AgentPair, _ datagram: [UInt8]) -> [STUNMessage] {
    _ = pair.a.drain(pair.network)
    var result: [STUNMessage] = []
    pair.network.serve(stranger) { datagram, _ in
      if let message = try? STUNMessage.parse(datagram), message.messageClass != .request {
        result.append(message)
      }
      return nil
    }
    pair.a.receive(datagram, from: stranger, to: a, pair.network)
    pair.network.run(milliseconds: 5)
    return result
  }

  @Test func garbage() {
    let pair = AgentPair()
    let random = SeededRandom(seed: 99)
    pair.trickle()
    for round in 0..<600 {
      if round == 200 { pair.exchangeDescriptions() }
      var datagram = random.bytes(random.next(below: 120))
      switch round % 3 {
      case 0: break
      case 1:
        datagram = STUNMessage(.request, transaction: TransactionID(random: random)).serialized()
      default:
        datagram = request(to: pair)
        if round % 2 == 0 { datagram[random.next(below: datagram.count)] ^= 0x41 }
        datagram = Array(datagram.prefix(20 + random.next(below: datagram.count - 24)))
      }
      pair.a.receive(datagram, from: stranger, to: a, pair.network)
      pair.b.receive(datagram, from: stranger, to: b, pair.network)
      pair.network.run(milliseconds: 1)
    }
    #expect(pair.areConnected)
    pair.expectMirrored()
    let counters = pair.a.agent.counters
    #expect(counters.malformedMessages + counters.unauthenticatedMessages > 300)
    #expect(pair.a.agent.list.remoteCandidates.map(\.address) == [b])
  }

  @Test func wrongPasswordIsNotAnswered() {
    let pair = AgentPair()
    #expect(answers(pair, request(to: pair, password: "wrong")).isEmpty)
    #expect(pair.a.agent.counters.unauthenticatedMessages == 1)
  }

  @Test func unknownAttributeIsRefused() throws {
    let pair = AgentPair()
    let refusals = answers(pair, request(to: pair) { $0.add(0x7FAA, [1, 2, 3, 4]) })
    let refusal = try #require(refusals.first)
    #expect(refusal.errorCode == 420)
    #expect(refusal.value(STUNAttributeType.unknownAttributes) == [0x7F, 0xAA])
    #expect(refusal.isAuthentic(key: Array(pair.a.agent.localCredentials.password.utf8)))
  }

  @Test func roleConflictIsRefused() throws {
    let pair = AgentPair()
    let refusals = answers(pair, request(to: pair) { $0.add(STUNAttributeType.iceControlling, number64: 0) })
    #expect(refusals.first?.errorCode == 487)
    #expect(pair.a.agent.role == .controlling)
    let accepted = answers(
      pair, request(to: pair) { $0.add(STUNAttributeType.iceControlling, number64: .max) })
    #expect(accepted.last?.messageClass == .success)
    #expect(pair.a.agent.role == .controlled)
  }

  @Test func earlyChecksAreBounded() {
    let pair = AgentPair()
    for port in 1...200 {
      pair.a.receive(request(to: pair), from: address("203.0.113.66", UInt16(port)), to: a, pair.network)
    }
    #expect(pair.a.agent.list.earlyChecks.count == Limits.earlyChecksMax)
    #expect(pair.a.agent.counters.overLimit == 200 - Limits.earlyChecksMax)
  }

  @Test func peerReflexiveCandidatesAreBounded() {
    let pair = AgentPair()
    pair.exchangeDescriptions()
    for port in 1...200 {
      pair.a.receive(request(to: pair), from: address("203.0.113.66", UInt16(port)), to: a, pair.network)
    }
    #expect(pair.a.agent.list.remoteCandidates.count == Limits.peerReflexiveCandidatesMax)
  }

  /// An owner that does not poll loses datagrams, not memory.
  @Test func outputsAreBounded() {
    let pair = AgentPair()
    for _ in 0..<2_000 { pair.a.receive(request(to: pair), from: stranger, to: a, pair.network) }
    #expect(pair.a.agent.outputs.count <= Limits.iceOutputsMax + 1)
  }

  /// A response that nobody asked for, and one from somewhere else (RFC 8445 §7.2.5.2.1).
  @Test func responsesMustMatch() {
    let pair = AgentPair()
    pair.start()
    _ = pair.a.drain(pair.network)
    _ = pair.b.drain(pair.network)
    _ = pair.a.drain(pair.network)
    var response = STUNMessage(.success, transaction: TransactionID(high: 1, low: 1))
    response.addMappedAddress(a)
    pair.a.receive(response.serialized(), from: b, to: a, pair.network)
    #expect(pair.a.agent.counters.unexpectedResponses == 1)
    guard let transaction = pair.a.agent.transactions.first else {
      Issue.record("no check was sent")
      return
    }
    response.transaction = transaction.id
    pair.a.receive(response.serialized(), from: b, to: a, pair.network)
    #expect(pair.a.agent.counters.unauthenticatedMessages == 1)
    #expect(pair.a.agent.transactions.count == 1)
    pair.a.receive(response.serialized(integrityKey: transaction.key), from: stranger, to: a, pair.network)
    #expect(pair.a.agent.list.pairs.map(\.state) == [.failed])
  }

  /// The interface goes away while checks of its pairs are due.
  @Test func addressGoneWithChecksDue() {
    let pair = AgentPair([a, address("198.51.100.1")])
    pair.exchangeDescriptions()
    for port in 1...5 {
      for base in pair.a.addresses {
        pair.a.receive(request(to: pair), from: address("203.0.113.66", UInt16(port)), to: base, pair.network)
      }
    }
    #expect(pair.a.agent.list.triggered.count == 10)
    pair.a.remove(a, now: pair.network.now)
    #expect(pair.a.agent.list.triggered.count == 5)
    #expect(pair.a.agent.list.pairs.allSatisfy { $0.base.address == address("198.51.100.1") })
    pair.network.run(milliseconds: 100)
  }
}
