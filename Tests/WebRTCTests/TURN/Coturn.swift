import Base
import Foundation

@testable import WebRTC

/// Debian's coturn on the loopback, for as long as this object lives.
final class Coturn {
  static let program = "/usr/bin/turnserver"
  static let isAvailable = FileManager.default.isExecutableFile(atPath: program)
  static let skipReason = "there is no coturn"
  /// The server may not relay to it.
  static let forbidden = IPAddress(v4: 0x7F00_0002)

  let port: UInt16
  private let process = Process()
  private let folder: URL

  init() throws {
    port = try LoopbackSocket(IPAddress(v4: 0x7F00_0001)).address.port
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("lintel-coturn-\(port)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    process.executableURL = URL(fileURLWithPath: Coturn.program)
    process.arguments = [
      "-n", "--lt-cred-mech", "--user=door:knock", "--realm=lintel.test", "--listening-ip=127.0.0.1",
      "--listening-port=\(port)", "--relay-ip=127.0.0.1", "--allow-loopback-peers", "--no-cli", "--no-tls",
      "--no-dtls", "--user-quota=2", "--denied-peer-ip=\(Coturn.forbidden)", "--relay-threads=1",
      "--pidfile=\(folder.path)/pid", "--userdb=\(folder.path)/db", "--log-file=\(folder.path)/log",
      "--simple-log",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    try waitUntilItListens()
  }

  deinit {
    // It inherits a signal mask that keeps SIGTERM from it.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  var address: SocketAddress { SocketAddress(ip: IPAddress(v4: 0x7F00_0001), port: port) }

  private func waitUntilItListens() throws {
    for _ in 0..<1200 {
      if (try? LoopbackStream(to: address)) != nil { return }
      usleep(25_000)
    }
    throw POSIXError(.ETIMEDOUT)
  }
}

/// A TCP connection over the loopback.
final class LoopbackStream {
  private let descriptor: Int32

  init(to server: SocketAddress) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.descriptor = descriptor
    guard
      LoopbackSocket.withSystemAddress(server, { connect(descriptor, .init(__sockaddr__: $0), $1) }) == 0
    else { throw POSIXError(.ECONNREFUSED) }
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  /// Waits at most so long; nothing if the server has closed it.
  func receive(milliseconds: Int) -> [UInt8]? {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&wanted, 1, Int32(milliseconds)) == 1 else { return nil }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return count > 0 ? Array(buffer.prefix(count)) : nil
  }
}
