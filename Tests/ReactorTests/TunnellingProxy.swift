import CLinux
import Foundation

/// A proxy that opens tunnels on loopback, for anybody, each on a thread of its own.
final class TunnellingProxy: Sendable {
  final class Count: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    var value: Int { lock.withLock { count } }
    func add() { lock.withLock { count += 1 } }
  }

  let port: UInt16
  let tunnels = Count()
  private let listener: Int32

  init() {
    (listener, port) = listeningSocket(backlog: 8)
    Thread.detachNewThread { [listener, tunnels] in
      while true {
        let client = accept(listener, __SOCKADDR_ARG(__sockaddr__: nil), nil)
        guard client >= 0 else { return }
        Thread.detachNewThread { TunnellingProxy.serve(client, tunnels) }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private static func serve(_ client: Int32, _ tunnels: Count) {
    defer { close(client) }
    var head = ""
    var byte: UInt8 = 0
    while !head.hasSuffix("\r\n\r\n"), read(client, &byte, 1) == 1 {
      head.unicodeScalars.append(UnicodeScalar(byte))
    }
    guard let target = head.split(separator: " ").dropFirst().first,
      let port = UInt16(target.split(separator: ":").last ?? "")
    else { return }
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(server) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(server, .init(__sockaddr__: $0), socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    let answer = result == 0 ? "HTTP/1.1 200 Go ahead\r\n\r\n" : "HTTP/1.1 502 No\r\n\r\n"
    send(client, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
    guard result == 0 else { return }
    tunnels.add()
    relay(client, server)
  }

  private static func relay(_ one: Int32, _ other: Int32) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      var waiting = [
        pollfd(fd: one, events: Int16(POLLIN), revents: 0),
        pollfd(fd: other, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&waiting, 2, 10_000) > 0 else { return }
      for (from, to) in [(0, other), (1, one)] where waiting[from].revents != 0 {
        let count = read(waiting[from].fd, &buffer, buffer.count)
        guard count > 0, send(to, buffer, count, Int32(MSG_NOSIGNAL)) == count else { return }
      }
    }
  }
}
