import Base
import CUv

extension SocketAddress {
  /// Calls `body` with the C form of this address.
  func withSystemAddress<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
    var storage = sockaddr_storage()
    let bytes = ip.bytes
    lintel_sockaddr_set(&storage, bytes, Int32(bytes.count), port)
    return withUnsafePointer(to: &storage) { pointer in
      body(UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self))
    }
  }

  /// nil for anything but IPv4 and IPv6.
  init?(system address: UnsafePointer<sockaddr>?) {
    guard let address else { return nil }
    var ip = [UInt8](repeating: 0, count: 16)
    var port: UInt16 = 0
    let count = Int(lintel_sockaddr_get(address, &ip, &port))
    guard count > 0, let value = IPAddress(bytes: Array(ip[..<count])) else { return nil }
    self.init(ip: value, port: port)
  }

  /// Asks `query` (a libuv getsockname or getpeername) for an address.
  static func read(_ query: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<Int32>) -> Int32)
    -> SocketAddress?
  {
    var storage = sockaddr_storage()
    var length = Int32(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      let address = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      return query(address, &length) == 0 ? SocketAddress(system: address) : nil
    }
  }
}
