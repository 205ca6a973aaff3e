import Base
import Foundation
import Testing

@testable import Reactor

/// Hosts with several addresses, and names that are remembered.
@Suite(.serialized) struct ClientStreamTests {
  private let loop: EventLoop
  private let resolver: Resolver
  private let stream: ClientStream
  private let ends = Seen<StreamEnd>()
  private let opened = Seen<Void>()

  init() throws {
    loop = try EventLoop()
    resolver = Resolver(loop)
    stream = ClientStream(loop, resolver: resolver, tls: try TLSContext(caFile: nil))
    stream.onEnd = { [ends] in ends.values.append($0) }
    stream.onOpened = { [opened] in opened.values.append(()) }
  }

  private func address(_ last: UInt32) -> IPAddress { IPAddress(v4: 0x7F00_0000 | last) }

  @Test func aSlowAddressIsWaitedForAfterTheOthersFailed() throws {
    let listener = FullListener()
    // Nothing listens at the first one, which says so at once; the second one takes its time, and is the last.
    stream.connect(to: [address(1), address(2)], port: listener.port)
    run(loop, forMilliseconds: 600)
    #expect(ends.values.isEmpty)
    #expect(stream.step == "a TCP connection to 127.0.0.2:\(listener.port)")
    // With room in the queue the next SYN is answered.
    listener.makeRoom()
    run(loop) { !opened.values.isEmpty }
    stream.close()
  }

  @Test func aSilentAddressCostsAQuarterOfASecond() throws {
    let silent = FullListener()
    let server = try StreamServer(loop, address: SocketAddress(ip: address(3), port: silent.port))
    let clients = Seen<StreamSocket>()
    server.onConnection = { clients.values.append($0) }
    let start = loop.now
    stream.connect(to: [address(2), address(3)], port: silent.port)
    run(loop) { !opened.values.isEmpty }
    let milliseconds = loop.now.milliseconds(since: start)
    #expect((250..<600).contains(milliseconds))
    #expect(stream.remoteAddress?.ip == address(3))
    // The silent one is given up: with room in its queue nobody comes.
    silent.makeRoom()
    run(loop, forMilliseconds: 20)
    #expect(ends.values.isEmpty)
    stream.close()
  }

  @Test func aRefusalCostsNothing() throws {
    let port = try unusedPort()
    let server = try StreamServer(loop, address: SocketAddress(ip: address(3), port: port))
    let start = loop.now
    stream.connect(to: [address(1), address(2), address(3)], port: port)
    run(loop) { !opened.values.isEmpty }
    #expect(loop.now.milliseconds(since: start) < 200)
    stream.close()
    withExtendedLifetime(server) {}
  }

  @Test func whoRefusesIsSaidRatherThanWhatCannotBeReached() throws {
    let port = try unusedPort()
    // No connection goes to a multicast address.
    stream.connect(to: [address(1), IPAddress(v4: 0xE000_0001)], port: port)
    run(loop) { !ends.values.isEmpty }
    #expect(ends.values == [.failed(.connectionRefused(address: "127.0.0.1:\(port)"))])
  }

  @Test func aNameThatIsGoneIsDialledWhereItWasReached() throws {
    let port = try unusedPort()
    let server = try StreamServer(loop, address: loopback(port))
    resolver.remember("gone.invalid", address(1))
    stream.connect(host: "gone.invalid", port: port, secure: false)
    run(loop, atMost: 20_000) { !opened.values.isEmpty }
    stream.close()
    withExtendedLifetime(server) {}
  }

  @Test func aNameThatIsGoneAndAddressesThatAreStaleAreNames() throws {
    resolver.remember("gone.invalid", address(1))
    stream.connect(host: "gone.invalid", port: try unusedPort(), secure: false)
    run(loop, atMost: 20_000) { !ends.values.isEmpty }
    guard case .failed(.nameNotFound(host: "gone.invalid", _))? = ends.values.first else {
      Issue.record("\(ends.values)")
      return
    }
  }

  @Test func whereItWasReachedIsRemembered() throws {
    let port = try unusedPort()
    let server = try StreamServer(loop, address: loopback(port))
    #expect(resolver.remembered("localhost") == nil)
    stream.connect(host: "localhost", port: port, secure: false)
    run(loop) { !opened.values.isEmpty }
    #expect(resolver.remembered("LOCALHOST") == address(1))
    stream.close()
    withExtendedLifetime(server) {}
  }
}
