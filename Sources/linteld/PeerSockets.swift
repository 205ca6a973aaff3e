import Base
import CLinux
import LiveKit
import Reactor

/// The UDP sockets of both peer connections: one for each usable address of this machine, best first, up to a limit.
final class PeerSockets {
  /// Of one peer connection: each makes pairs with all that the server has, and is one more thing to keep alive.
  static let socketsMax = 8

  /// Bytes, where they came from, the address of the socket, and whose it is.
  var onDatagram: (([UInt8], SocketAddress, SocketAddress, Room.Peer) -> Void)?
  /// A socket came or went by itself.
  var onChange: ((_ isThere: Bool, SocketAddress, Room.Peer) -> Void)?
  /// Why nothing can be sent, in words; nil: it can again.
  var onSending: ((_ problem: String?) -> Void)?

  private struct Entry {
    let socket: UDPSocket
    let peer: Room.Peer
    var refusals = SendRefusals()
  }

  private let loop: EventLoop
  private let includeLoopback: Bool
  private var entries: [Entry] = []
  private var openPeers: [Room.Peer] = []
  private var hasProblem = false

  init(_ loop: EventLoop, includeLoopback: Bool) {
    self.loop = loop
    self.includeLoopback = includeLoopback
  }

  /// The addresses that could be bound; an address that cannot is left out, as the next one may do.
  func open(_ peer: Room.Peer) -> [SocketAddress] {
    close(peer)
    openPeers.append(peer)
    return readInterfaces().map { bindMissing($0, peer) } ?? []
  }

  func close(_ peer: Room.Peer) {
    openPeers.removeAll { $0 == peer }
    close { $0.peer == peer }
  }

  /// The addresses of this machine may be others than before: closes what is gone and binds what is new, and leaves
  /// the others as they are. After a sleep no NAT remembers any of them, so that all are new.
  func reconcile(afterSleep: Bool) {
    guard !openPeers.isEmpty, let interfaces = readInterfaces() else { return }
    let gone = entries.filter { afterSleep || !interfaces.present.contains($0.socket.localAddress.ip) }
    for entry in gone { lose(entry.socket.localAddress, entry.peer) }
    for peer in openPeers {
      for address in bindMissing(interfaces, peer) { onChange?(true, address, peer) }
    }
  }

  /// From the socket that is bound to `source`; without it the datagram is lost, as on any network.
  func send(_ bytes: [UInt8], from source: SocketAddress, to destination: SocketAddress, _ peer: Room.Peer) {
    // RFC 7983 §7: from 64 to 191 it is media, by itself or inside a TURN channel. What it carries is late by then.
    let isMedia = bytes.first.map { (64...191).contains($0) } ?? false
    guard let index = index(of: source, peer) else { return }
    switch entries[index].socket.send(bytes, to: destination, mayWait: !isMedia) {
    case .sent:
      entries[index].refusals.sent()
      if hasProblem { loop.later { self.onSending?(nil) } }
      hasProblem = false
    case .failed(let code):
      guard entries[index].refusals.refused(now: loop.now) else { return }
      hasProblem = true
      // In a turn of its own, for the room is busy sending.
      loop.later {
        self.onSending?(Self.words(code, source.ip))
        self.lose(source, peer)
      }
    case .queued, .dropped: break
    }
  }

  private static func words(_ code: Int32, _ source: IPAddress) -> String {
    switch -code {
    case EPERM, EACCES: "the firewall of this machine refuses UDP"
    case ENETUNREACH, EHOSTUNREACH: "there is no route for UDP from \(source) to the server"
    default: "UDP cannot be sent from \(source) (error \(-code))"
    }
  }

  private func lose(_ address: SocketAddress, _ peer: Room.Peer) {
    guard index(of: address, peer) != nil else { return }
    close { $0.socket.localAddress == address && $0.peer == peer }
    onChange?(false, address, peer)
  }

  private func close(_ isMeant: (Entry) -> Bool) {
    for entry in entries where isMeant(entry) { entry.socket.close() }
    entries.removeAll(where: isMeant)
  }

  private func readInterfaces() -> NetworkInterfaces? {
    try? NetworkInterfaces.read(includeLoopback: includeLoopback)
  }

  private func bindMissing(_ interfaces: NetworkInterfaces, _ peer: Room.Peer) -> [SocketAddress] {
    var bound: [SocketAddress] = []
    for ip in interfaces.best {
      let mine = entries.filter { $0.peer == peer }
      guard mine.count < Self.socketsMax else { break }
      guard !mine.contains(where: { $0.socket.localAddress.ip == ip }),
        let socket = try? UDPSocket(loop, bindTo: SocketAddress(ip: ip, port: 0))
      else { continue }
      let local = socket.localAddress
      socket.onDatagram = { bytes, source in self.onDatagram?(bytes, source, local, peer) }
      entries.append(Entry(socket: socket, peer: peer))
      bound.append(local)
    }
    return bound
  }

  private func index(of address: SocketAddress, _ peer: Room.Peer) -> Int? {
    entries.firstIndex { $0.socket.localAddress == address && $0.peer == peer }
  }
}
