import Base
import WebRTC

/// A session that goes on although signalling, or a way for its media, was lost. `Remedy` is the table.
extension Room {
  /// Requests can be sent now.
  var isSignalling: Bool { core.signalling.socket == .open && core.resume == nil }

  private var mayResume: Bool {
    switch core.phase {
    case .connected, .interrupted: !core.media.resumeDisabled && !core.directory.local.sid.isEmpty
    default: false
    }
  }

  func lost(_ loss: Loss, signallingAnswers: Bool? = nil, _ failure: Failure, _ now: Instant) {
    // Of a session that is being ended, the end of the WebSocket is only the last sign.
    let mayResume = mayResume && core.media.dismissal == nil
    switch Remedy(for: loss, SessionFacts(mayResume: mayResume, signallingAnswers: signallingAnswers)) {
    case .resume: resume(.init(loss), failure, now)
    case .restartICE: restartPublisher(now)
    case .ask:
      if core.signalling.keepalive.probe(now: now) { ping(now) } else { resume(.init(loss), failure, now) }
    case .rejoin: lose(failure, now)
    }
  }

  /// Nothing answers on this peer connection's path, or its address is gone.
  func pathLost(_ peer: Peer, _ reason: String, _ now: Instant) {
    guard core.media.dismissal == nil else { return }
    let words = "media stopped (\(name(peer)))" + (reason.isEmpty ? "" : ": " + reason)
    if case .connected(let since) = core.phase, needs(peer) {
      let until = max(
        core.media.heardAt.advanced(byMilliseconds: configuration.limits.resumeMilliseconds),
        now.advanced(byMilliseconds: configuration.mediaTimeoutMilliseconds))
      core.phase = .interrupted(until: until, connectedSince: since)
      showState(words)
    }
    if core.resume != nil { return }
    lost(.path(weOffer: peer == .publisher), .mediaFailed(words), now)
  }

  /// What is known of a path before, or after, it is called lost.
  func healthChanged(_ peer: Peer, _ health: PathHealth, _ now: Instant) {
    guard isSignalling, core.media.dismissal == nil else { return }
    let words = Failure.mediaFailed("nothing comes (\(name(peer)))")
    switch health {
    case .good, .failed: break
    case .gone: if core.connectedSince != nil { lost(.address, words, now) }
    case .silent:
      // Media may have another way already, but a server that follows priorities alone stays with the dead one until
      // ICE starts anew.
      guard core.media[peer]?.state == .connected else { break }
      if core.connectedSince != nil {
        lost(.path(weOffer: peer == .publisher), words, now)
      } else if peer == .publisher {
        restartPublisher(now)
      }
    }
  }

  func isDead(_ peer: Peer) -> Bool {
    guard let connection = core.media[peer] else { return false }
    if case .silent = connection.pathHealth { return true }
    return connection.state == .disconnected || connection.state == .failed
  }

  /// The server answered while media was silent: signalling works, and carries the way back.
  func signallingAnswered(_ now: Instant) {
    guard isSignalling, core.media.dismissal == nil else { return }
    for peer in [Peer.subscriber, .publisher] {
      guard isDead(peer) else { continue }
      lost(
        .path(weOffer: peer == .publisher), signallingAnswers: true, .mediaFailed(name(peer)), now)
      // A resume restarts both.
      if core.resume != nil { return }
    }
  }

  func restartPublisher(_ now: Instant) {
    guard let publisher = core.media.publisher else { return }
    publisher.restartICE()
    watchPublisher(now)
    negotiate(now)
  }

  /// One that the state of the connection does not follow from has an end of its own.
  private func watchPublisher(_ now: Instant) {
    guard !needs(.publisher), core.media.publisher?.state != .connected else { return }
    core.media.publisherDeadline = now.advanced(byMilliseconds: configuration.mediaTimeoutMilliseconds)
  }

  // MARK: - Dialling

  private func resume(_ reason: Resume.Reason, _ failure: Failure, _ now: Instant) {
    // The first of a session is made at once, and so is one after a while without any.
    let age = core.media.resumedAt.map { now.milliseconds(since: $0) } ?? Int.max
    if age >= configuration.retry.stableMilliseconds { core.attempt = 0 }
    core.resume = Resume(step: .paused(until: now), reason: reason)
    dropSignalling(now)
    core.attempt &+= 1
    showState(failure.description)
    if core.attempt == 1 { dialToResume(now) } else { pause(after: failure, now) }
  }

  /// The WebSocket is gone, or good for nothing. What was under way over it begins again over the next.
  private func dropSignalling(_ now: Instant) {
    closeWebSocket()
    core.signalling.keepalive.pause()
    core.rollCall = nil
    core.stateRequests.sessionEnded()
    if core.media.negotiation.outstanding != nil { core.media.negotiation.again = true }
    core.media.negotiation.outstanding = nil
    core.media.publisherDeadline = nil
    repeatMutes()
    // Whether the server knows of these is not known, and of one name it takes one track only.
    for index in core.localTracks.indices where core.localTracks[index].state == .publishing {
      removeSender(at: index, now)
      core.localTracks[index].state = .waiting
    }
  }

  /// Whatever it still says is nobody's business any more.
  func closeWebSocket() {
    if core.signalling.socket != .none { put(.closeWebSocket(connection: core.connection)) }
    core.connection &+= 1
    core.signalling.socket = .none
  }

  func dialToResume(_ now: Instant) {
    guard let url = core.server, let reason = core.resume?.reason, let secret = core.tokens?.next() else {
      return
    }
    closeWebSocket()
    core.signalling.socket = .opening
    core.signalling.dialledAt = now
    // Before the step is written to: the time is read from the same value.
    let until = now.advanced(byMilliseconds: resumeDialMilliseconds)
    core.resume?.step = .dialling(until: until)
    let resuming = (sid: core.directory.local.sid, reason: reason)
    let version = configuration.productVersion
    let address =
      core.media.isOnlyPublisher
      ? url.signal(JoinRequest(productVersion: version, resuming: resuming))
      : url.signal(productVersion: version, resuming: resuming)
    put(.openWebSocket(connection: core.connection, url: address, token: secret))
  }

  func resumeFailed(_ failure: Failure, _ now: Instant) {
    closeWebSocket()
    core.statistics.failedAttempts &+= 1
    if case .notAllowed = failure, core.tokens?.refused() == true { return dialToResume(now) }
    guard failure.retryPace != .never else { return lose(failure, now) }
    core.attempt &+= 1
    if failure.retryPace.isEager { core.resume?.unanswered &+= 1 }
    pause(after: failure, now)
  }

  private func pause(after failure: Failure, _ now: Instant) {
    // The session is forgotten soon, so that the long pauses are for a new one.
    let attempt = core.phase.isInterrupted ? min(core.attempt, 3) : core.attempt
    let random = self.random.next(below: RetryPolicy.randomMillisecondsBound)
    guard configuration.retry.attemptsMax.map({ core.attempt <= $0 }) ?? true,
      let delay = configuration.retry.delayMilliseconds(
        pace: failure.retryPace, attempt: attempt, random: random)
    else { return lose(failure, now) }
    if delay == 0 { return dialToResume(now) }
    core.resume?.step = .paused(until: now.advanced(byMilliseconds: delay))
  }

  /// Something says that the server can be reached again.
  func resumeSooner(_ now: Instant) {
    switch core.resume?.step {
    case .paused: dialToResume(now)
    case .dialling where isStale(now): dialToResume(now)
    case .dialling, .asking, nil: break
    }
  }

  /// The address, the default route or the link has changed: what waits is tried at once, and what seems to work is
  /// asked whether it does.
  public func networkChanged(now: Instant) {
    // How long it takes through another network is not known.
    core.usualDialMilliseconds = nil
    switch core.phase {
    case .waiting: dial(now)
    case .dialling:
      guard isStale(now) else { return }
      closeWebSocket()
      dial(now)
    case .connected, .interrupted:
      if core.resume != nil {
        resumeSooner(now)
      } else if core.signalling.keepalive.probe(now: now) {
        ping(now)
      }
    case .idle, .validating, .awaitingJoin, .connectingMedia, .leaving: break
    }
  }

  private func isStale(_ now: Instant) -> Bool {
    now.milliseconds(since: core.signalling.dialledAt) >= configuration.limits.dialFreshMilliseconds
  }

  // MARK: - There again

  /// The first word over the new WebSocket. Old servers say nothing of a resume and go on.
  func firstOfResume(_ response: SignalResponse?, _ now: Instant) {
    switch response {
    case .reconnect(let servers, let forcesRelay, let lastSequence):
      // TURN credentials are good for some minutes.
      if !servers.isEmpty {
        takeServers(servers, forcesRelay: forcesRelay || core.media.relaysOnly, now)
      }
      resumed(lastSequence, now)
    case .leave(let leave): left(leave, now)
    // Another session than ours.
    case .join: lose(.rejoinAsked(.stateMismatch), now)
    case .none: core.statistics.malformedMessages &+= 1
    case .some(let response):
      resumed(0, now)
      apply(response, now)
    }
  }

  /// SyncState goes first; then everything that waited.
  private func resumed(_ lastSequence: UInt32, _ now: Instant) {
    core.attempt = max(1, core.attempt &- (core.resume?.unanswered ?? 0))
    core.resume = nil
    core.media.resumedAt = now
    core.statistics.resumes &+= 1
    core.signalling.keepalive.goOn(now: now)
    if case .interrupted(let until, let since) = core.phase {
      let least = now.advanced(byMilliseconds: configuration.limits.resumeMediaMilliseconds)
      core.phase = .interrupted(until: max(until, least), connectedSince: since)
    }
    send(.syncState(syncState))
    let held = core.held.take()
    core.rollCall = RollCall(
      missing: core.directory.remotes.map { $0.sid }, told: held,
      until: now.advanced(byMilliseconds: configuration.limits.rollCallMilliseconds))
    for request in held { send(request) }
    if isDead(.publisher) {
      core.media.publisher?.restartICE()
      core.media.negotiation.again = true
    }
    watchPublisher(now)
    if core.media.negotiation.again { negotiate(now) }
    // Servers that count nothing say 0, and SCTP has not forgotten anything either.
    if lastSequence != 0 { core.media.data.queue.resume(lastReceived: lastSequence) }
    channelWritable(now)
    publishWaiting(now)
    sendStateRequests(now)
    // Only changes are told, and those of the meantime were not.
    if !core.speakers.isEmpty {
      core.speakers = []
      emit(.speakersChanged([]))
    }
    showState("")
  }

  private var syncState: SignalRequest.SyncState {
    var state = SignalRequest.SyncState()
    if let subscriber = core.media.subscriber {
      let id = core.media.answeredOfferID
      state.answer = subscriber.localDescriptionText.map { .init(sdp: $0, id: id) }
      state.offer = subscriber.remoteDescriptionText.map { .init(sdp: $0, id: id) }
    } else if let publisher = core.media.publisher {
      state.offer = publisher.localDescriptionText.map { .init(sdp: $0, id: 0) }
      state.answer = publisher.remoteDescriptionText.map { .init(sdp: $0, id: 0) }
    }
    for track in core.localTracks where track.state == .published {
      state.tracks.append(
        .init(
          cid: track.cid, sid: track.sid, name: track.name, source: track.source, muted: track.isMuted,
          isEncrypted: track.isEncrypted))
    }
    for channel in core.media.data.channels where channel.isOpen {
      guard let stream = core.media[channel.peer]?.stream(channel: channel.id) else { continue }
      state.channels.append(.init(label: channel.kind.label, stream: stream, peer: channel.peer))
    }
    for heard in core.media.data.filter.states {
      state.received.append(.init(sid: heard.sid, sequence: heard.sequence))
    }
    state.deviatingAreWanted = !core.choice.isAutomatic
    state.deviating = core.choice.deviating(core.directory.remotes)
    return state
  }
}

extension Resume.Reason {
  init(_ loss: Loss) {
    switch loss {
    case .path(weOffer: true), .address: self = .publisherFailed
    case .path(weOffer: false): self = .subscriberFailed
    case .signalling, .sentAway, .peer: self = .signalLost
    }
  }
}
