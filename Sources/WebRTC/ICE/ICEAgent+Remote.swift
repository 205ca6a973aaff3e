import Base

/// What signalling tells: the peer's credentials and candidates, and restarts.
extension ICEAgent {
  /// The credentials of a remote description. Changed ones mean that the peer restarted (RFC 8839 §4.4.1.1.1): then
  /// our own have changed too when this returns, and the answer must carry them.
  func setRemote(_ credentials: ICECredentials, isLite: Bool, now: Instant) {
    remoteIsLite = isLite
    if isLite, role == .controlled { switchRole(to: .controlling) }
    if list.remoteCredentials == credentials { return }
    if list.remoteCredentials != nil { beginGeneration(now) }
    list.remoteCredentials = credentials
    list.lastProgress = now
    if !relaysOnly || relaysFrom == nil { relaysFrom = now }
    if relays.isEmpty { askedServers = [] }
    if state == .new || state == .failed { change(.checking, "looking for a path to the peer") }

    let held = heldCandidates
    heldCandidates = []
    for candidate in held { accept(candidate, isReplayed: true, now) }
    let early = list.earlyChecks
    list.earlyChecks = []
    for check in early where check.remoteFragment.spells(credentials.usernameFragment) {
      handleCheck(check, now)
    }
  }

  /// Begins a new generation on our side: the next offer carries the new `localCredentials`. Media keeps its path
  /// until the new generation has one (RFC 8445 §9).
  func restart(now: Instant) {
    beginGeneration(now)
  }

  /// A trickled `candidate:...` line. One that comes too early is held back; a malformed one is counted. An empty
  /// line means end of candidates (RFC 8838 §13).
  func addRemoteCandidate(_ line: String, now: Instant) {
    if line.utf8.isEmpty { return endRemoteCandidates(now: now) }
    do throws(CandidateFailure) {
      accept(try ICECandidate.parse(line), isReplayed: false, now)
    } catch {
      switch error {
      case .malformed: counters.malformedCandidates &+= 1
      case .ignored: counters.ignoredCandidates &+= 1
      }
    }
  }

  /// This network has only IPv6: what the peer has of IPv4 is reached through a translator.
  func setTranslator(_ prefix: NAT64Prefix, now: Instant) {
    translator = prefix
    for candidate in list.remoteCandidates { acceptTranslated(candidate, now) }
  }

  private func acceptTranslated(_ candidate: ICECandidate, _ now: Instant) {
    guard let address = translator?.translated(candidate.address) else { return }
    var twin = candidate
    twin.address = address
    accept(twin, isReplayed: true, now)
  }

  func endRemoteCandidates(now: Instant) {
    list.remoteEnded = true
  }

  private func beginGeneration(_ now: Instant) {
    if selected == nil, state == .disconnected || state == .failed { change(.checking, "ICE restart") }
    transactions = transactions.filter {
      if case .check = $0.purpose { false } else { true }
    }
    lastCheckAt = nil
    list = CheckList(
      generation: list.generation + 1, localCredentials: ICEAgent.makeCredentials(random))
    closeFormerStreams(now)
    announcePath()
    for candidate in localCandidates { outputs.append(.localCandidate(candidate)) }
  }

  private func accept(_ candidate: ICECandidate, isReplayed: Bool, _ now: Instant) {
    guard let remote = list.remoteCredentials else { return hold(candidate) }
    if let fragment = candidate.usernameFragment, fragment != remote.usernameFragment {
      // Ahead of the description that announces its generation, or late by one; the next description tells.
      if !isReplayed { return hold(candidate) }
      counters.staleCandidates &+= 1
      return
    }
    if let index = list.remoteCandidates.firstIndex(where: {
      $0.address == candidate.address && $0.isTCP == candidate.isTCP
    }) {
      // A check was faster than signalling, and what it could not say is known now (RFC 8445 §7.3.1.3).
      if list.remoteCandidates[index].kind == .peerReflexive { updateRemote(candidate, at: index) }
      return
    }
    let signalled = list.remoteCandidates.count { $0.kind != .peerReflexive }
    guard signalled < Limits.remoteCandidatesMax else {
      counters.overLimit &+= 1
      return
    }
    addRemote(candidate, now)
    acceptTranslated(candidate, now)
  }

  private func hold(_ candidate: ICECandidate) {
    guard !heldCandidates.contains(candidate) else { return }
    if heldCandidates.count >= Limits.heldCandidatesMax {
      counters.overLimit &+= 1
      heldCandidates.remove(at: 0)
    }
    heldCandidates.append(candidate)
  }

  func addRemote(_ candidate: ICECandidate, _ now: Instant) {
    list.remoteCandidates.append(candidate)
    if candidate.isTCP, relaysOnly { return }
    if candidate.isTCP { return addStream(to: candidate.address, now) }
    for address in localAddresses where address.base.kind != .tcp { addPair(address, candidate, now) }
  }

  private func updateRemote(_ candidate: ICECandidate, at index: Int) {
    list.remoteCandidates[index] = candidate
    for index in list.pairs.indices
    where list.pairs[index].remote.address == candidate.address
      && list.pairs[index].remote.isTCP == candidate.isTCP
    {
      list.pairs[index].remote = candidate
      list.pairs[index].updatePriority(role)
    }
  }

  func addPair(_ local: LocalAddress, _ remote: ICECandidate, _ now: Instant) {
    let ip = local.base.address.ip
    // An IPv6 link-local address reaches only its like (RFC 8445 §6.1.2.2).
    guard !relaysOnly || local.base.kind >= .relayedByUDP, ip.family == remote.address.ip.family,
      ip.family == .v4 || ip.isLinkLocal == remote.address.ip.isLinkLocal,
      list.index(base: local.base, remote: remote.address) == nil
    else { return }
    var pair = CandidatePair(
      id: nextPairID, base: local.base,
      localPriority: local.base.priority(.host, localPreference: local.preference), remote: remote)
    pair.updatePriority(role)
    // Once there is a path, only the peer's own checks open further ones.
    if !isWorthChecking(local.base.kind) { pair.state = .stopped }
    guard makeRoom(for: pair) else {
      counters.overLimit &+= 1
      return
    }
    nextPairID &+= 1
    list.pairs.append(pair)
    permit(remote.address, at: local.base, now)
    list.lastProgress = now
    if state == .failed { change(.checking, "a new candidate to try") }
  }

  /// Keeps the number of pairs within the limit (RFC 8445 §6.1.2.5): the least promising one goes.
  private func makeRoom(for pair: CandidatePair) -> Bool {
    guard list.pairs.count >= Limits.candidatePairsMax else { return true }
    var worst: CandidatePair?
    for old in list.pairs where old.state == .waiting || old.state == .failed || old.state == .stopped {
      if old.id == selected?.pair { continue }
      let isWorse = worst.map { worst in
        (old.state == .failed) != (worst.state == .failed)
          ? old.state == .failed : old.priority < worst.priority
      }
      if isWorse ?? true { worst = old }
    }
    guard let worst, worst.state == .failed || worst.priority < pair.priority else { return false }
    list.pairs = list.pairs.filter { $0.id != worst.id }
    list.triggered = list.triggered.filter { $0 != worst.id }
    return true
  }
}
