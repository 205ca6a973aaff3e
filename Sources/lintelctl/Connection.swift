import Base
import CLinux
import Control
import System

/// Why the daemon cannot be spoken to, with what to try.
enum ConnectionFailure: Error {
  case pathTooLong(String)
  case absent(String)
  case refused(String)
  case notAllowed(String)
  case broken(path: String, doing: String, code: CInt)

  var status: ExitCode {
    if case .notAllowed = self { .notAllowed } else { .unreachable }
  }

  var description: String {
    switch self {
    case .pathTooLong(let path): "the socket's path is longer than a socket's may be: \(path)"
    case .absent(let path):
      "there is no socket \(path): linteld does not run, or runs with another one (--socket). "
        + "Try `systemctl status linteld`"
    case .refused(let path):
      "nobody listens at \(path): linteld has stopped. Try `systemctl status linteld`"
    case .notAllowed(let path):
      "you may not use \(path): join the group that owns it (`ls -l \(path)` tells), then log in again"
    case .broken(let path, let doing, let code): "\(path): \(doing): \(String(cString: strerror(code)))"
    }
  }
}

/// A connection to the daemon's Unix socket, closed at its end.
struct Connection: ~Copyable {
  private let descriptor: CInt
  private let path: String

  enum Input {
    case bytes([UInt8])
    case end
    case timeout
  }

  init(path: String) throws(ConnectionFailure) {
    let connected = try Self.connected(to: path)
    descriptor = connected
    self.path = path
  }

  deinit { close(descriptor) }

  private static func connected(to path: String) throws(ConnectionFailure) -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let offset = MemoryLayout<sa_family_t>.size
    guard bytes.count < MemoryLayout<sockaddr_un>.size - offset else { throw .pathTooLong(path) }
    withUnsafeMutableBytes(of: &address) { raw in
      for (index, byte) in bytes.enumerated() { raw[offset + index] = byte }
    }
    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .broken(path: path, doing: "socket", code: lintel_errno()) }
    if lintel_connect_unix(descriptor, &address) == 0 { return descriptor }
    let code = lintel_errno()
    close(descriptor)
    switch code {
    case ENOENT, ENOTDIR: throw .absent(path)
    case ECONNREFUSED: throw .refused(path)
    case EACCES, EPERM: throw .notAllowed(path)
    default: throw .broken(path: path, doing: "connect", code: code)
    }
  }

  /// A request is smaller than the socket's buffer, so this does not wait for the daemon.
  func send(_ bytes: [UInt8]) throws(ConnectionFailure) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { raw in
        CLinux.send(
          descriptor, raw.baseAddress?.advanced(by: sent), raw.count - sent, CInt(MSG_NOSIGNAL))
      }
      if count < 0 {
        let code = lintel_errno()
        // A daemon that refuses us answers before it closes: what it said is still to be read.
        if code == EPIPE || code == ECONNRESET { return }
        guard code == EINTR else { throw .broken(path: path, doing: "write", code: code) }
      } else {
        sent += count
      }
    }
  }

  /// Until one of them has something to read, or `deadline`.
  func wait(until deadline: Instant, orFor others: (CInt, CInt)) throws(ConnectionFailure) -> (
    socket: Bool, first: Bool, second: Bool
  ) {
    var entries = (
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: others.0, events: Int16(POLLIN), revents: 0),
      pollfd(fd: others.1, events: Int16(POLLIN), revents: 0)
    )
    let wait = CInt(clamping: max(0, deadline.milliseconds(since: monotonicNow()) + 1))
    let ready = withUnsafeMutableBytes(of: &entries) {
      CLinux.poll($0.baseAddress?.assumingMemoryBound(to: pollfd.self), 3, wait)
    }
    if ready < 0, lintel_errno() != EINTR { throw .broken(path: path, doing: "poll", code: lintel_errno()) }
    guard ready > 0 else { return (false, false, false) }
    return (entries.0.revents != 0, entries.1.revents != 0, entries.2.revents != 0)
  }

  /// Waits for bytes, or until `deadline`; without one as long as it takes.
  func read(until deadline: Instant?) throws(ConnectionFailure) -> Input {
    while true {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      // Rounded up: an early wake would turn in circles until the deadline.
      let wait = deadline.map { CInt(clamping: max(0, $0.milliseconds(since: monotonicNow()) + 1)) } ?? -1
      let ready = CLinux.poll(&entry, 1, wait)
      if ready == 0 { return .timeout }
      if ready < 0 {
        guard lintel_errno() == EINTR else {
          throw .broken(path: path, doing: "poll", code: lintel_errno())
        }
        continue
      }
      var code: CInt = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, count in
        let received = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if received < 0 { code = lintel_errno() }
        count = max(0, received)
      }
      if code == EINTR { continue }
      if code == ECONNRESET { return .end }
      guard code == 0 else { throw .broken(path: path, doing: "read", code: code) }
      return bytes.isEmpty ? .end : .bytes(bytes)
    }
  }
}
