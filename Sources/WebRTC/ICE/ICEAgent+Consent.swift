import Base

/// Whether the peer still wants what we send (RFC 7675).
struct Consent: Equatable, Sendable {
  /// The last answer of the peer to a request of ours.
  var answeredAt: Instant
  /// The first request since then that has no answer.
  var unansweredSince: Instant?
  var nextRequestAt: Instant
}

extension ICEAgent {
  /// Asks every 4 to 6 s, and more often while an answer is missing: a lost datagram should not look like a lost
  /// peer, and a lost peer should be noticed soon.
  func advanceConsent(_ now: Instant) {
    guard var consent = selected?.consent, state != .failed else { return }
    if requestTime(consent) <= now {
      sendConsentRequest(now)
      if consent.unansweredSince == nil { consent.unansweredSince = now }
      consent.nextRequestAt = now.advanced(byMilliseconds: Limits.consentProbeMilliseconds)
      selected?.consent = consent
      if consent.unansweredSince != now, selectOtherNominated(now) { return }
    }
    if let lostAt = lostTime(consent), lostAt <= now {
      let seconds = now.seconds(since: consent.answeredAt)
      change(.disconnected, "no answer from the peer for \(seconds) s")
    }
    if expiryTime(consent) <= now { expire(now) }
  }

  /// When `advanceConsent` has something to do.
  var consentDeadline: Instant? {
    guard let consent = selected?.consent, state != .failed else { return nil }
    var next = min(requestTime(consent), expiryTime(consent))
    if state == .connected, let lostAt = lostTime(consent) { next = min(next, lostAt) }
    return next
  }

  func consentAnswered(_ transaction: ICETransaction, _ now: Instant) {
    guard let selected, transaction.base == selected.path.base, transaction.remote == selected.path.remote,
      transaction.key.spells(selected.remote.password)
    else { return }
    self.selected?.consent = Consent(answeredAt: now, nextRequestAt: nextConsentTime(now))
    self.selected?.heardAt = now
    self.selected?.roundTripMicroseconds = Int(clamping: now.microseconds(since: transaction.sentAt))
    if state == .disconnected { change(.connected, "the peer answers again") }
  }

  /// Also when nothing is heard for a while: silence may be all that a dead path has to say.
  private func requestTime(_ consent: Consent) -> Instant {
    guard consent.unansweredSince == nil, let heardAt = selected?.heardAt else {
      return consent.nextRequestAt
    }
    return min(consent.nextRequestAt, heardAt.advanced(byMilliseconds: Limits.silenceProbeMilliseconds))
  }

  func nextConsentTime(_ now: Instant) -> Instant {
    let fifth = Limits.consentIntervalMilliseconds / 5
    return now.advanced(
      byMilliseconds: Limits.consentIntervalMilliseconds - fifth + random.next(below: 2 * fifth + 1))
  }

  private func sendConsentRequest(_ now: Instant) {
    guard let selected, let local = localAddresses.first(where: { $0.base == selected.path.base }) else {
      return
    }
    let outstanding = transactions.count {
      if case .consent = $0.purpose { true } else { false }
    }
    guard outstanding < Limits.consentRequestsOutstandingMax else {
      counters.overLimit &+= 1
      return
    }
    let message = checkMessage(
      from: local, credentials: selected.local, remote: selected.remote, nominates: false)
    let key = Array(selected.remote.password.utf8)
    start(
      ICETransaction(
        id: message.transaction, purpose: .consent(role: role), base: selected.path.base,
        remote: selected.path.remote, datagram: message.serialized(integrityKey: key), key: key, sentAt: now),
      now)
  }

  /// The present pair is silent: another one that the peer nominated takes its place. False: there is none.
  private func selectOtherNominated(_ now: Instant) -> Bool {
    guard role == .controlled, let selected, selected.generation == list.generation else { return false }
    var best: CandidatePair?
    for pair in list.pairs
    where pair.isNominatedByPeer && pair.state == .succeeded && pair.id != selected.pair {
      if pair.priority > best?.priority ?? 0 { best = pair }
    }
    guard let best else { return false }
    select(best, now)
    return true
  }

  private func lostTime(_ consent: Consent) -> Instant? {
    guard let since = consent.unansweredSince else { return nil }
    return max(
      consent.answeredAt.advanced(byMilliseconds: Limits.disconnectedMilliseconds),
      since.advanced(byMilliseconds: Limits.consentUnansweredMilliseconds))
  }

  private func expiryTime(_ consent: Consent) -> Instant {
    consent.answeredAt.advanced(byMilliseconds: Limits.failedMilliseconds)
  }

  /// Consent is gone, so nothing may be sent there any more (RFC 7675 §5.1). A restart that is under way goes on.
  private func expire(_ now: Instant) {
    let isFormer = selected.map { $0.generation != list.generation } ?? false
    selected = nil
    transactions = transactions.filter {
      if case .consent = $0.purpose { false } else { true }
    }
    if isFormer, list.remoteCredentials != nil {
      change(.disconnected, "the former path is dead, looking for a new one")
      return
    }
    transactions = transactions.filter { $0.purpose == .gathering }
    change(.failed, "no answer from the peer for \(Limits.failedMilliseconds / 1000) s")
  }
}
