import Base

@testable import LiveKit

/// What the device's room wants of the network, done with the world's.
extension House {
  // MARK: - What the room wants of the network

  func perform(_ output: Room.Output) {
    switch output {
    case .openWebSocket(let number, let url, let token): open(number, url, token, attempt: 0)
    case .sendWebSocket(let number, let bytes):
      guard let connection, connection.number == number, let server = connection.server else { return }
      server.toServer.send { self.server.received(bytes, server) }
    case .closeWebSocket(let number):
      guard let connection, connection.number == number else { return }
      if let server = connection.server { server.toServer.send { self.server.connectionGone(server) } }
      self.connection = nil
    case .httpGet(let request, _, _):
      later(2 * link.travelMilliseconds) {
        self.input(.httpFailed(request: request, .refused("nothing listens there")))
      }
    case .openSockets(let peer): openSockets(peer)
    case .closeSockets(let peer): addresses = addresses.filter { $0.peer != peer }
    case .transmit(let bytes, let from, let to, _):
      guard addresses.contains(where: { $0.address == from }) else { return }
      promises.leaves(bytes, self)
      link.datagram { self.server.datagram(bytes, from: from, to: to) }
    case .resolveHost(let name): later(30) { self.input(.hostResolved(name: name, addresses: [])) }
    case .openStream(let id, _, _, _, let peer):
      later(30) { self.input(.streamEnded(id, reason: "refused", peer: peer)) }
    case .sendStream, .closeStream, .cancelHosts, .deriveKey, .event, .wait: break
    }
  }

  func open(_ number: Int, _ url: String, _ token: String, attempt: Int) {
    if attempt == 0 { connection = (number, nil) }
    guard connection?.number == number, attempt < 5 else { return }
    // As the system repeats what opens a connection.
    guard link.isUp, !clock.chance(link.lossPercent) else {
      return later(1_000 << attempt) { self.open(number, url, token, attempt: attempt + 1) }
    }
    later(4 * link.travelMilliseconds) {
      guard self.connection?.number == number else { return }
      switch self.server.dialled(number, url: url, token: token) {
      case .opened(let server):
        self.connection?.server = server
        server.toServer.onBroken = {
          if self.connection?.server === server {
            self.connection?.server = nil
            self.input(.webSocketClosed(connection: number, code: 1006, reason: "timed out"))
          }
        }
        self.input(.webSocketOpened(connection: number))
      case .refused(let failure):
        self.clock.note("server", "refuses")
        self.input(.webSocketFailed(connection: number, failure))
      case .silence: break
      }
    }
  }

  func openSockets(_ peer: Room.Peer) {
    let port = UInt16(30_000 + clock.random.next(below: 20_000))
    let address = SocketAddress(ip: IPAddress(v4: 0xC0A8_0000 + addressNumber), port: port)
    addresses.append((peer, address))
    later(0) { self.input(.localAddress(address, peer: peer)) }
    later(0) { self.input(.socketsOpened(peer)) }
  }

  /// Another address, as after a change of the network; sockets at the old one are gone.
  func moveToAnotherAddress() {
    guard device != nil else { return }
    addressNumber += 1
    clock.note("network", "gives the device another address")
    let old = addresses
    addresses = []
    for entry in old {
      input(.localAddressGone(entry.address, peer: entry.peer))
      let port = UInt16(30_000 + clock.random.next(below: 20_000))
      let address = SocketAddress(ip: IPAddress(v4: 0xC0A8_0000 + addressNumber), port: port)
      addresses.append((entry.peer, address))
      input(.localAddress(address, peer: entry.peer))
    }
    if let server = connection?.server {
      let number = server.number
      self.server.connectionGone(server)
      connection?.server = nil
      input(.webSocketClosed(connection: number, code: 1006, reason: "the address is gone"))
    }
    room?.networkChanged(now: clock.now)
    drain()
  }

  func networkIsBack() {
    room?.networkChanged(now: clock.now)
    drain()
  }

  // MARK: - Files and endpoints

  func readToken() {
    later(2) {
      guard let token = self.token?() else {
        return self.handle(.tokenRead(.failure(.unreadable(path: "/run/token", "there is no such file"))))
      }
      self.handle(.tokenRead(.success(token)))
    }
  }

  func readConfiguration() {
    later(3) {
      let fresh = self.onSetting?(self.settings) ?? self.settings
      self.settings = fresh
      self.handle(.configurationRead(.success(fresh)))
    }
  }

  func ask(_ number: Int, _ timeout: Int) {
    guard link.isUp, let token = token?() else {
      return later(timeout) { self.handle(.endpointFailed(request: number, .timeout)) }
    }
    let body = #"{"server_url":"wss://room.example","participant_token":""# + token + #""}"#
    later(4 * link.travelMilliseconds) {
      self.handle(.endpointAnswered(request: number, status: 201, body: Array(body.utf8)))
    }
  }
}
