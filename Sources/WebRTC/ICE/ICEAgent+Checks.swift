import Base

/// Our own connectivity checks (RFC 8445 §6.1.4, §7.2).
extension ICEAgent {
  /// Sends the checks that are due: triggered ones first, ordinary ones paced by Ta.
  func advanceChecks(_ now: Instant) {
    guard let at = nextCheckTime, at <= now else { return }
    while !list.triggered.isEmpty {
      let id = list.triggered.remove(at: 0)
      guard let index = list.index(of: id), list.pairs[index].state != .succeeded else { continue }
      return check(index, now)
    }
    if let id = list.nextWaiting, let index = list.index(of: id) { check(index, now) }
  }

  /// When the next check may leave; nil: there is none.
  var nextCheckTime: Instant? {
    guard list.remoteCredentials != nil, state != .failed, hasRoomForTransaction else { return nil }
    let pacing: Int
    if !list.triggered.isEmpty {
      pacing = Limits.triggeredCheckPacingMilliseconds
    } else if list.nextWaiting != nil {
      pacing = Limits.checkPacingMilliseconds
    } else {
      return nil
    }
    return lastCheckAt?.advanced(byMilliseconds: pacing) ?? Instant(microseconds: .min)
  }

  private func check(_ index: Int, _ now: Instant) {
    list.pairs[index].state = .inProgress
    // A repetition of the check before this one would only add to the load; its answer still counts.
    let id = list.pairs[index].id
    for index in transactions.indices {
      if case .check(id, _, _) = transactions[index].purpose {
        transactions[index].transmissions = Limits.checkTransmissionsMax
        transactions[index].nextAt = now.advanced(byMilliseconds: Limits.checkLingerMilliseconds)
      }
    }
    lastCheckAt = now
    sendCheck(list.pairs[index], nominates: isNominatedAtOnce(list.pairs[index]), now)
  }

  /// The best pair is nominated by its first check, as browsers do (RFC 5245 §8.1.1.2): a round trip less until the peer
  /// begins with DTLS. If it fails, another one is nominated as always.
  private func isNominatedAtOnce(_ pair: CandidatePair) -> Bool {
    role == .controlling && selected?.generation != list.generation && pair.base.kind == .udp
      && !list.pairs.contains { $0.isLive && $0.priority > pair.priority }
  }

  func sendCheck(_ pair: CandidatePair, nominates: Bool, _ now: Instant) {
    guard let remote = list.remoteCredentials,
      let local = localAddresses.first(where: { $0.base == pair.base })
    else { return }
    let message = checkMessage(
      from: local, credentials: list.localCredentials, remote: remote, nominates: nominates)
    let key = Array(remote.password.utf8)
    counters.checksSent &+= 1
    start(
      ICETransaction(
        id: message.transaction, purpose: .check(pair: pair.id, nominates: nominates, role: role),
        base: pair.base, remote: pair.remote.address, datagram: message.serialized(integrityKey: key),
        key: key,
        sentAt: now), now)
  }

  /// RFC 8445 §7.1: the Binding request of checks and of consent.
  func checkMessage(
    from address: LocalAddress, credentials local: ICECredentials, remote: ICECredentials, nominates: Bool
  ) -> STUNMessage {
    var message = STUNMessage(.request, transaction: TransactionID(random: random))
    message.add(
      STUNAttributeType.username,
      Array(remote.usernameFragment.utf8) + [UInt8(ascii: ":")] + Array(local.usernameFragment.utf8))
    message.add(
      STUNAttributeType.priority,
      number32: address.base.priority(.peerReflexive, localPreference: address.preference))
    message.add(
      role == .controlling ? STUNAttributeType.iceControlling : STUNAttributeType.iceControlled,
      number64: tieBreaker)
    if nominates { message.add(STUNAttributeType.useCandidate) }
    return message
  }

  /// A response to one of our requests (RFC 8445 §7.2.5).
  func handleResponse(
    _ message: STUNMessage, from source: SocketAddress, to base: ICEBase, _ now: Instant
  ) {
    guard let index = transactions.firstIndex(where: { $0.id == message.transaction }) else {
      counters.unexpectedResponses &+= 1
      return
    }
    let transaction = transactions[index]
    guard transaction.key.isEmpty || message.isAuthentic(key: transaction.key) else {
      counters.unauthenticatedMessages &+= 1
      return
    }
    transactions.remove(at: index)
    heard(source, at: base, now)
    if base.kind == .tcp { streamAnswered(base) }
    // §7.2.5.2.1: an answer from elsewhere does not prove the pair.
    let isSymmetric = source == transaction.remote && base == transaction.base
    let isSuccess =
      message.messageClass == .success && isSymmetric && message.unknownRequiredAttributes.isEmpty
    if isSymmetric, message.messageClass == .error, message.errorCode == 487 {
      return handleRoleConflict(transaction)
    }
    switch transaction.purpose {
    case .gathering:
      if isSymmetric { handleGathered(message, transaction) }
    case .consent:
      if isSuccess { consentAnswered(transaction, now) }
    case .check(let pair, let nominates, let sentAs):
      guard isSuccess, message.mappedAddress != nil else { return checkFailed(pair, nominated: nominates) }
      checkSucceeded(pair, nominated: nominates && sentAs == role, transaction, now)
    }
  }

  private func checkSucceeded(_ id: Int, nominated: Bool, _ transaction: ICETransaction, _ now: Instant) {
    guard let index = list.index(of: id), state != .failed else { return }
    list.pairs[index].state = .succeeded
    list.pairs[index].isAuthentic = true
    list.pairs[index].roundTripMicroseconds = Int(clamping: now.microseconds(since: transaction.sentAt))
    list.triggered = list.triggered.filter { $0 != id }
    if list.firstValidAt == nil { list.firstValidAt = now }
    if nominated || role == .controlled && list.pairs[index].isNominatedByPeer {
      select(list.pairs[index], now)
    }
  }

  func checkFailed(_ id: Int, nominated: Bool) {
    let isNomination = nominated && list.nominating == id
    if isNomination { list.nominating = nil }
    guard let index = list.index(of: id) else { return }
    // An answer to an earlier check of the same pair, or a later check, may still speak for it.
    let hasOthers = transactions.contains {
      if case .check(id, _, _) = $0.purpose { true } else { false }
    }
    if isNomination || list.pairs[index].state != .succeeded && !hasOthers {
      list.pairs[index].state = .failed
    }
  }

  /// Error 487: the peer insists on the role that we claimed (RFC 8445 §7.2.5.1).
  private func handleRoleConflict(_ transaction: ICETransaction) {
    var sentAs = role
    var pair: Int?
    switch transaction.purpose {
    case .gathering: return
    case .consent(let role): sentAs = role
    case .check(let id, _, let role): (pair, sentAs) = (id, role)
    }
    if sentAs == role {
      switchRole(to: role.opposite)
      tieBreaker = random.nextUInt64()
    }
    if let pair, let index = list.index(of: pair), list.pairs[index].state != .succeeded {
      list.pairs[index].state = .waiting
      list.trigger(pair)
    }
  }

  func switchRole(to next: ICERole) {
    role = next
    counters.roleSwitches &+= 1
    list.nominating = nil
    for index in list.pairs.indices { list.pairs[index].updatePriority(next) }
  }
}
