import Base

/// A socket, stream or relay of ours, and the candidates that stand for it.
struct LocalAddress: Equatable, Sendable {
  var base: ICEBase
  /// Different for each address (RFC 8445 §5.1.2.1).
  var preference: UInt16
  var candidates: [ICECandidate]
}

extension ICEAgent {
  /// A socket is bound here: a host candidate, and reflexive ones from every STUN server of the same family.
  func addLocalAddress(_ socket: SocketAddress, now: Instant) {
    let base = ICEBase.udp(socket)
    guard !localAddresses.contains(where: { $0.base == base }) else { return }
    let sockets = localAddresses.count { $0.base.kind == .udp }
    guard sockets < Limits.localAddressesMax, !socket.ip.isUnspecified, socket.port != 0 else {
      counters.overLimit &+= 1
      return
    }
    var address = LocalAddress(base: base, preference: localPreference(socket.ip), candidates: [])
    if relaysOnly { return localAddresses.append(address) }
    let host = ICECandidate(
      foundation: foundation(.host, base: socket.ip),
      priority: ICECandidate.priority(.host, localPreference: address.preference), address: socket,
      kind: .host)
    address.candidates.append(host)
    localAddresses.append(address)
    outputs.append(.localCandidate(stamped(host)))
    for remote in list.remoteCandidates where !remote.isTCP { addPair(address, remote, now) }
    for server in stunServers { gather(from: base, server: server, now) }
  }

  /// The socket is gone.
  func removeLocalAddress(_ socket: SocketAddress, now: Instant) {
    remove(.udp(socket), "the local address \(socket) is gone", now)
  }

  /// A path that used it is given up, and the remaining pairs are checked again.
  func remove(_ base: ICEBase, _ reason: String, _ now: Instant) {
    guard localAddresses.contains(where: { $0.base == base }) else { return }
    localAddresses = localAddresses.filter { $0.base != base }
    let lost = list.pairs.filter { $0.base == base }.map { $0.id }
    list.pairs = list.pairs.filter { $0.base != base }
    list.triggered = list.triggered.filter { !lost.contains($0) }
    transactions = transactions.filter { $0.base != base }
    // What still waits to be sent from there has no socket any more.
    outputs.removeFirst(outputIndex)
    outputIndex = 0
    outputs = outputs.filter {
      switch $0 {
      case .transmit(_, base, _), .sendStream(base.id, _, _): false
      default: true
      }
    }
    relayQueue = relayQueue.filter { $0.base != base }
    removeRelays(over: base, now)
    if let nominating = list.nominating, list.index(of: nominating) == nil { list.nominating = nil }
    guard selected?.path.base == base else { return }
    selected = nil
    for index in list.pairs.indices where list.pairs[index].state != .inProgress {
      list.pairs[index].state = .waiting
    }
    list.firstValidAt = nil
    if list.remoteCredentials != nil { list.lastProgress = now }
    change(.disconnected, reason)
    tell(.gone)
  }

  /// A STUN server, its name resolved: asks it for our address from every socket (RFC 8445 §5.1.1.2).
  func addSTUNServer(_ server: SocketAddress, now: Instant) {
    guard !stunServers.contains(server) else { return }
    guard stunServers.count < Limits.stunServersMax, !server.ip.isUnspecified, server.port != 0 else {
      counters.overLimit &+= 1
      return
    }
    stunServers.append(server)
    for address in localAddresses { gather(from: address.base, server: server, now) }
  }

  /// Whether a STUN server may still answer.
  var isGathering: Bool { transactions.contains { $0.purpose == .gathering } }

  func handleGathered(_ message: STUNMessage, _ transaction: ICETransaction) {
    guard message.messageClass == .success, let mapped = message.mappedAddress,
      let index = localAddresses.firstIndex(where: { $0.base == transaction.base })
    else { return }
    // Redundant if some candidate with the same base has this address already (RFC 8445 §5.1.3).
    guard !localAddresses[index].candidates.contains(where: { $0.address == mapped }),
      mapped.ip.family == transaction.base.address.ip.family, !mapped.ip.isUnspecified
    else { return }
    guard localAddresses.reduce(0, { $0 + $1.candidates.count }) < Limits.localCandidatesMax else {
      counters.overLimit &+= 1
      return
    }
    let candidate = ICECandidate(
      foundation: foundation(
        .serverReflexive, base: transaction.base.address.ip, server: transaction.remote.ip),
      priority: ICECandidate.priority(.serverReflexive, localPreference: localAddresses[index].preference),
      address: mapped, kind: .serverReflexive, related: transaction.base.address)
    localAddresses[index].candidates.append(candidate)
    outputs.append(.localCandidate(stamped(candidate)))
  }

  /// With the fragment of the present generation, so that the peer can tell an old candidate from a new one.
  func stamped(_ candidate: ICECandidate) -> ICECandidate {
    var result = candidate
    result.usernameFragment = list.localCredentials.usernameFragment
    return result
  }

  private func gather(from base: ICEBase, server: SocketAddress, _ now: Instant) {
    // A loopback address is seen as it is, and only by a server on the same machine.
    let ip = base.address.ip
    guard !relaysOnly, base.kind == .udp, ip.family == server.ip.family,
      ip.isLoopback == server.ip.isLoopback,
      ip.isLinkLocal == server.ip.isLinkLocal
    else { return }
    let request = STUNMessage(.request, transaction: TransactionID(random: random))
    start(
      ICETransaction(
        id: request.transaction, purpose: .gathering, base: base, remote: server,
        datagram: request.serialized(), key: [], sentAt: now), now)
  }

  /// Equal for the same kind, base and server (RFC 8445 §5.1.1.3), different for others unless two hashes of a
  /// handful collide (FNV-1a).
  func foundation(_ kind: ICECandidate.Kind, base: IPAddress, server: IPAddress? = nil) -> String {
    var hash: UInt32 = 2_166_136_261
    for byte in Array(kind.name.utf8) + base.bytes + (server?.bytes ?? []) {
      hash = (hash ^ UInt32(byte)) &* 16_777_619
    }
    return "\(hash)"
  }

  /// Addresses that reach further come first; among equals the one that was added first (RFC 8421 §4 asks that
  /// neither family keeps the other waiting, so the order of the caller decides, not the family).
  func localPreference(_ ip: IPAddress) -> UInt16 {
    var preference: UInt16 = ip.isLoopback ? 16383 : ip.isLinkLocal ? 32767 : 65535
    while localAddresses.contains(where: { $0.preference == preference }) { preference -= 1 }
    return preference
  }
}
