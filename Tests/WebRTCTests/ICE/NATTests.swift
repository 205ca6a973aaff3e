import Base
import Testing

@testable import WebRTC

@Suite struct NATTests {
  private static let server = address("203.0.113.7", 3478)

  /// Answers Binding requests with the address that it sees, as a STUN server does.
  private func addSTUNServer(_ network: SimulatedNetwork, at place: SocketAddress = server) {
    network.serve(place) { datagram, source in
      guard let request = try? STUNMessage.parse(datagram), request.messageClass == .request else {
        return nil
      }
      var response = STUNMessage(.success, transaction: request.transaction)
      response.addMappedAddress(source)
      return response.serialized()
    }
  }

  private func behindNAT(symmetric: Bool = false) -> AgentPair {
    let pair = AgentPair([address("192.168.1.10")], [address("198.51.100.2")])
    pair.network.nats = [
      SimulatedNAT(
        inside: address("192.168.1.1").ip, publicIP: address("203.0.113.50").ip, isSymmetric: symmetric)
    ]
    return pair
  }

  /// The server sees an address that nobody signalled (RFC 8445 §7.3.1.3).
  @Test(arguments: [true, false]) func peerReflexive(_ symmetric: Bool) {
    let pair = behindNAT(symmetric: symmetric)
    pair.start()
    #expect(pair.network.run(milliseconds: 400) { pair.areConnected })
    #expect(pair.a.agent.path?.remote == address("198.51.100.2"))
    #expect(pair.b.agent.path?.remote.ip == address("203.0.113.50").ip)
    #expect(pair.b.agent.path?.remoteKind == .peerReflexive)
  }

  @Test func serverReflexiveCandidate() throws {
    let pair = behindNAT()
    addSTUNServer(pair.network)
    pair.a.agent.addSTUNServer(Self.server, now: pair.network.now)
    pair.network.run(milliseconds: 10)
    #expect(pair.a.candidates.map(\.kind) == [.host, .serverReflexive])
    let reflexive = try #require(pair.a.candidates.last)
    #expect(reflexive.address.ip == address("203.0.113.50").ip)
    #expect(reflexive.related == address("192.168.1.10"))
    #expect(reflexive.foundation != pair.a.candidates[0].foundation)
    #expect(reflexive.priority < pair.a.candidates[0].priority)
    #expect(!pair.a.agent.isGathering)
  }

  /// Both behind translators: only the reflexive candidates meet.
  @Test func twoTranslators() {
    let pair = AgentPair([address("192.168.1.10")], [address("192.168.2.10")])
    pair.network.nats = [
      SimulatedNAT(inside: address("192.168.1.1").ip, publicIP: address("203.0.113.50").ip),
      SimulatedNAT(inside: address("192.168.2.1").ip, publicIP: address("203.0.113.60").ip),
    ]
    addSTUNServer(pair.network)
    pair.a.agent.addSTUNServer(Self.server, now: pair.network.now)
    pair.b.agent.addSTUNServer(Self.server, now: pair.network.now)
    pair.start()
    #expect(pair.network.run(milliseconds: 1_000) { pair.areConnected })
    #expect(pair.a.agent.path?.remote.ip == address("203.0.113.60").ip)
    #expect(pair.b.agent.path?.remote.ip == address("203.0.113.50").ip)
  }

  @Test func withoutTranslatorNothingIsAdded() {
    let pair = AgentPair()
    addSTUNServer(pair.network)
    pair.a.agent.addSTUNServer(Self.server, now: pair.network.now)
    pair.network.run(milliseconds: 10)
    #expect(pair.a.candidates.map(\.kind) == [.host])
    #expect(!pair.a.agent.isGathering)
  }

  /// RFC 8489 §6.2.1: 0, 500, 1500, 3500, 7500, 15500, 31500 ms, then 8 s until it is given up.
  @Test func retransmissionToASilentServer() {
    let pair = AgentPair()
    var times: [Int] = []
    let began = pair.network.now
    pair.network.delayMicroseconds = 0...0
    pair.network.serve(Self.server) { [network = pair.network] _, _ in
      times.append(network.now.milliseconds(since: began))
      return nil
    }
    pair.a.agent.addSTUNServer(Self.server, now: pair.network.now)
    pair.network.run(milliseconds: 39_400)
    #expect(times == [0, 500, 1500, 3500, 7500, 15500, 31500])
    #expect(pair.a.agent.isGathering)
    pair.network.run(milliseconds: 200)
    #expect(!pair.a.agent.isGathering)
  }

  @Test func lossyWayToTheServer() {
    let pair = behindNAT()
    pair.network.lossPercent = 30
    addSTUNServer(pair.network)
    pair.a.agent.addSTUNServer(Self.server, now: pair.network.now)
    #expect(pair.network.run(milliseconds: 39_500) { pair.a.candidates.count == 2 })
  }

  @Test func serverOfTheOtherFamilyOrOnLoopbackIsNotAsked() {
    let pair = AgentPair([address("127.0.0.1"), address("2001:db8::1")])
    pair.a.agent.addSTUNServer(Self.server, now: pair.network.now)
    #expect(!pair.a.agent.isGathering)
    let six = address("2001:db8:1::7", 3478)
    addSTUNServer(pair.network, at: six)
    pair.a.agent.addSTUNServer(six, now: pair.network.now)
    #expect(pair.a.agent.isGathering)
    pair.network.run(milliseconds: 10)
    #expect(!pair.a.agent.isGathering)
  }
}
