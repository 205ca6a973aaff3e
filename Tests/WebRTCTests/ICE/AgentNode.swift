import Base
import Testing

@testable import WebRTC

/// An agent on the simulated network, with a diary.
final class AgentNode {
  let agent: ICEAgent
  private(set) var addresses: [SocketAddress]
  private(set) var states: [ICEAgent.State] = []
  private(set) var reasons: [String] = []
  private(set) var candidates: [ICECandidate] = []
  private(set) var paths: [ICEAgent.Path?] = []
  private(set) var transmitted = 0
  /// What the last poll asked for.
  private(set) var wakeAt: Instant?
  /// Called for each local candidate: trickle.
  var onCandidate: ((ICECandidate) -> Void)?

  init(_ role: ICERole, _ addresses: [SocketAddress], on network: SimulatedNetwork, seed: UInt64) {
    agent = ICEAgent(role: role, random: SeededRandom(seed: seed))
    self.addresses = addresses
    network.add(self)
    for address in addresses { agent.addLocalAddress(address, now: network.now) }
  }

  func add(_ address: SocketAddress, now: Instant) {
    addresses.append(address)
    agent.addLocalAddress(address, now: now)
  }

  func remove(_ address: SocketAddress, now: Instant) {
    addresses.removeAll { $0 == address }
    agent.removeLocalAddress(address, now: now)
  }

  /// Polls until the agent waits. False: it had nothing to say.
  func drain(_ network: SimulatedNetwork) -> Bool {
    for count in 0..<10_000 {
      switch agent.poll(now: network.now) {
      case .transmit(let datagram, let from, let to):
        transmitted += 1
        #expect(addresses.contains(from.address), "sent from an address that is not bound")
        network.send(datagram, from: from.address, to: to)
      case .openStream, .sendStream, .closeStream, .healthChanged, .relayFailed, .received: break
      case .localCandidate(let candidate):
        candidates.append(candidate)
        onCandidate?(candidate)
      case .pathChanged(let path): paths.append(path)
      case .stateChanged(let state, let reason):
        states.append(state)
        reasons.append(reason)
      case .wait(let until):
        if let until { #expect(until > network.now, "an agent that is polled in a busy loop") }
        wakeAt = until
        return count > 0
      }
    }
    Issue.record("an agent that never waits")
    return false
  }

  func receive(_ datagram: [UInt8], from: SocketAddress, to: SocketAddress, _ network: SimulatedNetwork) {
    agent.handle(datagram: datagram, from: from, to: .udp(to), now: network.now)
  }
}

func address(_ ip: String, _ port: UInt16 = 5000) -> SocketAddress {
  guard let ip = IPAddress(ip) else { fatalError("no address: \(ip)") }
  return SocketAddress(ip: ip, port: port)
}

/// Two agents that are to find each other. `a` makes the offers.
final class AgentPair {
  let network: SimulatedNetwork
  let a: AgentNode
  let b: AgentNode

  init(
    _ left: [SocketAddress] = [address("192.0.2.1")], _ right: [SocketAddress] = [address("192.0.2.2")],
    seed: UInt64 = 1, roles: (ICERole, ICERole) = (.controlling, .controlled)
  ) {
    network = SimulatedNetwork(seed: seed)
    a = AgentNode(roles.0, left, on: network, seed: seed &* 2 &+ 100)
    b = AgentNode(roles.1, right, on: network, seed: seed &* 2 &+ 101)
  }

  /// Candidates go to the other side as they appear.
  func trickle() {
    let network = network
    a.onCandidate = { [b] in b.agent.addRemoteCandidate($0.serialized(), now: network.now) }
    b.onCandidate = { [a] in a.agent.addRemoteCandidate($0.serialized(), now: network.now) }
  }

  /// Offer and answer without delay.
  func exchangeDescriptions() {
    b.agent.setRemote(a.agent.localCredentials, isLite: false, now: network.now)
    a.agent.setRemote(b.agent.localCredentials, isLite: false, now: network.now)
  }

  func start() {
    trickle()
    exchangeDescriptions()
  }

  var areConnected: Bool { a.agent.state == .connected && b.agent.state == .connected }

  func expectMirrored(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(a.agent.path?.base.address == b.agent.path?.remote, sourceLocation: sourceLocation)
    #expect(b.agent.path?.base.address == a.agent.path?.remote, sourceLocation: sourceLocation)
  }
}
