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
  // The way back to signalling.
  case resumePause = "resume-pause"
  case resumeDial = "resume-dial"
  case resumeAnswer = "resume-answer"
  /// A peer connection was closed by the server: its word that says why.
  case dismissal = "dismissal-wait"
  case signalSilence = "signal-silence"
  case negotiation
  case publication
  case publisherTimeout = "publisher-timeout"
  // These go on by themselves.
  case sockets
  case signalPing = "signal-ping"
  case publisher
  case subscriber
  case rollCall = "roll-call"
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
    next.consider(.sockets, core.media.socketsUntil)
    next.consider(.signalPing, core.signalling.keepalive.nextPing)
    next.consider(.publisher, core.media.publisherWait)
    next.consider(.subscriber, core.media.subscriberWait)
    next.consider(.rollCall, core.rollCall?.until)
    next.consider(.dataChannel, core.media.data.waitingUntil)
    next.consider(.call, core.rpc.deadline)
    next.consider(.stateRequest, core.stateRequests.deadline)
    next.consider(.stream, core.streams.deadline)
    return next
  }

  /// While the server's word is waited for, nothing else is called a loss.
  private var earliestLoss: EarliestWait {
    var next = EarliestWait()
    if let dismissal = core.media.dismissal {
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
    if let resume = core.resume { next.consider(resume.next.wait, resume.next.at) }
    next.consider(.signalSilence, core.signalling.keepalive.silenceEnds)
    next.consider(.negotiation, core.media.negotiation.outstanding?.until)
    next.consider(.publisherTimeout, core.media.publisherDeadline)
    for track in core.localTracks { next.consider(.publication, track.publishDeadline) }
    return next
  }

  /// Does what is overdue.
  func expire(_ now: Instant) {
    let loss = earliestLoss
    // A loss ends the session, so the first one is the only one.
    if loss.isDue(now), let wait = loss.wait { expired(wait, now) }
    if let until = core.media.socketsUntil, until <= now { dialWithOffer(now) }
    if core.signalling.keepalive.isDue(now: now) { ping(now) }
    if let until = core.rollCall?.until, until <= now { endRollCall(now) }
    expireWaitingPackets(now)
    expireCalls(now)
    expireInvocations(now)
    expireStateRequests(now)
    expireStreams(now)
  }

  private func expired(_ wait: Wait, _ now: Instant) {
    switch wait {
    case .dial: lose(.timedOut(host: core.server?.authority ?? ""), now)
    case .validation: validationFailed(now)
    case .joinResponse: lose(.noJoinResponse, now)
    case .mediaTimeout: lose(core.resume == nil ? noMedia : .signalLost("it did not come back in time"), now)
    case .resumePause: dialToResume(now)
    case .resumeDial: resumeFailed(.timedOut(host: core.server?.authority ?? ""), now)
    case .resumeAnswer: resumeFailed(.noJoinResponse, now)
    case .retry: dial(now)
    case .leave: finish(nil, reason: "left", now)
    case .dismissal: if let dismissal = core.media.dismissal { lose(dismissal.failure, now) }
    case .signalSilence: lost(.signalling, .pingTimeout, now)
    case .negotiation, .publication: lose(.negotiationTimeout, now)
    case .publisherTimeout: lose(.mediaTimeout("publisher"), now)
    case .sockets, .signalPing, .publisher, .subscriber, .rollCall, .dataChannel, .call, .stateRequest,
      .stream:
      break
    }
  }

  /// The server only sends the timestamp back, so it is of the clock that is never put right.
  func ping(_ now: Instant) {
    let timestamp = now.microseconds / 1000
    let roundTrip = Int64(core.signalling.keepalive.roundTripMilliseconds ?? 0)
    send(.ping(timestampMilliseconds: timestamp, roundTripMilliseconds: roundTrip))
    core.signalling.keepalive.sentPing(timestampMilliseconds: timestamp, now: now)
  }
}
