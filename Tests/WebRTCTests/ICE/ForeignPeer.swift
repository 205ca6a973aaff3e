import Base
import Foundation

@testable import WebRTC

/// An ICE agent that is not ours, in its own process; see `Tests/Interop/peers/ice_peer.py`.
final class ForeignPeer {
  /// A Python that has aioice, nil if the environment names none.
  static let python = ProcessInfo.processInfo.environment["LINTEL_PEER_PYTHON"]

  struct Signal: Codable {
    var ufrag: String
    var pwd: String
    var candidates: [String]
  }

  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var pending = Data()

  init(role: String, address: String) throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    process.executableURL = URL(fileURLWithPath: Self.python ?? "")
    process.arguments = [tests.appendingPathComponent("Interop/peers/ice_peer.py").path, role, address]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  func readSignal() throws -> Signal { try JSONDecoder().decode(Signal.self, from: try readLine()) }

  func send(_ signal: Signal) throws {
    try input.fileHandleForWriting.write(contentsOf: try JSONEncoder().encode(signal) + Data("\n".utf8))
  }

  func readLine() throws -> Data {
    while true {
      if let end = pending.firstIndex(of: 0x0A) {
        let line = pending[pending.startIndex..<end]
        pending = Data(pending[(end + 1)...])
        return Data(line)
      }
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else { throw CocoaError(.fileReadUnknown) }
      pending += more
    }
  }

  /// Like `readLine`, but nil if there is none yet: an agent has to be kept running meanwhile.
  func lineIfAny() throws -> Data? {
    var wanted = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
    guard pending.contains(0x0A) || poll(&wanted, 1, 0) == 1 else { return nil }
    return try readLine()
  }

  func stop() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}

/// A UDP socket on a port of the system's choice.
final class LoopbackSocket {
  let address: SocketAddress
  private let descriptor: Int32

  init(_ ip: IPAddress) throws {
    let isV4 = ip.family == .v4
    let descriptor = socket(isV4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
    guard
      Self.withSystemAddress(
        SocketAddress(ip: ip, port: 0), { bind(descriptor, .init(__sockaddr__: $0), $1) }) == 0
    else {
      throw POSIXError(.EADDRNOTAVAIL)
    }
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    _ = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, .init(__sockaddr__: $0), &length)
      }
    }
    address = Self.address(storage)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  func send(_ datagram: [UInt8], to remote: SocketAddress) {
    _ = Self.withSystemAddress(remote) {
      sendto(descriptor, datagram, datagram.count, 0, .init(__sockaddr__: $0), $1)
    }
  }

  /// Waits at most so long for a datagram.
  func receive(milliseconds: Int) -> (datagram: [UInt8], source: SocketAddress)? {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&wanted, 1, Int32(milliseconds)) == 1 else { return nil }
    var buffer = [UInt8](repeating: 0, count: 2048)
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let count = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        recvfrom(descriptor, &buffer, 2048, 0, .init(__sockaddr__: $0), &length)
      }
    }
    guard count >= 0 else { return nil }
    return (Array(buffer.prefix(count)), Self.address(storage))
  }

  static func withSystemAddress<Result>(
    _ address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) { bytes in
      let isV4 = address.ip.family == .v4
      bytes.storeBytes(of: sa_family_t(isV4 ? AF_INET : AF_INET6), as: sa_family_t.self)
      bytes.storeBytes(of: address.port.bigEndian, toByteOffset: 2, as: UInt16.self)
      bytes[(isV4 ? 4 : 8)...].copyBytes(from: address.ip.bytes)
    }
    let size = address.ip.family == .v4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
    return withUnsafePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(size)) }
    }
  }

  private static func address(_ storage: sockaddr_storage) -> SocketAddress {
    withUnsafeBytes(of: storage) { bytes in
      let isV4 = bytes.load(as: sa_family_t.self) == sa_family_t(AF_INET)
      let port = UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
      let ip = isV4 ? Array(bytes[4..<8]) : Array(bytes[8..<24])
      return SocketAddress(ip: IPAddress(bytes: ip) ?? IPAddress(v4: 0), port: port)
    }
  }
}

func monotonicNow() -> Instant {
  Instant(microseconds: Int64(DispatchTime.now().uptimeNanoseconds / 1000))
}
