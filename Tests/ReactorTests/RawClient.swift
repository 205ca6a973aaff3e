import Base
import CLinux
import Foundation

@testable import Reactor

/// A TCP client of loopback that does not need the loop and never blocks.
final class RawClient {
  private let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
  private(set) var received: [UInt8] = []
  /// The server closed, or the connection broke.
  private(set) var isOver = false
  private(set) var isBroken = false
  private var unsent: [UInt8] = []

  /// Connects and says `text` as soon as there is a connection.
  init(_ port: UInt16, _ text: String = "") {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, .init(__sockaddr__: $0), socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    say(text)
  }

  deinit { close(descriptor) }

  var text: String { String(decoding: received, as: UTF8.self) }
  /// 0 as long as there is no answer.
  var status: Int { text.hasPrefix("HTTP/1.1 ") ? Int(text.dropFirst(9).prefix(3)) ?? 0 : 0 }

  func say(_ text: String) {
    unsent += text.utf8
    work()
  }

  func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Sends and reads what can be.
  func work() {
    if !unsent.isEmpty {
      unsent.removeFirst(max(0, send(descriptor, unsent, unsent.count, Int32(MSG_NOSIGNAL))))
    }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while !isOver {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EAGAIN || errno == ENOTCONN { return }
      isOver = count <= 0
      isBroken = count < 0
      received += buffer.prefix(max(0, count))
    }
  }
}
