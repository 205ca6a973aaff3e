import Foundation
import Testing

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
