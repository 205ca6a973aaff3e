import Base
import Testing

@testable import WebRTC

/// An agent under test with one UDP socket, and a peer that answers checks at one UDP address and on connections to
/// one TCP address, as far as the test lets it. Virtual time, 10 ms each way.
final class StreamPeer {
  let agent: ICEAgent
  let local = address("192.0.2.1")
  let remote = address("198.51.100.1", 7881)
  private(set) var now = Instant(microseconds: 1_000_000)
  private(set) var credentials = ICECredentials(
    usernameFragment: "peer", password: "0123456789abcdefghijkl")
  var udpIsDead = false
  var connects = true
  /// Accepts and then says nothing.
  var tcpIsDead = false
  /// How many bytes at a time arrive here over a connection.
  var pieceBytes = Int.max
  let relay = FakeRelay()
  private(set) var opened: [(id: Int, host: String, port: UInt16, secure: Bool)] = []
  private(set) var candidates: [ICECandidate] = []
  private(set) var closed: [Int] = []
  private(set) var sentOnStreams: [(id: Int, bytes: [UInt8], isMedia: Bool)] = []
  private(set) var nominated: [ICEBase.Kind] = []
  var relayFailures: [String] = []
  private(set) var health: [PathHealth] = []
  private(set) var states: [ICEAgent.State] = []
  private(set) var udpChecks = 0
  private var incoming = StreamFraming()
  private var due: [(at: Instant, run: () -> Void)] = []

  init(_ role: ICERole = .controlling, relaysOnly: Bool = false) {
    agent = ICEAgent(role: role, random: SeededRandom(seed: 7))
    if relaysOnly { agent.useRelaysOnly() }
    agent.addLocalAddress(local, now: now)
  }

  func start(udp: Bool = true, tcp: Bool = true) {
    agent.setRemote(credentials, isLite: false, now: now)
    announce(udp: udp, tcp: tcp)
  }

  func announce(udp: Bool = true, tcp: Bool = true) {
    if udp {
      agent.addRemoteCandidate("candidate:1 1 udp 2130706431 198.51.100.1 7881 typ host", now: now)
    }
    if tcp {
      agent.addRemoteCandidate(
        "candidate:2 1 tcp 1671430143 198.51.100.1 7881 typ host tcptype passive", now: now)
    }
  }

  /// The peer's side of an ICE restart.
  func restart() {
    agent.restart(now: now)
    credentials = ICECredentials(usernameFragment: "again", password: "abcdefghijklmnopqrstuvw")
    start()
  }

  var kind: ICEBase.Kind? { agent.selected?.path.base.kind }

  @discardableResult
  func run(milliseconds: Int, until condition: () -> Bool = { false }) -> Bool {
    let end = now.advanced(byMilliseconds: milliseconds)
    while true {
      let wait = drain()
      if condition() { return true }
      var next = wait
      for event in due { next = earliest(next, event.at) }
      guard let next, next <= end else {
        now = end
        return condition()
      }
      now = max(now, next)
      let ready = due.filter { $0.at <= now }
      due.removeAll { $0.at <= now }
      for event in ready { event.run() }
    }
  }

  private func later(_ milliseconds: Int, _ run: @escaping () -> Void) {
    due.append((now.advanced(byMilliseconds: milliseconds), run))
  }

  private func drain() -> Instant? {
    for _ in 0..<10_000 {
      switch agent.poll(now: now) {
      case .transmit(let datagram, let base, let to):
        if to == FakeRelay.address {
          sendToRelay(datagram, base)
          break
        }
        udpChecks += 1
        #expect(base == .udp(local) && to == remote)
        answer(datagram, base, from: local) { answer in
          if !self.udpIsDead {
            self.agent.handle(datagram: answer, from: self.remote, to: base, now: self.now)
          }
        }
      case .openStream(let id, let host, let port, let secure):
        opened.append((id, host, port, secure))
        if connects {
          later(20) { self.agent.streamOpened(id, local: address("192.0.2.1", 9), now: self.now) }
        }
      case .sendStream(let id, let bytes, let isMedia):
        #expect(!closed.contains(id) && opened.contains { $0.id == id })
        sentOnStreams.append((id, bytes, isMedia))
        for packet in incoming.take(bytes) { answerOnStream(id, packet) }
      case .closeStream(let id): closed.append(id)
      case .localCandidate(let candidate): candidates.append(candidate)
      case .pathChanged: break
      case .received(let bytes, let source, let base):
        agent.handle(datagram: bytes, from: source, to: base, now: now)
      case .stateChanged(let state, _): states.append(state)
      case .healthChanged(let health): self.health.append(health)
      case .relayFailed(let words): relayFailures.append(words)
      case .wait(let until):
        if let until { #expect(until > now) }
        return until
      }
    }
    Issue.record("an agent that never waits")
    return nil
  }

  /// The way to the relay is open even where UDP to the peer is not.
  private func sendToRelay(_ datagram: [UInt8], _ base: ICEBase) {
    relay.onData = { data, peer in
      let relayed = ICEBase(id: 0, address: FakeRelay.relayed, kind: .relayedByUDP)
      self.answer(data, relayed, from: FakeRelay.relayed) {
        self.fromRelay(self.relay.wrap($0, from: peer), base)
      }
    }
    let answer = relay.handle(datagram)
    if let answer { later(10) { self.fromRelay(answer, base) } }
  }

  private func fromRelay(_ datagram: [UInt8], _ base: ICEBase) {
    let isTaken = agent.handleRelayed(datagram, from: FakeRelay.address, to: base, now: now)
    #expect(isTaken)
  }

  private func answerOnStream(_ id: Int, _ packet: [UInt8]) {
    if tcpIsDead { return }
    let base = ICEBase(id: id, address: address("192.0.2.1", 9), kind: .tcp)
    answer(packet, base, from: base.address) { answer in
      var rest = StreamFraming.frame(answer)[...]
      while !rest.isEmpty {
        self.deliver(id, Array(rest.prefix(self.pieceBytes)))
        rest = rest.dropFirst(self.pieceBytes)
      }
    }
  }

  func deliver(_ id: Int, _ bytes: [UInt8]) {
    guard let (packets, source, base) = agent.streamBytes(id, bytes) else { return }
    for packet in packets { agent.handle(datagram: packet, from: source, to: base, now: now) }
  }

  private func answer(
    _ datagram: [UInt8], _ base: ICEBase, from source: SocketAddress, reply: @escaping ([UInt8]) -> Void
  ) {
    if base.kind == .udp, udpIsDead { return }
    guard let request = try? STUNMessage.parse(datagram), request.messageClass == .request,
      request.isAuthentic(key: Array(credentials.password.utf8))
    else { return }
    if request.usesCandidate { nominated.append(base.kind) }
    var response = STUNMessage(.success, transaction: request.transaction)
    response.addMappedAddress(source)
    let bytes = response.serialized(integrityKey: Array(credentials.password.utf8))
    later(20) { reply(bytes) }
  }
}
