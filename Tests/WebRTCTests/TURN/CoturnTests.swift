import Base
import Foundation
import Testing

@testable import WebRTC

/// The client against a server that is not ours, over real sockets.
@Suite(.enabled(if: Coturn.isAvailable, Comment(rawValue: Coturn.skipReason)), .serialized)
struct CoturnTests {
  /// A client with its socket.
  private final class Caller {
    var client: TURNClient
    let server: SocketAddress
    let socket = try? LoopbackSocket(IPAddress(v4: 0x7F00_0001))
    let stream: LoopbackStream?

    init(_ server: Coturn, password: String = "knock", isStream: Bool) throws {
      client = TURNClient(
        username: "door", password: password, isStream: isStream, random: SeededRandom(seed: 3))
      self.server = server.address
      stream = isStream ? try LoopbackStream(to: server.address) : nil
      client.start(now: monotonicNow())
    }

    /// Runs until there is something else than bytes to send. The bound is for a server that hangs, not for one that
    /// shares the machine with all the other tests.
    func next() throws -> TURNClient.Output {
      let end = monotonicNow().advanced(byMilliseconds: 30_000)
      while monotonicNow() < end {
        switch client.poll(now: monotonicNow()) {
        case .transmit(let bytes): send(bytes)
        case .wait(let until):
          let wait = max(1, min(until ?? end, end).milliseconds(since: monotonicNow()))
          let bytes =
            stream != nil
            ? stream?.receive(milliseconds: wait) : socket?.receive(milliseconds: wait)?.datagram
          if let bytes { client.handle(bytes, now: monotonicNow()) }
        case let other: return other
        }
      }
      throw POSIXError(.ETIMEDOUT)
    }

    func send(_ word: [UInt8], to peer: SocketAddress) {
      client.send(word, to: peer, now: monotonicNow())
      while case .transmit(let bytes) = client.poll(now: monotonicNow()) { send(bytes) }
    }

    func allocate() throws -> SocketAddress {
      let output = try next()
      guard case .allocated(let relayed, let mapped) = output else {
        throw PythonPeer.Failure(words: "\(output)")
      }
      if stream == nil { #expect(mapped == socket?.address) }
      return relayed
    }

    private func send(_ bytes: [UInt8]) {
      if let stream { stream.send(bytes) } else { socket?.send(bytes, to: server) }
    }
  }

  /// Words of every length, both ways, as indications at first and in the channel after that.
  @Test(arguments: [false, true]) func relays(isStream: Bool) throws {
    let server = try Coturn()
    let caller = try Caller(server, isStream: isStream)
    let relayed = try caller.allocate()
    let peer = try LoopbackSocket(IPAddress(v4: 0x7F00_0001))
    for length in [1, 2, 3, 4, 160, 1200] {
      let word = [UInt8](repeating: UInt8(truncatingIfNeeded: length), count: length)
      caller.send(word, to: peer.address)
      let heard = try #require(peer.receive(milliseconds: 20_000))
      #expect(heard.datagram == word)
      #expect(heard.source == relayed)
      peer.send(word.reversed(), to: relayed)
      #expect(try caller.next() == .data(word.reversed(), from: peer.address))
    }
    #expect(caller.client.peers.map { $0.isBound } == [true])
    caller.client.close(now: monotonicNow())
    #expect(try caller.next() == .closed)
    var counters = caller.client.counters
    counters.unusable = 0  // A slow machine makes requests, and thus answers, come twice.
    #expect(counters == TURNClient.Counters())
  }

  @Test(arguments: [false, true]) func refusals(isStream: Bool) throws {
    let server = try Coturn()
    let stranger = try Caller(server, password: "guess", isStream: isStream)
    #expect(try stranger.next() == .failed("the TURN server refuses user name and password (401)"))
    let first = try Caller(server, isStream: isStream)
    _ = try first.allocate()
    let forbidden = SocketAddress(ip: Coturn.forbidden, port: 9)
    first.client.permit(forbidden, now: monotonicNow())
    #expect(try first.next() == .refused(forbidden, "the TURN server forbids it (403)"))
    let second = try Caller(server, isStream: isStream)
    _ = try second.allocate()
    let third = try Caller(server, isStream: isStream)
    #expect(
      try third.next()
        == .failed("the TURN server has given this user all the addresses it may have (486)"))
  }
}
