import Base

/// What a room waits for. Each has a name, so that a status can say what happens next and why.
enum Wait: String {
  // When one of these is over, the attempt or the session is lost, or the next one begins.
  case dial
  case validation
  case joinResponse = "join-response"
  case mediaTimeout = "media-timeout"
  case retry = "retry-pause"
  case leave
  /// A peer connection was closed by the server: its word that says why.
  case dismissal = "dismissal-wait"
  case signalSilence = "signal-silence"
  case negotiation
  case publication
  case publisherTimeout = "publisher-timeout"
  // These go on by themselves.
  case signalPing = "signal-ping"
  case publisher
  case subscriber
  case dataChannel = "data-channel"
  case call
  case stateRequest = "state-request"
  case stream
}

/// The earliest of several waits.
struct EarliestWait {
  private(set) var wait: Wait?
  private(set) var at = Instant(microseconds: 0)

  mutating func consider(_ wait: Wait, _ at: Instant?) {
    guard let at, self.wait == nil || at < self.at else { return }
    self.wait = wait
    self.at = at
  }

  func isDue(_ now: Instant) -> Bool { wait != nil && at <= now }
}

extension Room {
  /// What `poll` answers with as `.wait(until:)`, and what it is for.
  public var nextDeadline: (name: String, at: Instant)? {
    let next = earliestWait
    return next.wait.map { ($0.rawValue, next.at) }
  }

  var deadline: Instant? {
    let next = earliestWait
    return next.wait.map { _ in next.at }
  }

  private var earliestWait: EarliestWait {
    var next = earliestLoss
    next.consider(.signalPing, core.session.keepalive.nextPing)
    next.consider(.publisher, core.session.publisherWait)
    next.consider(.subscriber, core.session.subscriberWait)
    next.consider(.dataChannel, core.session.data.waitingUntil)
    next.consider(.call, core.rpc.deadline)
    next.consider(.stateRequest, core.stateRequests.deadline)
    next.consider(.stream, core.streams.deadline)
    return next
  }

  /// While the server's word is waited for, nothing else is called a loss.
  private var earliestLoss: EarliestWait {
    var next = EarliestWait()
    if let dismissal = core.session.dismissal {
      next.consider(.dismissal, dismissal.until)
      return next
    }
    switch core.phase {
    case .idle, .connected: break
    case .dialling(let until): next.consider(.dial, until)
    case .validating(let until, _): next.consider(.validation, until)
    case .awaitingJoin(let until): next.consider(.joinResponse, until)
    case .connectingMedia(let until), .interrupted(let until, _): next.consider(.mediaTimeout, until)
    case .waiting(let until): next.consider(.retry, until)
    case .leaving(let until):
      next.consider(.leave, until)
      return next
    }
    next.consider(.signalSilence, core.session.keepalive.silenceEnds)
    next.consider(.negotiation, core.session.negotiation.outstanding?.until)
    next.consider(.publisherTimeout, core.session.publisherDeadline)
    for track in core.localTracks { next.consider(.publication, track.publishDeadline) }
    return next
  }

  /// Does what is overdue.
  func expire(_ now: Instant) {
    let loss = earliestLoss
    // A loss ends the session, so the first one is the only one.
    if loss.isDue(now), let wait = loss.wait { expired(wait, now) }
    if core.session.keepalive.isDue(now: now) { ping(now) }
    expireWaitingPackets(now)
    expireCalls(now)
    expireInvocations(now)
    expireStateRequests(now)
    expireStreams(now)
  }

  private func expired(_ wait: Wait, _ now: Instant) {
    switch wait {
    case .dial: lose(.timedOut(host: core.url?.authority ?? ""), now)
    case .validation: validationFailed(now)
    case .joinResponse: lose(.noJoinResponse, now)
    case .mediaTimeout: lose(.mediaTimeout(missingPeers), now)
    case .retry: dial(now)
    case .leave: finish(nil, reason: "left", now)
    case .dismissal: if let dismissal = core.session.dismissal { lose(dismissal.failure, now) }
    case .signalSilence: lose(.pingTimeout, now)
    case .negotiation, .publication: lose(.negotiationTimeout, now)
    case .publisherTimeout: lose(.mediaTimeout("publisher"), now)
    case .signalPing, .publisher, .subscriber, .dataChannel, .call, .stateRequest, .stream: break
    }
  }

  /// The server only sends the timestamp back, so it is of the clock that is never put right.
  private func ping(_ now: Instant) {
    let timestamp = now.microseconds / 1000
    let roundTrip = Int64(core.session.keepalive.roundTripMilliseconds ?? 0)
    send(.ping(timestampMilliseconds: timestamp, roundTripMilliseconds: roundTrip))
    core.session.keepalive.sentPing(timestampMilliseconds: timestamp, now: now)
  }
}
