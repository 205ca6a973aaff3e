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
    core.statistics.signalMessagesSent += 1
    put(.sendWebSocket(connection: core.connection, request.encoded()))
  }

  func setState(_ state: ConnectionState, _ reason: String) {
    guard core.state != state else { return }
    core.state = state
    emit(.connectionStateChanged(state, reason: reason))
  }

  private var deadline: Instant? {
    var result = earliest(core.phaseDeadline, core.session.keepalive.deadline)
    result = earliest(result, core.session.negotiation.outstanding?.until)
    result = earliest(result, core.session.publisherDeadline)
    result = earliest(result, core.session.publisherWait)
    result = earliest(result, core.session.subscriberWait)
    result = earliest(result, earliest(core.session.data.waitingUntil, core.rpc.deadline))
    result = earliest(result, core.stateRequests.deadline)
    result = earliest(result, core.streams.deadline)
    for track in core.localTracks { result = earliest(result, track.publishDeadline) }
    return result
  }

  /// Whatever is overdue. Each loss ends the session, so the first one is the only one.
  private func expire(_ now: Instant) {
    if let until = core.phaseDeadline, until <= now {
      phaseExpired(now)
    } else if core.session.keepalive.isSilent(now: now) {
      lose(.pingTimeout, now)
    } else if let offer = core.session.negotiation.outstanding, offer.until <= now {
      lose(.negotiationTimeout, now)
    } else if core.localTracks.contains(where: { $0.publishDeadline.map { $0 <= now } ?? false }) {
      lose(.negotiationTimeout, now)
    } else if let until = core.session.publisherDeadline, until <= now {
      lose(.mediaTimeout("publisher"), now)
    }
    if core.session.keepalive.isDue(now: now) { ping(now) }
    expireWaitingPackets(now)
    expireCalls(now)
    expireInvocations(now)
    expireStateRequests(now)
    expireStreams(now)
  }

  private func phaseExpired(_ now: Instant) {
    switch core.phase {
    case .idle, .connected: break
    case .dialling: lose(.timedOut(host: core.url?.authority ?? ""), now)
    case .validating: validationFailed(now)
    case .awaitingJoin: lose(.noJoinResponse, now)
    case .connectingMedia: lose(.mediaTimeout(missingPeers), now)
    case .interrupted: lose(core.session.peerFailure ?? .mediaTimeout(missingPeers), now)
    case .waiting: dial(now)
    case .leaving: finish(nil, reason: "left", now)
    }
  }

  private func ping(_ now: Instant) {
    let timestamp = core.tokens?.wallClockMilliseconds(now: now) ?? 0
    let roundTrip = Int64(core.session.keepalive.roundTripMilliseconds ?? 0)
    send(.ping(timestampMilliseconds: timestamp, roundTripMilliseconds: roundTrip))
    core.session.keepalive.sentPing(timestampMilliseconds: timestamp, now: now)
  }
}
