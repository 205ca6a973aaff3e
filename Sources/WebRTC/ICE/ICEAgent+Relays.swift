import Base

/// Relayed addresses: asked for when nothing cheaper answers, and given back when something does.
extension ICEAgent {
  /// Again with fresh credentials for a server that is known.
  func addTURNServer(_ server: RelayServer, now: Instant) {
    if relaysOnly, relaysFrom == nil { relaysFrom = now }
    if let index = turnServers.firstIndex(where: { $0.transport == server.transport }) {
      turnServers[index] = server
      for index in relays.indices where relays[index].server.transport == server.transport {
        relays[index].client.setCredentials(username: server.username, password: server.password)
      }
      return
    }
    guard turnServers.count < Limits.turnServersMax else {
      counters.overLimit &+= 1
      return
    }
    turnServers.append(server)
  }

  /// From now on, and before any address is added: nothing leaves but through a relay.
  func useRelaysOnly() { relaysOnly = true }

  /// As the peer is told. One that nominates waits two seconds for something better than what is named a relay, and
  /// by then there is nothing better: nobody asked the relay before. The priority keeps it behind all others.
  func shown(_ candidate: ICECandidate) -> ICECandidate {
    guard role == .controlled, candidate.kind == .relayed else { return candidate }
    var shown = candidate
    shown.kind = .host
    shown.related = nil
    return shown
  }

  /// The next server to ask, and when.
  private var nextServer: (server: RelayServer, at: Instant)? {
    guard let relaysFrom, state != .failed || relaysOnly, relaysOnly ? !hasRelay : needsRelay else {
      return nil
    }
    var next: (server: RelayServer, at: Instant)?
    for server in turnServers where !askedServers.contains(server.transport) {
      guard socket(for: server) != nil || server.kind != .relayedByUDP else { continue }
      let at = relaysFrom.advanced(byMilliseconds: server.kind.startMilliseconds(alone: relaysOnly))
      if next.map({ at < $0.at }) ?? true { next = (server, at) }
    }
    return next
  }

  private var hasRelay: Bool { relays.contains { $0.base != nil } }

  private var needsRelay: Bool {
    guard list.remoteCredentials != nil, selected == nil || health != .good else { return false }
    // A pair that is silent was valid once, which is no comfort now.
    let silent = selected?.generation == list.generation ? selected?.pair : nil
    return !list.pairs.contains { $0.state == .succeeded && $0.id != silent }
  }

  private func socket(for server: RelayServer) -> ICEBase? {
    guard case .udp(let address) = server.transport else { return nil }
    return localAddresses.first {
      let ip = $0.base.address.ip
      return $0.base.kind == .udp && ip.family == address.ip.family && ip.isLoopback == address.ip.isLoopback
        && ip.isLinkLocal == address.ip.isLinkLocal
    }?.base
  }

  func advanceRelays(_ now: Instant) {
    while let next = nextServer, next.at <= now { ask(next.server, now) }
    for index in relays.indices.reversed() {
      if let until = relays[index].opensUntil, until <= now {
        outputs.append(.closeStream(id: relays[index].id))
        relayFailed(relays[index], "no connection in \(Limits.streamOpenMilliseconds / 1000) s")
        removeRelay(index, now)
      }
    }
    let waiting = relayQueue
    relayQueue = []
    for item in waiting {
      guard let index = relays.firstIndex(where: { $0.base == item.base }) else { continue }
      relays[index].client.send(item.datagram, to: item.remote, now: now)
      drainRelay(relays[index].id, now, isMedia: item.isMedia)
    }
    for id in relays.map({ $0.id }) { drainRelay(id, now) }
  }

  var relayDeadline: Instant? {
    var next = nextServer?.at
    for relay in relays { next = earliest(earliest(next, relay.opensUntil), relay.wakeAt) }
    return next
  }

  /// Something may still come of a server that was asked.
  var isRelaying: Bool { nextServer != nil || relays.contains { $0.base == nil && !$0.isReleased } }

  private func ask(_ server: RelayServer, _ now: Instant) {
    askedServers.append(server.transport)
    let id = nextStreamID
    nextStreamID &+= 1
    var relay = ICERelay(
      id: id, server: server,
      client: TURNClient(
        username: server.username, password: server.password, isStream: server.kind != .relayedByUDP,
        random: random))
    switch server.transport {
    case .udp:
      relay.socket = socket(for: server)
      relay.client.start(now: now)
    case .tcp(let host, let port):
      outputs.append(.openStream(id: id, host: host, port: port, secure: false))
      relay.opensUntil = now.advanced(byMilliseconds: Limits.streamOpenMilliseconds)
    case .tls(let host, let port):
      outputs.append(.openStream(id: id, host: host, port: port, secure: true))
      relay.opensUntil = now.advanced(byMilliseconds: Limits.streamOpenMilliseconds)
    }
    relays.append(relay)
  }

  /// False: no datagram of a TURN server.
  func handleRelayed(_ datagram: [UInt8], from source: SocketAddress, to base: ICEBase, now: Instant) -> Bool
  {
    guard
      let index = relays.firstIndex(where: { $0.socket == base && $0.server.transport == .udp(source) })
    else { return false }
    relays[index].client.handle(datagram, now: now)
    drainRelay(relays[index].id, now)
    return true
  }

  /// False: no stream of a relay.
  func relayStreamOpened(_ id: Int, now: Instant) -> Bool {
    guard let index = relays.firstIndex(where: { $0.id == id && $0.socket == nil }) else { return false }
    relays[index].opensUntil = nil
    relays[index].client.start(now: now)
    return true
  }

  func relayStreamBytes(_ id: Int, _ bytes: [UInt8], now: Instant) -> Bool {
    guard let index = relays.firstIndex(where: { $0.id == id && $0.socket == nil }) else { return false }
    relays[index].client.handle(bytes, now: now)
    drainRelay(id, now)
    return true
  }

  func relayStreamEnded(_ id: Int, reason: String, now: Instant) -> Bool {
    guard let index = relays.firstIndex(where: { $0.id == id && $0.socket == nil }) else { return false }
    relayFailed(relays[index], reason)
    removeRelay(index, now)
    return true
  }

  /// A peer of this relay is let in before it is sent to.
  func permit(_ remote: SocketAddress, at base: ICEBase, _ now: Instant) {
    guard let index = relays.firstIndex(where: { $0.base == base }) else { return }
    relays[index].client.permit(remote, now: now)
  }

  /// Gives back all of them; they may be asked for again.
  func releaseRelays(_ now: Instant) {
    askedServers = []
    for index in relays.indices.reversed() {
      relays[index].isReleased = true
      if relays[index].opensUntil != nil {
        outputs.append(.closeStream(id: relays[index].id))
        removeRelay(index, now)
        continue
      }
      let base = relays[index].base
      relays[index].base = nil
      relays[index].client.close(now: now)
      if let base { remove(base, "the relay was given back", now) }
    }
  }

  func removeRelays(over socket: ICEBase, _ now: Instant) {
    for index in relays.indices.reversed() where relays[index].socket == socket {
      askedServers = askedServers.filter { $0 != relays[index].server.transport }
      removeRelay(index, now)
    }
  }

  private func removeRelay(_ index: Int, _ now: Instant) {
    let base = relays.remove(at: index).base
    if let base { remove(base, "the relay \(base.address) is gone", now) }
  }

  /// Not of one that was given back, which nobody misses.
  private func relayFailed(_ relay: ICERelay, _ words: String) {
    if !relay.isReleased { outputs.append(.relayFailed("\(relay.server): \(words)")) }
  }

  private func drainRelay(_ id: Int, _ now: Instant, isMedia: Bool = false) {
    while let index = relays.firstIndex(where: { $0.id == id }) {
      switch relays[index].client.poll(now: now) {
      case .transmit(let bytes): sendToServer(bytes, relays[index], isMedia: isMedia)
      case .allocated(let relayed, let mapped): allocated(index, relayed, mapped: mapped, now)
      case .data(let bytes, let peer):
        guard let base = relays[index].base, outputs.count - outputIndex < Limits.iceOutputsMax else { break }
        outputs.append(.received(bytes, from: peer, at: base))
      case .refused(let peer, _):
        for pair in list.pairs.indices
        where list.pairs[pair].base == relays[index].base && list.pairs[pair].remote.address == peer {
          list.pairs[pair].state = .failed
        }
      case .failed(let words):
        if relays[index].socket == nil { outputs.append(.closeStream(id: id)) }
        relayFailed(relays[index], words)
        removeRelay(index, now)
      case .closed:
        if relays[index].socket == nil { outputs.append(.closeStream(id: id)) }
        removeRelay(index, now)
      case .wait(let until):
        relays[index].wakeAt = until
        return
      }
    }
  }

  private func sendToServer(_ bytes: [UInt8], _ relay: ICERelay, isMedia: Bool) {
    guard outputs.count - outputIndex < Limits.iceOutputsMax else {
      counters.overLimit &+= 1
      return
    }
    if let socket = relay.socket, case .udp(let server) = relay.server.transport {
      outputs.append(.transmit(bytes, from: socket, to: server))
    } else {
      outputs.append(.sendStream(id: relay.id, bytes, isMedia: isMedia))
    }
  }

  private func allocated(_ index: Int, _ relayed: SocketAddress, mapped: SocketAddress?, _ now: Instant) {
    guard !relays[index].isReleased, !relayed.ip.isUnspecified, relayed.port != 0 else { return }
    let base = ICEBase(id: relays[index].id, address: relayed, kind: relays[index].server.kind)
    relays[index].base = base
    var address = LocalAddress(base: base, preference: localPreference(relayed.ip), candidates: [])
    let candidate = ICECandidate(
      foundation: foundation(.relayed, base: relayed.ip),
      priority: ICECandidate.priority(.relayed, localPreference: address.preference), address: relayed,
      kind: .relayed, related: mapped)
    address.candidates.append(candidate)
    localAddresses.append(address)
    outputs.append(.localCandidate(stamped(candidate)))
    for remote in list.remoteCandidates where !remote.isTCP { addPair(address, remote, now) }
  }
}
