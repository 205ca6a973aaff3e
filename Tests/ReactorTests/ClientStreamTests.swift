import Base
import Foundation
import Testing

@testable import Reactor

/// Hosts with several addresses.
@Suite(.serialized) struct ClientStreamTests {
  /// A listener that answers no further SYN, as its queue is full.
  final class FullListener {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    private var waiting: [Int32] = []
    private(set) var port: UInt16 = 0

    /// 127.0.0.2
    init() {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0002).bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          #expect(bind(descriptor, .init(__sockaddr__: $0), size) == 0 && listen(descriptor, 0) == 0)
          getsockname(descriptor, .init(__sockaddr__: $0), &size)
        }
      }
      port = UInt16(bigEndian: address.sin_port)
      for _ in 0..<2 {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        _ = withUnsafePointer(to: &address) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(client, .init(__sockaddr__: $0), size)
          }
        }
        waiting.append(client)
      }
    }

    func makeRoom() {
      for _ in 0..<2 { waiting.append(accept(descriptor, .init(__sockaddr__: nil), nil)) }
    }

    deinit { for each in waiting + [descriptor] { close(each) } }
  }

  @Test func theTimeOfOneAddressIsNotThatOfTheNext() throws {
    let listener = FullListener()
    let loop = try EventLoop()
    let stream = ClientStream(loop, resolver: Resolver(loop), tls: try TLSContext(caFile: nil))
    stream.addressTimeoutMilliseconds = 100
    let ends = Seen<StreamEnd>()
    stream.onEnd = { ends.values.append($0) }
    // Nothing listens at the first one, which says so at once; the second one takes its time, and is the last.
    let addresses = [IPAddress(v4: 0x7F00_0001), IPAddress(v4: 0x7F00_0002)]
    stream.connect(to: addresses, port: listener.port)
    run(loop, forMilliseconds: 400)
    #expect(ends.values.isEmpty)
    #expect(stream.step == "a TCP connection to 127.0.0.2:\(listener.port)")
    // It is still being tried: with room in the queue the next SYN is answered.
    var opened = false
    stream.onOpened = { opened = true }
    listener.makeRoom()
    run(loop) { opened }
    stream.close()
  }
}
