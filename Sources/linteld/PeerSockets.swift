import Base
import LiveKit
import Reactor

/// The UDP sockets of both peer connections: one for each usable address of this machine.
final class PeerSockets {
  /// Bytes, where they came from, the address of the socket, and whose it is.
  var onDatagram: (([UInt8], SocketAddress, SocketAddress, Room.Peer) -> Void)?

  private let loop: EventLoop
  private let includeLoopback: Bool
  private var publisher: [UDPSocket] = []
  private var subscriber: [UDPSocket] = []

  init(_ loop: EventLoop, includeLoopback: Bool) {
    self.loop = loop
    self.includeLoopback = includeLoopback
  }

  /// The addresses that could be bound; an address that cannot is left out, as the next one may do.
  func open(_ peer: Room.Peer) -> [SocketAddress] {
    close(peer)
    let addresses = (try? NetworkInterfaces.usableAddresses(includeLoopback: includeLoopback)) ?? []
    var sockets: [UDPSocket] = []
    for address in addresses {
      guard let socket = try? UDPSocket(loop, bindTo: SocketAddress(ip: address, port: 0)) else { continue }
      let local = socket.localAddress
      socket.onDatagram = { bytes, source in self.onDatagram?(bytes, source, local, peer) }
      sockets.append(socket)
    }
    if peer == .publisher { publisher = sockets } else { subscriber = sockets }
    return sockets.map { $0.localAddress }
  }

  func close(_ peer: Room.Peer) {
    for socket in of(peer) { socket.close() }
    if peer == .publisher { publisher = [] } else { subscriber = [] }
  }

  /// From the socket that is bound to `source`; without it the datagram is lost, as on any network.
  func send(_ bytes: [UInt8], from source: SocketAddress, to destination: SocketAddress, _ peer: Room.Peer) {
    for socket in of(peer) where socket.localAddress == source {
      socket.send(bytes, to: destination)
      return
    }
  }

  private func of(_ peer: Room.Peer) -> [UDPSocket] { peer == .publisher ? publisher : subscriber }
}
