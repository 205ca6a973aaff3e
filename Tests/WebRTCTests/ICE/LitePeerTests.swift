import Base
import Testing

@testable import WebRTC

/// A peer that only answers (RFC 8445 §2.5), made of nothing but the message format.
private final class LitePeer {
  let address: SocketAddress
  let credentials = ICECredentials(usernameFragment: "lite", password: "0123456789abcdefghijkl")
  private(set) var requests: [STUNMessage] = []
  private(set) var nominated: SocketAddress?

  init(_ address: SocketAddress, on network: SimulatedNetwork) {
    self.address = address
    network.serve(address) { [unowned self] datagram, source in answer(datagram, source) }
  }

  private func answer(_ datagram: [UInt8], _ source: SocketAddress) -> [UInt8]? {
    let key = Array(credentials.password.utf8)
    guard let request = try? STUNMessage.parse(datagram), request.messageClass == .request,
      request.isAuthentic(key: key)
    else { return nil }
    requests.append(request)
    if request.usesCandidate { nominated = source }
    var response = STUNMessage(.success, transaction: request.transaction)
    response.addMappedAddress(source)
    return response.serialized(integrityKey: key)
  }
}

@Suite struct LitePeerTests {
  @Test(arguments: [ICERole.controlling, .controlled]) func weControl(_ role: ICERole) {
    let network = SimulatedNetwork()
    let node = AgentNode(role, [address("192.0.2.1")], on: network, seed: 5)
    let peer = LitePeer(address("192.0.2.2"), on: network)
    node.agent.setRemote(peer.credentials, isLite: true, now: network.now)
    node.agent.addRemoteCandidate("candidate:1 1 udp 2130706431 192.0.2.2 5000 typ host", now: network.now)
    #expect(network.run(milliseconds: 10) { node.agent.state == .connected })
    #expect(node.agent.role == .controlling)
    #expect(peer.nominated == address("192.0.2.1"))
    #expect(peer.requests.first?.usesCandidate == true)
    #expect(peer.requests.allSatisfy { $0.controllingTieBreaker != nil })
    #expect(peer.requests.allSatisfy { $0.username == Array("lite:\(node.fragment)".utf8) })
    network.run(milliseconds: 60_000)
    #expect(node.states == [.checking, .connected])
  }

  @Test func restart() {
    let network = SimulatedNetwork()
    let node = AgentNode(.controlled, [address("192.0.2.1")], on: network, seed: 5)
    let first = LitePeer(address("192.0.2.2"), on: network)
    node.agent.setRemote(first.credentials, isLite: true, now: network.now)
    node.agent.addRemoteCandidate("candidate:1 1 udp 2130706431 192.0.2.2 5000 typ host", now: network.now)
    network.run(milliseconds: 10)
    node.agent.restart(now: network.now)
    let other = ICECredentials(usernameFragment: "next", password: first.credentials.password)
    node.agent.setRemote(other, isLite: true, now: network.now)
    node.agent.addRemoteCandidate(
      "candidate:1 1 udp 2130706431 192.0.2.2 5000 typ host ufrag next", now: network.now)
    #expect(network.run(milliseconds: 20) { node.agent.selected?.generation == 1 })
    #expect(first.requests.last?.username == Array("next:\(node.fragment)".utf8))
  }
}

extension AgentNode {
  var fragment: String { agent.localCredentials.usernameFragment }
}
