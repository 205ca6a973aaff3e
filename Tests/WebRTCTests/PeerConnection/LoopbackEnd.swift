import Base
import Foundation
import Testing

@testable import WebRTC

/// A peer connection with a real UDP socket on 127.0.0.1 and the real clock.
final class LoopbackEnd {
  let connection: PeerConnection
  var states: [PeerConnection.State] = []
  var audio: [PeerConnection.ReceivedAudio] = []
  var channels: [(id: PeerConnection.DataChannelID, label: String)] = []
  var messages: [(id: PeerConnection.DataChannelID, bytes: [UInt8])] = []
  var writable = 0
  var closed: [String] = []
  /// Of datagrams that carry DTLS, each way, once the connection stands.
  var lossPercent = 0
  private let socket: Int32
  private let address: SocketAddress

  init(answersActive: Bool = true, profiles: [SRTPProfile]? = nil) throws {
    let descriptor = Foundation.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    socket = descriptor
    var bound = sockaddr_in()
    bound.sin_family = sa_family_t(AF_INET)
    bound.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &bound) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(descriptor, .init(__sockaddr__: $0), length)
        _ = getsockname(descriptor, .init(__sockaddr__: $0), &length)
      }
    }
    address = SocketAddress(ip: IPAddress(v4: 0x7F00_0001), port: UInt16(bigEndian: bound.sin_port))
    var configuration = PeerConnection.Configuration(certificate: try Certificate(), canonicalName: "lintel")
    configuration.answersActive = answersActive
    if let profiles { configuration.srtpProfiles = profiles }
    connection = PeerConnection(
      configuration: configuration, random: SeededRandom(seed: UInt64.random(in: .min ... .max)),
      now: LoopbackEnd.clock())
    connection.handle(.localAddress(address), now: LoopbackEnd.clock())
  }

  deinit { close(socket) }

  static func clock() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }

  func run(milliseconds: Int, until done: () -> Bool = { false }) {
    let end = LoopbackEnd.clock().advanced(byMilliseconds: milliseconds)
    while LoopbackEnd.clock() < end, !done() {
      let next = min(drain() ?? end, end)
      var state = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      let wait = max(0, next.milliseconds(since: LoopbackEnd.clock()))
      guard poll(&state, 1, Int32(wait)) > 0 else {
        connection.handle(.timeout, now: LoopbackEnd.clock())
        continue
      }
      var buffer = [UInt8](repeating: 0, count: 2048)
      var from = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let count = withUnsafeMutablePointer(to: &from) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(socket, &buffer, buffer.count, 0, .init(__sockaddr__: $0), &length)
        }
      }
      guard count > 0, !isLost(Array(buffer[0..<count])) else { continue }
      let source = SocketAddress(
        ip: IPAddress(v4: UInt32(bigEndian: from.sin_addr.s_addr)), port: UInt16(bigEndian: from.sin_port))
      connection.handle(
        .datagram(Array(buffer[0..<count]), from: source, to: address), now: LoopbackEnd.clock())
    }
    _ = drain()
  }

  private func drain() -> Instant? {
    while true {
      switch connection.poll(now: LoopbackEnd.clock()) {
      case .transmit(let bytes, _, let to): transmit(bytes, to)
      case .event(.stateChanged(let state, _)): states.append(state)
      case .event(.audio(let received)): audio.append(received)
      case .openStream, .sendStream, .closeStream, .event(.pathHealthChanged), .event(.relayFailed): break
      case .event(.candidate): break
      case .event(.dataChannelOpened(let id, let label)): channels.append((id, label))
      case .event(.dataChannelMessage(let id, let bytes)): messages.append((id, bytes))
      case .event(.dataChannelWritable): writable += 1
      case .event(.dataChannelClosed(_, let label)): closed.append(label)
      case .wait(let until): return until
      }
    }
  }

  private func isLost(_ bytes: [UInt8]) -> Bool {
    lossPercent > 0 && DatagramKind(bytes) == .dtls && Int.random(in: 0..<100) < lossPercent
  }

  private func transmit(_ bytes: [UInt8], _ to: SocketAddress) {
    if isLost(bytes) { return }
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_addr.s_addr = UInt32(truncatingIfNeeded: to.ip.low).bigEndian
    target.sin_port = to.port.bigEndian
    _ = withUnsafeMutablePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(
          socket, bytes, bytes.count, 0, .init(__sockaddr__: $0), socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
