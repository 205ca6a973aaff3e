import Base
import WebRTC

extension Room {
  public func handle(_ input: Input, now: Instant) {
    switch input {
    case .webSocketOpened(let connection):
      if connection == core.connection { webSocketOpened(now) }
    case .webSocketMessage(let bytes, let connection):
      if connection == core.connection { received(bytes, now) }
    case .webSocketClosed(let connection, let code, let reason):
      if connection == core.connection { webSocketClosed(code, reason, now) }
    case .webSocketOverflowed(let connection, let max):
      if connection == core.connection { webSocketOverflowed(max, now) }
    case .webSocketFailed(let connection, let failure):
      if connection == core.connection { webSocketFailed(failure, now) }
    case .httpResponse(let request, let status, let body):
      if request == core.request { validated(status, body, now) }
    case .httpFailed(let request, _):
      if request == core.request { validationFailed(now) }
    case .hostResolved(let name, let addresses):
      if name.utf8.spells(NAT64Prefix.name) { core.media.translation.resolved(addresses) }
      if let prefix = core.media.translation.prefix {
        for peer in [Peer.publisher, .subscriber] { core.media[peer]?.handle(.translator(prefix), now: now) }
      }
      if addresses.isEmpty, core.media.servers.waitsForRelay(at: name) {
        relayFailed("turn:\(name): no address of that name is known")
      }
      for server in core.media.servers.resolved(name: name, addresses) { announce(server, now) }
    case .localAddress(let address, let peer):
      resumeSooner(now)
      if core.media.translation.isWanted(by: address.ip) { put(.resolveHost(name: NAT64Prefix.name)) }
      core.media[peer]?.handle(.localAddress(address), now: now)
    case .localAddressGone(let address, let peer):
      core.media[peer]?.handle(.localAddressGone(address), now: now)
    case .socketsOpened(let peer):
      if peer == .publisher, core.media.socketsUntil != nil { dialWithOffer(now) }
    case .datagram(let bytes, let from, let to, let peer):
      core.media.heardAt = now
      core.media[peer]?.handle(.datagram(bytes, from: from, to: to), now: now)
    case .streamOpened(let id, let local, let peer):
      core.media[peer]?.handle(.streamOpened(id, local: local), now: now)
    case .streamBytes(let id, let bytes, let peer):
      core.media.heardAt = now
      core.media[peer]?.handle(.streamBytes(id, bytes), now: now)
    case .streamEnded(let id, let reason, let peer):
      core.media[peer]?.handle(.streamEnded(id, reason: reason), now: now)
    case .keyDerived(let key, let generation): keyDerived(key, generation: generation)
    case .timeout:
      wakePeers(now)
    }
    expire(now)
  }

  public func poll(now: Instant) -> Output {
    while true {
      if core.nextOutput < core.outputs.count {
        core.nextOutput += 1
        return core.outputs[core.nextOutput - 1]
      }
      core.outputs.removeAll(keepingCapacity: true)
      core.nextOutput = 0
      if pump(.subscriber, now) || pump(.publisher, now) { continue }
      return .wait(until: deadline)
    }
  }

  func put(_ output: Output) { core.outputs.append(output) }
  func emit(_ event: Event) { put(.event(event)) }

  func send(_ request: SignalRequest) {
    if core.resume != nil {
      let isHeld = core.held.hold(request, max: configuration.limits.heldRequestsMax)
      if !isHeld { core.statistics.limitDrops &+= 1 }
      return
    }
    guard core.signalling.socket == .open else { return }
    core.statistics.signalMessagesSent &+= 1
    put(.sendWebSocket(connection: core.connection, request.encoded()))
  }

  /// What the connection's state follows from, once it has stood.
  func showState(_ reason: String) {
    switch core.phase {
    case .connected: setState(core.resume == nil ? .connected : .resuming(mediaFlows: true), reason)
    case .interrupted: setState(.resuming(mediaFlows: false), reason)
    default: break
    }
  }

  func setState(_ state: ConnectionState, _ reason: String) {
    guard core.state != state else { return }
    core.state = state
    emit(.connectionStateChanged(state, reason: reason))
  }
}
