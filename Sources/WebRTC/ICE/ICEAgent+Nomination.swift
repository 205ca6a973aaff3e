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
  var consent: Consent
}

/// From valid pairs to the one that is used (RFC 8445 §8).
extension ICEAgent {
  /// As controlling agent: nominates the best valid pair as soon as no better one is left to wait for.
  func advanceNomination(_ now: Instant) {
    guard mayNominate, let best = list.bestValid, let index = list.index(of: best.id) else { return }
    let isTop = !list.pairs.contains { $0.isLive && $0.priority > best.priority }
    let isDue = nominationDeadline.map { $0 <= now } ?? false
    guard isTop || isDue else { return }
    list.nominating = best.id
    sendCheck(list.pairs[index], nominates: true, now)
  }

  /// When waiting for a better pair ends; nil: nothing waits.
  var nominationDeadline: Instant? {
    guard mayNominate, list.hasValid else { return nil }
    return list.firstValidAt?.advanced(byMilliseconds: Limits.nominationWaitMilliseconds)
  }

  private var mayNominate: Bool {
    role == .controlling && list.nominating == nil && selected?.generation != list.generation
      && state != .failed && hasRoomForTransaction
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
    }
    selected = SelectedPath(
      path: Path(base: pair.base, remote: pair.remote.address, remoteKind: pair.remote.kind),
      generation: list.generation, pair: pair.id, priority: pair.priority, local: list.localCredentials,
      remote: remote, roundTripMicroseconds: pair.roundTripMicroseconds,
      selectedAt: now, consent: Consent(answeredAt: now, nextRequestAt: nextConsentTime(now)))
    list.nominating = nil
    stopOtherChecks(than: pair.id)
    announcePath()
    change(.connected, "\(pair.base) to \(pair.remote.address)")
  }

  /// RFC 8445 §8.1.2. Requests of the former generation's path end here as well.
  private func stopOtherChecks(than id: Int) {
    list.triggered = []
    for index in list.pairs.indices where list.pairs[index].id != id {
      list.pairs[index].isNominatedByPeer = false
      if list.pairs[index].isLive { list.pairs[index].state = .stopped }
    }
    transactions = transactions.filter { $0.purpose == .gathering }
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
    let ended = list.remoteEnded && !list.pairs.isEmpty && !list.hasValid && !isGathering
    return since.advanced(
      byMilliseconds: ended ? Limits.checkingGraceAfterEndMilliseconds : Limits.checkingGraceMilliseconds)
  }
}
