import Base

/// What the client asks, when it asks again, and what becomes of the unanswered.
extension TURNClient {
  mutating func advance(_ now: Instant) {
    advanceTransactions(now)
    guard phase == .allocated else { return }
    if let due = refreshAt, due <= now {
      refreshAt = nil
      request(.refresh, now)
    }
    advancePeers(now)
  }

  mutating func request(_ purpose: TURNTransaction.Purpose, _ now: Instant, challenges: Int = 0) {
    var message = STUNMessage(
      .request, method: purpose.method, transaction: TransactionID(random: random))
    switch purpose {
    case .allocate: message.add(STUNAttributeType.requestedTransport, [17, 0, 0, 0])  // UDP
    case .refresh: break
    case .release: message.add(STUNAttributeType.lifetime, number32: 0)
    case .permission(let peer): message.addMasked(STUNAttributeType.xorPeerAddress, peer)
    case .binding(let peer):
      let channel = peers.first { $0.address == peer }?.channel ?? 0
      message.add(STUNAttributeType.channelNumber, number32: UInt32(channel) << 16)
      message.addMasked(STUNAttributeType.xorPeerAddress, peer)
    }
    if !key.isEmpty {
      message.add(STUNAttributeType.username, username)
      message.add(STUNAttributeType.realm, realm)
      message.add(STUNAttributeType.nonce, nonce)
    }
    let interval =
      isStream ? Limits.turnStreamAnswerMilliseconds : Limits.turnRetransmissionMilliseconds
    let transaction = TURNTransaction(
      id: message.transaction, purpose: purpose,
      datagram: message.serialized(integrityKey: key.isEmpty ? nil : key), key: key, challenges: challenges,
      intervalMilliseconds: interval, nextAt: now.advanced(byMilliseconds: interval))
    transactions.append(transaction)
    push(.transmit(transaction.datagram))
  }

  private mutating func advanceTransactions(_ now: Instant) {
    var index = 0
    while index < transactions.count {
      guard transactions[index].nextAt <= now else {
        index += 1
        continue
      }
      if !isStream, transactions[index].transmissions < Limits.turnTransmissionsMax {
        transactions[index].transmissions += 1
        transactions[index].intervalMilliseconds *= 2
        transactions[index].nextAt = now.advanced(
          byMilliseconds: transactions[index].intervalMilliseconds)
        push(.transmit(transactions[index].datagram))
        index += 1
      } else {
        expire(transactions.remove(at: index).purpose, now)
      }
    }
  }

  /// An outage need not be the end: as long as the allocation lives, what is not answered is asked again.
  private mutating func expire(_ purpose: TURNTransaction.Purpose, _ now: Instant) {
    switch purpose {
    case .release: end(.closed)
    case .refresh where now < expiresAt: refreshAt = now
    case .allocate, .refresh: fail("does not answer")
    case .permission(let peer): change(peer) { $0.permissionDueAt = now }
    case .binding(let peer): change(peer) { $0.bindingDueAt = now }
    }
  }

  /// Renews permissions and channels, and forgets peers that nobody has used since.
  private mutating func advancePeers(_ now: Instant) {
    var index = 0
    while index < peers.count {
      let peer = peers[index]
      if let due = peer.permissionDueAt, due <= now {
        guard now < peer.usedAt.advanced(byMilliseconds: Limits.turnPermissionMilliseconds) else {
          peers.remove(at: index)
          transactions.removeAll { $0.purpose == .binding(peer.address) }
          continue
        }
        askPermission(index, now)
      }
      if let due = peer.bindingDueAt, due <= now {
        peers[index].bindingDueAt = nil
        request(.binding(peer.address), now)
      }
      index += 1
    }
  }

  /// If it is time for it.
  mutating func askPermission(_ index: Int, _ now: Instant) {
    guard let due = peers[index].permissionDueAt, due <= now else { return }
    peers[index].permissionDueAt = nil
    peers[index].isRefused = false
    request(.permission(peers[index].address), now)
  }

  /// Asks for the channel of a peer that is sent to, once.
  mutating func bind(_ index: Int, _ now: Instant) {
    guard peers[index].channel == 0, Limits.turnChannels.contains(nextChannel) else { return }
    peers[index].channel = nextChannel
    nextChannel += 1
    request(.binding(peers[index].address), now)
  }

  /// The peer's place in the list, where it is entered if there is room.
  mutating func index(of peer: SocketAddress, _ now: Instant) -> Int? {
    if let index = peers.firstIndex(where: { $0.address == peer }) {
      peers[index].usedAt = now
      return index
    }
    guard phase == .new || phase == .allocating || phase == .allocated, peers.count < Limits.turnPeersMax
    else { return nil }
    peers.append(TURNPeer(peer, now))
    if let relayed { checkFamily(of: peer, relayed, now) }
    return peers.count - 1
  }

  mutating func change(_ peer: SocketAddress, _ body: (inout TURNPeer) -> Void) {
    guard let index = peers.firstIndex(where: { $0.address == peer }) else { return }
    body(&peers[index])
  }
}
