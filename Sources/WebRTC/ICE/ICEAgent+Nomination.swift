import Base

/// The nominated pair, with the credentials of its generation.
struct SelectedPath {
  var path: ICEAgent.Path
  var generation: Int
  var pair: Int
  var priority: UInt64
  var local: ICECredentials
  var remote: ICECredentials
  var roundTripMicroseconds: Int?
  var selectedAt: Instant
  /// When something last came over it from the peer.
  var heardAt: Instant
  var consent: Consent
}

/// From valid pairs to the one that is used (RFC 8445 §8).
extension ICEAgent {
  /// As controlling agent: nominates the best valid pair as soon as no better one is left to wait for.
  func advanceNomination(_ now: Instant) {
    guard let best = nominee, let index = list.index(of: best.id) else { return }
    let isTop = !list.pairs.contains { $0.isLive && $0.priority > best.priority }
    let isDue = nominationDeadline.map { $0 <= now } ?? false
    guard isTop || isDue || selected?.generation == list.generation else { return }
    list.nominating = best.id
    sendCheck(list.pairs[index], nominates: true, now)
  }

  /// When waiting for a better pair ends; nil: nothing waits.
  var nominationDeadline: Instant? {
    guard let nominee else { return nil }
    return list.firstValidAt?.advanced(byMilliseconds: nominee.base.kind.nominationWaitMilliseconds)
  }

  /// The pair that should be used, once there is nothing better to wait for: the best valid one, or a cheaper one
  /// than is used, or any other when the present one is silent.
  var nominee: CandidatePair? {
    guard role == .controlling, list.nominating == nil, state != .failed, hasRoomForTransaction else {
      return nil
    }
    guard let selected, selected.generation == list.generation else { return list.bestValid }
    var best: CandidatePair?
    for pair in list.pairs where pair.state == .succeeded && pair.id != selected.pair {
      guard health != .good || pair.base.kind < selected.path.base.kind else { continue }
      if pair.priority > best?.priority ?? 0 { best = pair }
    }
    return best
  }

  /// Uses a nominated pair from now on.
  func select(_ pair: CandidatePair, _ now: Instant) {
    guard let remote = list.remoteCredentials else { return }
    if let selected, selected.generation == list.generation {
      // A peer of RFC 5245 may nominate every pair at once; then the best one counts (its §8.1.1.2). Later, or when
      // the present pair falls silent, the controlling side has its reasons to change to another one.
      let isSilent = selected.consent.unansweredSince != nil
      let isLater = now.milliseconds(since: selected.selectedAt) >= Limits.nominationSettledMilliseconds
      guard selected.pair != pair.id, pair.priority > selected.priority || isSilent || isLater else { return }
      // It has to prove itself before it is taken again.
      if health != .good, let index = list.index(of: selected.pair) { list.pairs[index].state = .failed }
    }
    selected = SelectedPath(
      path: Path(base: pair.base, remote: pair.remote.address, remoteKind: pair.remote.kind),
      generation: list.generation, pair: pair.id, priority: pair.priority, local: list.localCredentials,
      remote: remote, roundTripMicroseconds: pair.roundTripMicroseconds,
      selectedAt: now, heardAt: now, consent: Consent(answeredAt: now, nextRequestAt: nextConsentTime(now)))
    list.nominating = nil
    stopOtherChecks(than: pair.id)
    closeFormerStreams(now)
    if pair.base.kind < .relayedByUDP { releaseRelays(now) }
    tell(.good)
    announcePath()
    change(.connected, "\(pair.base.address) to \(pair.remote.address)")
  }

  /// RFC 8445 §8.1.2. Requests of the former generation's path end here as well.
  private func stopOtherChecks(than id: Int) {
    list.triggered = []
    for index in list.pairs.indices where list.pairs[index].id != id {
      list.pairs[index].isNominatedByPeer = false
      if list.pairs[index].isLive, !isWorthChecking(list.pairs[index].base.kind) {
        list.pairs[index].state = .stopped
      }
    }
    transactions = transactions.filter {
      switch $0.purpose {
      case .gathering: true
      case .consent: false
      case .check: isWorthChecking($0.base.kind)
      }
    }
  }

  /// Gives up when nothing is selected and nothing is left to try.
  func advanceFailure(_ now: Instant) {
    guard let deadline = failureDeadline, deadline <= now else { return }
    if list.pairs.isEmpty {
      change(.failed, "the peer has named no address that could be tried")
    } else if list.hasValid {
      change(.failed, "the peer answers but never nominated a path")
    } else {
      change(.failed, "none of \(list.pairs.count) candidate pairs was answered")
    }
    transactions = transactions.filter { $0.purpose == .gathering }
    selected = nil
  }

  var failureDeadline: Instant? {
    guard let since = list.lastProgress, selected?.generation != list.generation, state != .failed,
      !list.hasLivePairs, list.nominating == nil
    else { return nil }
    let ended =
      list.remoteEnded && !list.pairs.isEmpty && !list.hasValid && !isGathering && !isRelaying
      && streams.isEmpty
    return since.advanced(
      byMilliseconds: ended ? Limits.checkingGraceAfterEndMilliseconds : Limits.checkingGraceMilliseconds)
  }
}
