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
      for server in core.session.stun.resolved(name: name, addresses) { announce(server, now) }
    case .localAddress(let address, let peer):
      core.session[peer]?.handle(.localAddress(address), now: now)
    case .localAddressGone(let address, let peer):
      core.session[peer]?.handle(.localAddressGone(address), now: now)
    case .datagram(let bytes, let from, let to, let peer):
      core.session[peer]?.handle(.datagram(bytes, from: from, to: to), now: now)
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
    guard core.session.socket == .open else { return }
    core.statistics.signalMessagesSent &+= 1
    put(.sendWebSocket(connection: core.connection, request.encoded()))
  }

  func setState(_ state: ConnectionState, _ reason: String) {
    guard core.state != state else { return }
    core.state = state
    emit(.connectionStateChanged(state, reason: reason))
  }
}
