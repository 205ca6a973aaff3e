import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// Ways to the server beside UDP, as far as the room has a part in them.
@Suite struct PathTests {
  private let local = SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 5000)

  @Test func streamsAreThePeersOwn() throws {
    let bench = try ResumeTests.inCall()
    bench.publisher?.outputs += [
      .openStream(3, host: "192.0.2.9", port: 7881, secure: false), .sendStream(3, [1], isMedia: true),
      .closeStream(3),
    ]
    bench.drain()
    #expect(bench.streams == ["open 3", "send 3", "close 3"])
    bench.handle(.streamOpened(3, local: local, peer: .publisher))
    bench.handle(.streamBytes(3, [1, 2], peer: .publisher))
    bench.handle(.streamEnded(3, reason: "reset", peer: .subscriber))
    #expect(inputs(bench.publisher).suffix(2) == ["opened 3", "2 bytes of 3"])
    #expect(inputs(bench.subscriber).last == "ended 3: reset")
  }

  /// Media has moved to another path already; the server is told by a restart, and nobody is alarmed.
  @Test func aSilentPathWithAnotherBesideIt() throws {
    let bench = try ResumeTests.inCall()
    bench.publisher?.tell(.silent(since: bench.now))
    bench.drain()
    bench.server(Server.pong(0))
    #expect(bench.publisher?.restarts == 1)
    #expect(bench.count(1) == 1)
    #expect(bench.room.state == .connected && bench.stateChanges.isEmpty)
    // The subscriber's generation is the server's to begin.
    bench.subscriber?.outputs.append(.event(.pathHealthChanged(.silent(since: bench.now))))
    bench.publisher?.outputs.append(.event(.pathHealthChanged(.good)))
    bench.drain()
    #expect(bench.publisher?.restarts == 1 && bench.count(1) == 1)
  }

  /// Both peer connections ask each relay, and again and again; that it is of no use is said once a session.
  @Test func aRelayThatIsOfNoUseIsToldOnce() throws {
    let bench = try ResumeTests.inCall()
    for peer in [bench.publisher, bench.subscriber, bench.publisher] {
      peer?.outputs.append(.event(.relayFailed("turn:a:1: refused")))
      bench.drain()
    }
    for port in 2...99 { bench.publisher?.outputs.append(.event(.relayFailed("turn:a:\(port): refused"))) }
    bench.drain()
    let told = bench.events.filter { if case .relayFailed = $0 { true } else { false } }
    #expect(told.count == bench.room.configuration.limits.stunServersMax)
    #expect(told.count { if case .relayFailed("turn:a:1: refused") = $0 { true } else { false } } == 1)
  }

  /// Not UDP is to be blamed where UDP may not be used.
  @Test(
    arguments: [
      ("turn:relay.example:1?transport=udp", nil, "turn:relay.example: no address of that name is known"),
      ("turns:192.0.2.1:443", "turns:192.0.2.1:443: refused", "turns:192.0.2.1:443: refused"),
      ("turns:192.0.2.1:443", nil, "none leads to the server"),
    ] as [(String, String?, String)])
  func whyThereIsNoRelay(_ url: String, _ failure: String?, _ why: String) throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join(stun: [url], forcesRelay: true))
    bench.handle(.hostResolved(name: "relay.example", addresses: []))
    if let failure { bench.subscriber?.outputs.append(.event(.relayFailed(failure))) }
    for _ in 0..<3 {
      bench.advance(4_990)
      bench.server(Server.refreshToken(Bench.token()))
    }
    bench.advance(100)
    #expect(bench.failures.first?.code == "no-relay")
    #expect(bench.room.lastFailure?.description.hasSuffix(why) == true)
  }

  /// A row each: what the server names, whether it insists on relays, and what a peer is told first.
  @Test(arguments: [
    (["stun:192.0.2.1:1"], false, ["STUN 192.0.2.1:1"]),
    (["turn:192.0.2.1:1?transport=udp"], false, ["TURN name"]),
    (["turn:192.0.2.1:1?transport=udp", "turns:a:443"], true, ["relays only", "TURN name", "TURN name"]),
    // Whoever obeyed would never connect.
    (["stun:192.0.2.1:1"], true, ["STUN 192.0.2.1:1"]),
  ])
  func serversOfTheRoom(_ urls: [String], _ forcesRelay: Bool, _ told: [String]) throws {
    let bench = try Bench()
    try bench.connect(Server.join(stun: urls, forcesRelay: forcesRelay))
    #expect(Array(inputs(bench.subscriber).prefix(told.count)) == told)
    #expect(inputs(bench.subscriber).contains("relays only") == (told[0] == "relays only"))
  }

  private func inputs(_ peer: ScriptedPeer?) -> [String] {
    (peer?.inputs ?? []).map { input in
      switch input {
      case .streamOpened(let id, _): "opened \(id)"
      case .streamBytes(let id, let bytes): "\(bytes.count) bytes of \(id)"
      case .streamEnded(let id, let reason): "ended \(id): \(reason)"
      case .stunServer(let address): "STUN \(address)"
      case .turnServer(let server): "TURN \(server.username)"
      case .useRelaysOnly: "relays only"
      case .localAddress, .localAddressGone, .translator, .datagram, .timeout: "other"
      }
    }
  }
}
