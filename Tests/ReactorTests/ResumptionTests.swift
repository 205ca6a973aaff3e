import Testing

@testable import Reactor

/// The second TLS handshake with a host is shorter than the first.
@Suite(.serialized, .enabled(if: Peer.interpreter != nil, Peer.isMissing)) struct ResumptionTests {
  private let peer: Peer
  private let loop: EventLoop
  private let resolver: Resolver

  init() throws {
    peer = try #require(Peer.shared)
    loop = try EventLoop()
    resolver = Resolver(loop)
  }

  private func get(_ url: String, _ tls: TLSContext) throws {
    let client = HTTPClient(loop, resolver: resolver, tls: tls)
    let answers = Seen<HTTPClient.Answer>()
    client.send(HTTPRequest(.get, url)) { answers.values.append($0) }
    run(loop) { !answers.values.isEmpty }
    #expect(try answers.values[0].get().status == 200)
  }

  @Test(arguments: ["good", "older"]) func theSecondConnectionResumesTheFirst(port: String) throws {
    let tls = try TLSContext(caFile: peer.caFile)
    for earlier in 0..<3 {
      #expect(tls.resumptions == max(0, earlier - 1))
      try get(peer.url(port, "/status/200"), tls)
    }
    #expect(tls.resumptions == 2)
    // Another host, as far as a certificate is concerned, and another port.
    try get(peer.url(port, "/status/200", host: "127.0.0.1"), tls)
    #expect(tls.resumptions == 2)
    try get(peer.url(port, "/status/200"), try TLSContext(caFile: peer.caFile))
    #expect(tls.resumptions == 2)
  }

  @Test func aWebSocketThatIsDroppedIsResumedToo() throws {
    let tls = try TLSContext(caFile: peer.caFile)
    for _ in 0..<2 {
      let socket = WebSocketClient(loop, resolver: resolver, tls: tls)
      var isAnswered = false
      socket.onOpened = { socket.send([1, 2, 3]) }
      socket.onMessage = { _, _ in isAnswered = true }
      socket.connect(url: peer.url("good"), bearer: peer.token)
      run(loop) { isAnswered }
      socket.cancel()
    }
    #expect(tls.resumptions == 1)
  }

  @Test func namesCountOnlyWhereTheyAreMeantToStand() throws {
    for (port, host) in [("partial", "local.localhost"), ("localhost", "localhost")] {
      let run = try WebSocketRun(caFile: peer.caFile)
      run.resolver.remember("local.localhost", loopback().ip)
      guard case .failed(.certificate(let problem))? = run.connect(peer.url(port, host: host)).last,
        case .wrongHostName = problem.reason
      else {
        Issue.record("accepted: \(run.outcomes)")
        continue
      }
    }
  }
}
