import Base

/// The peer's checks (RFC 8445 §7.3).
extension ICEAgent {
  /// A datagram that `DatagramKind` calls STUN. `base` is the local address of the socket that it came in on.
  func handle(datagram: [UInt8], from source: SocketAddress, to base: ICEBase, now: Instant) {
    let message: STUNMessage
    do throws(STUNFailure) {
      message = try STUNMessage.parse(datagram)
    } catch {
      counters.malformedMessages &+= 1
      return
    }
    guard message.method == STUNMessage.bindingMethod else {
      counters.malformedMessages &+= 1
      return
    }
    switch message.messageClass {
    case .request: handleRequest(message, from: source, to: base, now)
    case .success, .error: handleResponse(message, from: source, to: base, now)
    case .indication: break  // A keepalive, which wants no answer (RFC 8445 §11).
    }
  }

  private func handleRequest(
    _ message: STUNMessage, from source: SocketAddress, to base: ICEBase, _ now: Instant
  ) {
    guard let addressed = authenticate(message) else {
      // RFC 8489 §9.1.3 would answer 400 or 401. Silence tells a stranger less, and a peer that missed our new
      // credentials repeats itself anyway.
      counters.unauthenticatedMessages &+= 1
      return
    }
    guard localAddresses.contains(where: { $0.base == base }), !relaysOnly || base.kind != .udp else {
      return
    }
    heard(source, at: base, now)
    counters.checksReceived &+= 1
    let key = Array(addressed.credentials.password.utf8)
    let unknown = message.unknownRequiredAttributes
    if !unknown.isEmpty {
      var refusal = STUNMessage(.error, transaction: message.transaction)
      refusal.addError(420, reason: "Unknown Attribute")
      refusal.addUnknownAttributes(unknown)
      return transmit(refusal.serialized(integrityKey: key), from: base, to: source)
    }
    guard resolveRoleConflict(message) else {
      var refusal = STUNMessage(.error, transaction: message.transaction)
      refusal.addError(487, reason: "Role Conflict")
      return transmit(refusal.serialized(integrityKey: key), from: base, to: source)
    }
    var response = STUNMessage(.success, transaction: message.transaction)
    response.addMappedAddress(source)
    transmit(response.serialized(integrityKey: key), from: base, to: source)

    guard addressed.isPresent, state != .failed, let priority = message.priority else { return }
    let check = EarlyCheck(
      base: base, source: source, priority: priority, usesCandidate: message.usesCandidate,
      remoteFragment: addressed.remoteFragment)
    if list.remoteCredentials != nil { return handleCheck(check, now) }
    guard list.earlyChecks.count < Limits.earlyChecksMax else {
      counters.overLimit &+= 1
      return
    }
    if !list.earlyChecks.contains(check) { list.earlyChecks.append(check) }
  }

  /// An authentic check of the present generation.
  func handleCheck(_ check: EarlyCheck, _ now: Instant) {
    // A connection of ours leads to a candidate that is known.
    if check.base.kind != .tcp,
      !list.remoteCandidates.contains(where: { !$0.isTCP && $0.address == check.source })
    {
      let known = list.remoteCandidates.count { $0.kind == .peerReflexive }
      guard known < Limits.peerReflexiveCandidatesMax else {
        counters.overLimit &+= 1
        return
      }
      // §7.3.1.3. Its foundation matters to nobody, as long as it differs from those of the peer.
      addRemote(
        ICECandidate(
          foundation: random.alphanumeric(8), priority: check.priority, address: check.source,
          kind: .peerReflexive), now)
    }
    if list.index(base: check.base, remote: check.source) == nil,
      let local = localAddresses.first(where: { $0.base == check.base }),
      let remote = list.remoteCandidates.first(where: {
        $0.address == check.source && $0.isTCP == (check.base.kind == .tcp)
      })
    {
      addPair(local, remote, now)
    }
    guard let index = list.index(base: check.base, remote: check.source) else { return }
    list.pairs[index].isAuthentic = true
    let isNomination = check.usesCandidate && role == .controlled
    if isNomination { list.pairs[index].isNominatedByPeer = true }
    if list.pairs[index].state == .succeeded {
      if isNomination { select(list.pairs[index], now) }
    } else {
      // §7.3.1.4: the peer's datagrams come through, so ours probably do.
      if list.pairs[index].state != .inProgress { list.pairs[index].state = .waiting }
      list.trigger(list.pairs[index].id)
    }
  }

  /// Whether the peer has proved that it is there: by a check or an answer that only those can make who know the
  /// passwords of the descriptions. Nothing else may speak DTLS or SRTP to us.
  func knows(_ source: SocketAddress, at base: ICEBase) -> Bool {
    if let path = selected?.path, path.base == base, path.remote == source { return true }
    if let index = list.index(base: base, remote: source), list.pairs[index].isAuthentic { return true }
    return list.earlyChecks.contains { $0.base == base && $0.source == source }
  }

  private struct Addressed {
    var credentials: ICECredentials
    /// Of the present generation, not of the one before the restart.
    var isPresent: Bool
    var remoteFragment: [UInt8]
  }

  /// USERNAME is `<our fragment>:<their fragment>` (RFC 8445 §7.2.2), integrity is made with our password.
  private func authenticate(_ message: STUNMessage) -> Addressed? {
    guard let username = message.username, let colon = username.firstIndex(of: UInt8(ascii: ":")) else {
      return nil
    }
    let fragment = username[..<colon]
    var candidates = [(credentials: list.localCredentials, isPresent: true)]
    if let selected, selected.generation != list.generation { candidates.append((selected.local, false)) }
    for (credentials, isPresent) in candidates
    where fragment.elementsEqual(credentials.usernameFragment.utf8) {
      guard message.isAuthentic(key: Array(credentials.password.utf8)) else { return nil }
      return Addressed(
        credentials: credentials, isPresent: isPresent, remoteFragment: Array(username[(colon + 1)...]))
    }
    return nil
  }

  /// RFC 8445 §7.3.1.1. False: the peer has to give way, and is told so.
  private func resolveRoleConflict(_ message: STUNMessage) -> Bool {
    if role == .controlling, let other = message.controllingTieBreaker {
      if tieBreaker >= other { return false }
      switchRole(to: .controlled)
    } else if role == .controlled, let other = message.controlledTieBreaker {
      if tieBreaker < other { return false }
      switchRole(to: .controlling)
    }
    return true
  }
}
