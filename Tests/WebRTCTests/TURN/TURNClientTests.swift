import Base
import Testing

@testable import WebRTC

@Suite struct TURNClientTests {
  private let peer = TURNServer.peer

  private func allocated(isStream: Bool = false) -> TURNServer {
    var server = TURNServer(isStream: isStream)
    server.start()
    _ = server.takeOutputs()
    _ = server.takeLog()
    return server
  }

  /// RFC 5769 §2.4: a request with long-term authentication.
  @Test func keyOfTheVector() throws {
    let vector = """
      00010060 2112a442 78ad3433 c6ad72c0 29da412e
      00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000
      0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341
      0014000b 6578616d 706c652e 6f726700
      00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666
      """
    let message = try STUNMessage.parse(try #require(bytes(hexadecimal: vector)))
    let key = longTermKey(
      username: try #require(message.username), realm: Array("example.org".utf8),
      password: Array("TheMatrIX".utf8))
    #expect(message.isAuthentic(key: key))
    #expect(message.value(STUNAttributeType.nonce) == Array("f//499k954d6OL34oL9FSTvy64sA".utf8))
    let other = longTermKey(
      username: try #require(message.username), realm: Array("example.com".utf8),
      password: Array("TheMatrIX".utf8))
    #expect(!message.isAuthentic(key: other))
  }

  @Test(arguments: [false, true]) func allocates(isStream: Bool) throws {
    var server = TURNServer(isStream: isStream)
    #expect(server.client.poll(now: server.now) == .wait(until: nil))
    server.start()
    #expect(server.log == ["allocate", "allocate"])
    #expect(server.outputs == [.allocated(relayed: TURNServer.relayed, mapped: TURNServer.mapped)])
    let first = server.requests[0]
    #expect(first.attributes.map { $0.type } == [STUNAttributeType.requestedTransport])
    #expect(first.value(STUNAttributeType.requestedTransport) == [17, 0, 0, 0])
    #expect(first.integrityOffset == nil)
    let second = server.requests[1]
    #expect(second.username == Array("user".utf8))
    #expect(second.value(STUNAttributeType.realm) == Array("example.org".utf8))
    #expect(second.value(STUNAttributeType.nonce) == Array("nonce-1".utf8))
    #expect(second.transaction != first.transaction)
  }

  /// The first datagrams go as indications right behind the requests, and in the channel from then on.
  @Test(arguments: [false, true]) func sends(isStream: Bool) throws {
    var server = allocated(isStream: isStream)
    server.send("hello")
    #expect(server.takeLog() == ["permission", "send", "binding"])
    let indication = server.requests[3]
    #expect(indication.messageClass == .indication && indication.integrityOffset == nil)
    #expect(indication.maskedAddress(STUNAttributeType.xorPeerAddress) == peer)
    #expect(indication.value(STUNAttributeType.data) == Array("hello".utf8))
    #expect(server.requests[4].value(STUNAttributeType.channelNumber) == [0x40, 0, 0, 0])
    server.send("hello")
    #expect(server.takeLog() == ["channel data"])
    // RFC 8656 §12.5: padded over a stream alone, and the length is without.
    let padding: [UInt8] = isStream ? [0, 0, 0] : []
    #expect(server.channelData == [[0x40, 0, 0, 5] + Array("hello".utf8) + padding])
    let other = SocketAddress(ip: peer.ip, port: 9)
    server.send("x", to: other)
    #expect(server.requests.last?.value(STUNAttributeType.channelNumber) == [0x40, 1, 0, 0])
  }

  @Test func receives() {
    var server = allocated()
    server.client.permit(peer, now: server.now)
    server.run()
    #expect(server.takeLog() == ["permission"])
    server.handle(server.indication("in", from: peer))
    // A permission is for an address, whatever the port.
    let other = SocketAddress(ip: peer.ip, port: 9)
    server.handle(server.indication("other", from: other))
    #expect(
      server.takeOutputs() == [.data(Array("in".utf8), from: peer), .data(Array("other".utf8), from: other)])
    server.send("bind")
    server.handle([0x40, 0, 0, 2, 1, 2])
    server.handle([0x40, 0, 0, 2, 3, 4, 0, 0])
    #expect(server.takeOutputs() == [.data([1, 2], from: peer), .data([3, 4], from: peer)])
  }

  @Test func peersNamedBeforeTheAddress() {
    var server = TURNServer()
    server.client.permit(peer, now: server.now)
    server.start()
    #expect(server.log == ["allocate", "allocate", "permission"])
  }

  @Test func renewsWhatRunsOut() {
    var server = allocated()
    server.send("x")
    _ = server.takeLog()
    var seen: [String: [Int]] = [:]
    for second in 1...1200 {
      server.pass(seconds: 1)
      if second % 5 == 0 { server.send("consent") }
      for name in server.takeLog() where name != "channel data" { seen[name, default: []].append(second) }
    }
    #expect(
      seen == ["permission": [240, 480, 720, 960, 1200], "binding": [540, 1080], "refresh": [500, 1000]])
    #expect(server.takeOutputs() == [])
  }

  @Test func forgetsWhomNobodyUses() {
    var server = allocated()
    server.client.permit(peer, now: server.now)
    server.run()
    server.pass(seconds: 250)
    #expect(server.takeLog() == ["permission"])
    #expect(server.client.peers.isEmpty)
    server.handle(server.indication("late", from: peer))
    #expect(server.takeOutputs() == [])
    #expect(server.client.counters.unpermitted == 1)
  }

  /// What the server calls a lifetime, and when the client asks again, in seconds.
  @Test(arguments: [(nil, 500), (0, 15), (60, 50), (600, 500), (UInt32.max, 3000)])
  func lifetimes(said: UInt32?, due: Int) {
    var server = TURNServer()
    server.lifetimeSeconds = said
    server.start()
    _ = server.takeLog()
    server.pass(seconds: due - 1)
    #expect(server.takeLog() == [])
    server.pass(seconds: 3)
    #expect(server.takeLog() == ["refresh"])
  }

  @Test func closes() {
    var server = allocated()
    server.send("x")
    _ = server.takeLog()
    server.client.close(now: server.now)
    server.run()
    #expect(server.takeLog() == ["refresh"])
    #expect(server.requests.last?.number32(STUNAttributeType.lifetime) == 0)
    #expect(server.takeOutputs() == [.closed])
    #expect(server.wait == nil)
    server.send("too late")
    #expect(server.log == [])
    #expect(server.client.counters.unsent == 1)
  }

  /// The nonce may be stale by then, and a server that has forgotten the allocation is content, too.
  @Test(arguments: [437, 438]) func closesInSpiteOf(code: Int) {
    var server = allocated()
    if code == 438 { server.nonce = "nonce-2" } else { server.errors[TURNMethod.refresh] = code }
    server.client.close(now: server.now)
    server.run()
    #expect(server.takeLog() == (code == 438 ? ["refresh", "refresh"] : ["refresh"]))
    #expect(server.takeOutputs() == [.closed])
  }

  @Test func repeatsOverDatagramsOnly() {
    for (isStream, requests, lastSecond) in [(false, 6, 16), (true, 1, 20)] {
      var server = TURNServer(isStream: isStream)
      server.isSilent = true
      server.start()
      server.pass(seconds: lastSecond - 1)
      #expect(server.log.count == requests)
      #expect(server.outputs == [])
      server.pass(seconds: 1)
      #expect(server.outputs == [.failed("the TURN server does not answer")])
      #expect(server.wait == nil)
    }
  }

  /// An outage of a minute in which the allocation should have been renewed is no loss.
  @Test func outlastsAnOutage() {
    var server = allocated()
    server.send("x")
    server.pass(seconds: 490)
    server.isSilent = true
    server.pass(seconds: 60)
    server.isSilent = false
    server.pass(seconds: 20)
    #expect(server.takeOutputs() == [])
    server.isSilent = true
    server.pass(seconds: 700)
    #expect(server.takeOutputs() == [.failed("the TURN server does not answer")])
  }

  @Test func newCredentials() {
    var server = TURNServer(password: "old")
    server.isSilent = true
    server.start()
    server.client.setCredentials(username: "user", password: "open sesame")
    server.isSilent = false
    server.pass(seconds: 1)
    #expect(server.takeOutputs() == [.allocated(relayed: TURNServer.relayed, mapped: TURNServer.mapped)])
    // Another user could not refresh what this one has.
    server.client.setCredentials(username: "somebody", password: "else")
    server.pass(seconds: 1100)
    #expect(server.takeOutputs() == [])
  }

  @Test func boundsPeers() {
    var server = allocated()
    for port in 1...100 { server.send("x", to: SocketAddress(ip: peer.ip, port: UInt16(port))) }
    #expect(server.client.peers.count == Limits.turnPeersMax)
    #expect(server.client.counters.unsent == 100 - Limits.turnPeersMax)
    #expect(server.client.transactions.isEmpty)
  }
}
