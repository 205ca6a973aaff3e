import Base
import Foundation
import Testing

@testable import WebRTC

/// Against an implementation that is not ours, over real sockets on the loopback interface.
@Suite(
  .serialized, .timeLimit(.minutes(1)),
  .enabled(if: ForeignPeer.python != nil, "LINTEL_PEER_PYTHON names no Python with aioice"))
struct ForeignPeerTests {
  /// The last case is a role conflict.
  @Test(
    arguments: [
      (ICERole.controlling, "controlled"), (.controlled, "controlling"), (.controlling, "controlling"),
      (.controlled, "controlled"),
    ], ["127.0.0.1", "::1"]) func connects(_ roles: (ours: ICERole, theirs: String), _ ip: String) throws
  {
    let peer = try ForeignPeer(role: roles.theirs, address: ip)
    defer { peer.stop() }
    let socket = try LoopbackSocket(try #require(IPAddress(ip)))
    let agent = ICEAgent(role: roles.ours, random: SeededRandom(seed: UInt64(getpid())))
    agent.addLocalAddress(socket.address, now: monotonicNow())
    let local = agent.localCredentials
    let signal = try peer.readSignal()
    try peer.send(
      ForeignPeer.Signal(
        ufrag: local.usernameFragment, pwd: local.password,
        candidates: agent.localCandidates.map { $0.serialized() }))
    let began = monotonicNow()
    agent.setRemote(
      ICECredentials(usernameFragment: signal.ufrag, password: signal.pwd), isLite: false, now: began)
    for candidate in signal.candidates { agent.addRemoteCandidate(candidate, now: began) }

    // The peer may have to be answered for longer than it takes us.
    var report: Data?
    _ = try drive(agent, socket, seconds: 15) {
      report = try report ?? peer.lineIfAny()
      return agent.state == .connected && report != nil
    }
    #expect(agent.state == .connected)
    #expect(report.map { String(decoding: $0, as: UTF8.self) } == "{\"connected\": true}")
    #expect(agent.counters.malformedMessages == 0)
    #expect(agent.counters.unauthenticatedMessages == 0)

    // Datagrams go both ways on the path that was found.
    let path = try #require(agent.path)
    socket.send(Array("hello".utf8), to: path.remote)
    #expect(try drive(agent, socket, seconds: 3) { false } == Array("HELLO".utf8))
  }

  /// Runs the agent until the condition holds or a datagram comes that is not STUN, which it returns.
  private func drive(
    _ agent: ICEAgent, _ socket: LoopbackSocket, seconds: Int, until condition: () throws -> Bool
  ) throws -> [UInt8]? {
    let end = monotonicNow().advanced(byMilliseconds: seconds * 1000)
    while monotonicNow() < end {
      var wait = 100
      draining: while true {
        switch agent.poll(now: monotonicNow()) {
        case .openStream, .sendStream, .closeStream, .healthChanged, .relayFailed, .received: break
        case .transmit(let datagram, _, let remote): socket.send(datagram, to: remote)
        case .wait(let until):
          if let until { wait = max(1, min(wait, until.milliseconds(since: monotonicNow()))) }
          break draining
        default: break
        }
      }
      if try condition() { return nil }
      guard let (datagram, source) = socket.receive(milliseconds: wait) else { continue }
      guard DatagramKind(datagram) == .stun else { return datagram }
      agent.handle(datagram: datagram, from: source, to: .udp(socket.address), now: monotonicNow())
    }
    return nil
  }
}
