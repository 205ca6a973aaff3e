import Base
import CLinux
import Foundation

@testable import Reactor

/// A TCP server on loopback that follows a script, once, on its own thread. It blocks, but never for over 10 s.
final class ScriptedServer: Sendable {
  enum Step: Sendable {
    /// Reads until an empty line has come.
    case readHead
    case send([UInt8])
    case say(String)
    case wait(milliseconds: Int)
    /// Ends with a RST instead of a FIN.
    case reset
    /// Sends the 101 that fits the key of the head that was read.
    case upgrade
  }

  let port: UInt16
  var url: String { "ws://127.0.0.1:\(port)/rtc" }
  /// All heads that were read so far.
  var head: String { heads.withLock { heads.text } }
  private let heads = Heads()

  private final class Heads: @unchecked Sendable {
    private let lock = NSLock()
    var text = ""

    func withLock<Value>(_ body: () -> Value) -> Value { lock.withLock(body) }
  }

  init(_ script: [Step]) {
    let (listener, port) = listeningSocket(backlog: 4)
    self.port = port
    Thread.detachNewThread { [heads] in
      let client = accept(listener, __SOCKADDR_ARG(__sockaddr__: nil), nil)
      ScriptedServer.play(script, client, heads)
      close(client)
      close(listener)
    }
  }

  private static func play(_ script: [Step], _ client: Int32, _ heads: Heads) {
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var head = ""
    for step in script {
      switch step {
      case .readHead:
        var byte: UInt8 = 0
        head = ""
        while !head.hasSuffix("\r\n\r\n"), read(client, &byte, 1) == 1 {
          head.unicodeScalars.append(UnicodeScalar(byte))
        }
        heads.withLock { heads.text += head }
      case .send(let bytes): send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      case .say(let text): send(client, text, text.utf8.count, Int32(MSG_NOSIGNAL))
      case .wait(let milliseconds): usleep(UInt32(milliseconds * 1000))
      case .reset:
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
      case .upgrade:
        let text = answer(to: head)
        send(client, text, text.utf8.count, Int32(MSG_NOSIGNAL))
      }
    }
  }

  private static func answer(to head: String) -> String {
    var key = ""
    for line in head.components(separatedBy: "\r\n") where line.hasPrefix("Sec-WebSocket-Key: ") {
      key = String(line.dropFirst(19))
    }
    let accept = WebSocketHandshake(random: Base64.decode(key.utf8) ?? []).expectedAccept
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Accept: \(accept)\r\n\r\n"
  }
}

/// A listening TCP socket, whose owner closes it, and its port.
func listeningSocket(backlog: Int32) -> (descriptor: Int32, port: UInt16) {
  let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  precondition(listener >= 0 && listen(listener, backlog) == 0)
  var address = sockaddr_in()
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  withUnsafeMutablePointer(to: &address) {
    _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      getsockname(listener, __SOCKADDR_ARG(__sockaddr__: $0), &length)
    }
  }
  return (listener, UInt16(bigEndian: address.sin_port))
}

/// A port on loopback that nobody listens on.
func unusedPort() throws -> UInt16 {
  let loop = try EventLoop()
  return try UDPSocket(loop, bindTo: loopback()).localAddress.port
}
