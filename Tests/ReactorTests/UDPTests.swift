import Base
import Testing

@testable import Reactor

@Suite(.serialized) struct UDPTests {
  @Test(arguments: ["127.0.0.1", "::1"]) func echo(host: String) throws {
    let loop = try EventLoop()
    let any = SocketAddress(ip: try #require(IPAddress(host)), port: 0)
    let server = try UDPSocket(loop, bindTo: any)
    let client = try UDPSocket(loop, bindTo: any)
    #expect(server.localAddress.port != 0)
    #expect(server.localAddress.ip == any.ip)
    let seen = Seen<([UInt8], SocketAddress)>()
    server.onDatagram = { [unowned server] bytes, source in server.send(bytes.reversed(), to: source) }
    client.onDatagram = { seen.values.append(($0, $1)) }
    #expect(client.send([1, 2, 3], to: server.localAddress) == .sent)
    #expect(client.send([], to: server.localAddress) == .sent)
    run(loop) { seen.values.count == 2 }
    #expect(seen.values.map(\.0) == [[3, 2, 1], []])
    #expect(seen.values[0].1 == server.localAddress)
  }

  @Test func aDatagramOfTheLargestSizeArrivesWhole() throws {
    let loop = try EventLoop()
    let server = try UDPSocket(loop, bindTo: loopback())
    let client = try UDPSocket(loop, bindTo: loopback())
    let large = (0..<65_507).map { UInt8(truncatingIfNeeded: $0) }
    let seen = Seen<[UInt8]>()
    server.onDatagram = { bytes, _ in seen.values.append(bytes) }
    client.send(large, to: server.localAddress)
    run(loop) { !seen.values.isEmpty }
    #expect(seen.values == [large])
  }

  @Test func aTakenPortIsAnErrorWithWords() throws {
    let loop = try EventLoop()
    let first = try UDPSocket(loop, bindTo: loopback())
    let error = #expect(throws: ReactorFailure.self) { _ = try UDPSocket(loop, bindTo: first.localAddress) }
    #expect(error?.description == "binding UDP \(first.localAddress): address already in use")
  }

  @Test func whatTheSystemRefusesIsCounted() throws {
    let loop = try EventLoop()
    let socket = try UDPSocket(loop, bindTo: loopback())
    let tooLarge = [UInt8](repeating: 0, count: 65_508)
    guard case .failed = socket.send(tooLarge, to: loopback(9)) else {
      Issue.record("the system took a datagram that does not fit")
      return
    }
    #expect(socket.sendFailures == 1)
  }

  @Test func aClosedSocketSendsNothingAndFreesItsPort() throws {
    let loop = try EventLoop()
    let socket = try UDPSocket(loop, bindTo: loopback())
    let address = socket.localAddress
    socket.close()
    #expect(socket.send([1], to: loopback(9)) != .sent)
    run(loop, forMilliseconds: 5)
    _ = try UDPSocket(loop, bindTo: address)
  }

  @Test func handlersMayLetTheirSocketGo() throws {
    let loop = try EventLoop()
    let holder = Seen<UDPSocket>()
    holder.values = [try UDPSocket(loop, bindTo: loopback())]
    let target = holder.values[0].localAddress
    let client = try UDPSocket(loop, bindTo: loopback())
    let seen = Seen<Int>()
    holder.values[0].onDatagram = { _, _ in
      seen.values.append(1)
      holder.values = []
    }
    client.send([1], to: target)
    client.send([2], to: target)
    run(loop) { !seen.values.isEmpty }
    run(loop, forMilliseconds: 10)
    #expect(seen.values == [1])
  }
}
