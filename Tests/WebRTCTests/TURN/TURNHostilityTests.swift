import Base
import Testing

@testable import WebRTC

/// Servers that refuse, and servers that lie.
@Suite struct TURNHostilityTests {
  private let peer = TURNServer.peer

  private func allocated() -> TURNServer {
    var server = TURNServer()
    server.start()
    _ = server.takeOutputs()
    _ = server.takeLog()
    return server
  }

  /// Answers to the Allocate that are the end: code, with a nonce, requests, words.
  @Test(arguments: [
    (401, false, 1, "refuses user name and password (401)"),
    (400, false, 1, "finds the request or the password wrong (400)"),
    (403, false, 1, "forbids it (403)"), (437, false, 1, "does not know the allocation any more (437)"),
    (486, false, 1, "has given this user all the addresses it may have (486)"),
    (508, false, 1, "has no address left (508)"), (500, true, 1, "answers error 500"),
    (300, false, 1, "sends us to another one (300): 192.0.2.77:3478"),
    // For ever stale, and for ever asking who we are.
    (438, true, 5, "calls every nonce stale (438)"),
    (401, true, 2, "refuses user name and password (401)"),
  ])
  func refusals(code: Int, hasNonce: Bool, requests: Int, words: String) {
    var server = TURNServer()
    server.errors[TURNMethod.allocate] = code
    server.errorHasNonce = hasNonce
    server.start()
    server.pass(seconds: 100)
    #expect(server.log.count == requests)
    #expect(server.outputs == [.failed("the TURN server " + words)])
    #expect(server.wait == nil)
  }

  @Test func wrongPassword() {
    var server = TURNServer(password: "guess")
    server.start()
    #expect(server.log.count == 2)
    #expect(server.outputs == [.failed("the TURN server refuses user name and password (401)")])
  }

  @Test(arguments: ["", String(repeating: "a", count: 509)]) func nameThatCannotBeUsed(username: String) {
    var server = TURNServer(username: username)
    server.start()
    #expect(server.log == ["allocate"])
    #expect(server.outputs == [.failed("the TURN server refuses user name and password (401)")])
  }

  /// Whoever signs with something else than our password is not the server; the real one may still answer.
  @Test func wrongIntegrity() {
    var server = TURNServer()
    server.password = "other"
    server.start()
    server.pass(seconds: 5)
    #expect(server.outputs == [])
    #expect(server.client.counters.unauthentic >= 3)
    server.password = "open sesame"
    server.pass(seconds: 10)
    #expect(server.outputs == [.allocated(relayed: TURNServer.relayed, mapped: TURNServer.mapped)])
  }

  /// A success that is not signed at all is no better.
  @Test func unsignedSuccess() throws {
    var server = allocated()
    server.isSilent = true
    server.client.close(now: server.now)
    server.run()
    let release = try #require(server.requests.last)
    let response = STUNMessage(.success, method: TURNMethod.refresh, transaction: release.transaction)
    server.handle(response.serialized())
    #expect(server.outputs == [])
    #expect(server.client.counters.unauthentic == 1)
  }

  /// Another realm needs another key: the client takes it, and one that changes each time is the end of it.
  @Test func realmThatChanges() {
    var server = allocated()
    server.realm = "elsewhere.example"
    server.nonce = "nonce-2"
    server.send("x")
    #expect(server.takeOutputs() == [])
    #expect(server.client.counters.unauthentic == 0)
    server.errors[TURNMethod.refresh] = 438
    server.errorHasNonce = true
    server.pass(seconds: 600)
    #expect(server.takeOutputs() == [.failed("the TURN server calls every nonce stale (438)")])
  }

  /// As LiveKit refuses a private peer: 401 without a nonce. The other peers stay.
  @Test(arguments: [401, 403, 443]) func refusedPeer(code: Int) {
    var server = allocated()
    server.send("x")
    server.errors[TURNMethod.createPermission] = code
    server.errors[TURNMethod.channelBind] = code
    let other = SocketAddress(ip: IPAddress(v4: 0x0A00_0001), port: 1)
    _ = server.takeLog()
    server.send("x", to: other)
    #expect(server.takeOutputs() == [.refused(other, "the TURN server " + turnWords(code))])
    #expect(server.takeLog() == ["permission", "send", "binding"])
    server.send("x", to: other)
    server.handle(server.indication("x", from: other))
    #expect(server.takeLog() == [])
    server.send("x")
    #expect(server.takeLog() == ["channel data"])
    #expect(server.client.counters.unpermitted == 1)
    // Somebody still wants it, so it is asked again, but not more often than a permission lives.
    for _ in 0..<48 {
      server.pass(seconds: 5)
      server.send("x", to: other)
    }
    #expect(server.takeLog().filter { $0 == "permission" }.count == 1)
  }

  @Test func refusedChannel() {
    var server = allocated()
    server.errors[TURNMethod.channelBind] = 508
    for _ in 0..<3 { server.send("x") }
    #expect(server.takeLog() == ["permission", "send", "binding", "send", "send"])
    #expect(server.takeOutputs() == [])
  }

  @Test func allocationForgotten() {
    var server = allocated()
    server.errors[TURNMethod.createPermission] = 437
    server.send("x")
    #expect(
      server.takeOutputs() == [.failed("the TURN server does not know the allocation any more (437)")])
    server.pass(seconds: 2000)
    #expect(server.wait == nil)
  }

  @Test func peerOfTheOtherFamily() {
    let six = SocketAddress(ip: IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 1), port: 5)
    var server = TURNServer()
    server.client.permit(six, now: server.now)
    server.start()
    let refusal = TURNClient.Output.refused(six, "the TURN server relays no address of this family")
    #expect(server.takeOutputs().contains(refusal))
    let other = SocketAddress(ip: six.ip, port: 6)
    _ = server.takeLog()
    server.send("x", to: other)
    #expect(server.takeLog() == [])
    #expect(server.client.counters.unsent == 1)
  }

  @Test func dataWithoutPermission() {
    var server = allocated()
    server.handle(server.indication("x", from: peer))
    server.handle([0x40, 0, 0, 1, 1])
    #expect(server.outputs == [])
    #expect(server.client.counters.unpermitted == 2)
  }

  @Test func unusable() throws {
    var server = allocated()
    server.send("x")
    _ = server.takeOutputs()
    var unasked = STUNMessage(
      .success, method: TURNMethod.allocate, transaction: TransactionID(high: 9, low: 9))
    unasked.addMasked(STUNAttributeType.xorRelayedAddress, peer)
    let bad: [[UInt8]] = [
      [], [0], [0x40], [0x40, 0, 0, 9, 1], [0x80, 1, 2, 3], unasked.serialized(),
      STUNMessage(.request, method: 3, transaction: TransactionID(high: 1, low: 1)).serialized(),
      STUNMessage(.indication, method: TURNMethod.data, transaction: TransactionID(high: 1, low: 1))
        .serialized(),
    ]
    for bytes in bad { server.handle(bytes) }
    #expect(server.client.counters.unusable == bad.count)
    #expect(server.outputs == [])
  }

  @Test func addressThatIsNone() {
    let now = Instant(microseconds: 0)
    for hasAddress in [false, true] {
      var client = TURNClient(
        username: "", password: "", isStream: false, random: SeededRandom(seed: 1))
      client.start(now: now)
      guard case .transmit(let bytes) = client.poll(now: now), let request = try? STUNMessage.parse(bytes)
      else { return #expect(Bool(false)) }
      var response = STUNMessage(.success, method: 3, transaction: request.transaction)
      if hasAddress {
        response.addMasked(
          STUNAttributeType.xorRelayedAddress, SocketAddress(ip: IPAddress(v4: 0), port: 1))
      }
      client.handle(response.serialized(), now: now)
      #expect(
        client.poll(now: now) == .failed("the TURN server names no address that it relays"))
    }
  }
}
