import Base

/// Dialling, losing and leaving.
extension Room {
  func dial(_ now: Instant) {
    guard let url = core.server, let secret = core.tokens?.next() else { return }
    // Of an attempt that came to nothing, and is no loss.
    if core.media.publisher != nil {
      closePeers(now)
      withdrawLocalTracks("")
    }
    core.connection &+= 1
    core.signalling = Signalling()
    core.signalling.socket = .opening
    core.signalling.dialledAt = now
    core.media = Media()
    var time = configuration.signalTimeoutMilliseconds
    if isEager(now) {
      time = RetryPolicy.dialMilliseconds(resumes: false, usual: core.usualDialMilliseconds, max: time)
    }
    core.phase = .dialling(until: now.advanced(byMilliseconds: time))
    core.media.isOnlyPublisher = configuration.prefersOneConnection && !core.oldServers.contains(url)
    if core.media.isOnlyPublisher { return openOnlyPublisher(now) }
    put(
      .openWebSocket(
        connection: core.connection, url: url.signal(productVersion: configuration.productVersion),
        token: secret))
  }

  var resumeDialMilliseconds: Int {
    let (usual, most) = (core.usualDialMilliseconds, configuration.signalTimeoutMilliseconds)
    let mediaLives =
      core.media.publisher != nil && !core.phase.isInterrupted && !isDead(.publisher) && !isDead(.subscriber)
    return mediaLives
      ? RetryPolicy.dialMilliseconds(resumesAlive: core.attempt, usual: usual, max: most)
      : RetryPolicy.dialMilliseconds(resumes: true, usual: usual, max: most)
  }

  private func isEager(_ now: Instant) -> Bool { core.eagerUntil.map { now < $0 } ?? false }

  /// Dials at once if it waits to: something has changed that makes the next attempt worth it.
  public func retryNow(now: Instant) {
    if case .waiting = core.phase { dial(now) }
    if case .paused? = core.resume?.step { dialToResume(now) }
  }

  func webSocketOpened(_ now: Instant) {
    let until = now.advanced(byMilliseconds: configuration.limits.joinResponseMilliseconds)
    if case .dialling? = core.resume?.step {
      core.resume?.step = .asking(until: until)
    } else if case .dialling = core.phase {
      core.phase = .awaitingJoin(until: until)
    } else {
      return
    }
    core.signalling.socket = .open
    core.usualDialMilliseconds = now.milliseconds(since: core.signalling.dialledAt)
  }

  func webSocketFailed(_ transport: TransportFailure, _ now: Instant) {
    if case .dialling? = core.resume?.step, let host = core.server?.authority,
      let dialled = core.tokens?.dialled
    {
      core.signalling.socket = .none
      switch verdict(on: transport, host: host, dialled) {
      case .failed(let failure): return resumeFailed(failure, now)
      case .askServer: return resumeFailed(unexplained(transport, host: host, dialled.origin), now)
      }
    }
    guard case .dialling = core.phase, let url = core.server, let dialled = core.tokens?.dialled else {
      return
    }
    core.signalling.socket = .none
    if isTooOld(for: transport) { return dialOldServer(url, now) }
    switch verdict(on: transport, host: url.authority, dialled) {
    case .failed(let failure): notJoined(failure, now)
    case .askServer:
      core.request &+= 1
      core.phase = .validating(
        until: now.advanced(byMilliseconds: configuration.limits.validateMilliseconds), transport)
      put(
        .httpGet(
          request: core.request, url: url.validate(productVersion: configuration.productVersion),
          token: dialled.secret))
    }
  }

  func validated(_ status: Int, _ body: [UInt8], _ now: Instant) {
    switch core.phase {
    case .waiting, .dialling: return regionsAnswered(status, body, now)
    default: break
    }
    guard case .validating = core.phase, let dialled = core.tokens?.dialled else { return }
    let words = serverWords(body, hiding: dialled.secret)
    notJoined(failure(status: status, words: words, validating: true, dialled.origin), now)
  }

  /// A refused token that is not the configured one is no news: only that it is not used again.
  private func notJoined(_ failure: Failure, _ now: Instant) {
    if case .notAllowed = failure, core.tokens?.refused() == true { return dial(now) }
    lose(failure, now)
  }

  /// The server could not be asked either: what the first try said has to do.
  func validationFailed(_ now: Instant) {
    guard case .validating(_, let transport) = core.phase else { return }
    lose(
      unexplained(transport, host: core.server?.authority ?? "", core.tokens?.dialled.origin ?? .configured),
      now
    )
  }

  func webSocketClosed(_ code: UInt16, _ reason: String, _ now: Instant) {
    core.signalling.socket = .none
    switch core.phase {
    case .leaving: finish(nil, reason: "left", now)
    case .awaitingJoin, .connectingMedia, .connected, .interrupted:
      let words = serverWords(Array(reason.utf8), hiding: core.tokens?.dialled.secret ?? "")
      let failure = Failure.signalLost("WebSocket close code \(code)" + (words.isEmpty ? "" : " (\(words))"))
      if core.resume == nil { lost(.signalling, failure, now) } else { resumeFailed(failure, now) }
    case .idle, .dialling, .validating, .waiting: break
    }
  }

  /// What describes the room is the first message. One that grew too large later is too large to join again, and so said.
  func webSocketOverflowed(_ max: Int, _ now: Instant) {
    guard case .awaitingJoin = core.phase else {
      return webSocketClosed(1009, "a message from the server has more than \(max) bytes", now)
    }
    core.signalling.socket = .none
    lose(.roomTooLarge(bytesMax: max), now)
  }

  /// The server's farewell.
  func left(_ leave: SignalResponse.Leave, _ now: Instant) {
    if case .leaving = core.phase { return finish(nil, reason: "left", now) }
    if let url = core.url { core.region.told(leave.regions, project: url) }
    switch leave.action {
    case .disconnect: lose(.dismissed(leave.reason), now)
    case .reconnect: lose(.rejoinAsked(leave.reason), now)
    case .resume:
      let failure = Failure.resumeAsked(leave.reason)
      if core.resume == nil {
        lost(.sentAway(leave.reason), failure, now)
      } else {
        resumeFailed(failure, now)
      }
    }
  }

  /// The one way out of an attempt or a session that failed: back-off, or the end.
  func lose(_ failure: Failure, _ now: Instant) {
    switch core.phase {
    case .idle, .leaving: return
    case .connected(let since), .interrupted(_, let since):
      core.eagerUntil = now.advanced(byMilliseconds: RetryPolicy.eagerMilliseconds)
      if now.milliseconds(since: since) >= configuration.retry.stableMilliseconds { core.attempt = 0 }
    default: break
    }
    core.attempt &+= 1
    core.statistics.failedAttempts &+= 1
    // Dozens of attempts that nobody answers are one piece of news.
    let isKnown = core.lastFailure == failure && isEager(now) && failure.retryPace.isEager
    core.lastFailure = failure
    endSession(failure.description, now)
    let random = self.random.next(below: RetryPolicy.randomMillisecondsBound)
    guard
      let delay = configuration.retry.delayMilliseconds(
        pace: failure.retryPace.patient(unless: isEager(now)), attempt: core.attempt, random: random)
    else {
      emit(.connectionFailed(failure, retryInMilliseconds: nil))
      return finish(failure, reason: failure.description, now)
    }
    if !isKnown { emit(.connectionFailed(failure, retryInMilliseconds: delay)) }
    if let url = core.url, core.region.failed(failure, project: url), let secret = core.tokens?.dialled.secret
    {
      put(.httpGet(request: core.request, url: url.regions, token: secret))
    }
    setState(core.hasBeenConnected ? .reconnecting : .connecting, failure.description)
    if delay == 0 {
      dial(now)
    } else {
      core.phase = .waiting(until: now.advanced(byMilliseconds: delay))
    }
  }

  /// Disconnected for good; participants are forgotten without further events.
  func finish(_ failure: Failure?, reason: String, _ now: Instant) {
    endSession(reason, now)
    core.lastFailure = failure
    core.phase = .idle
    abandonCalls()
    core.directory.clear()
    core.seenAgent = nil
    core.tokens = nil
    core.url = nil
    setState(.disconnected, reason)
  }

  /// Closes the WebSocket and both peers. Remote participants stay known, for they may be there again.
  private func endSession(_ reason: String, _ now: Instant) {
    closePeers(now)
    forgetHosts()
    closeWebSocket()
    core.request &+= 1
    core.resume = nil
    core.held = HeldRequests()
    core.rollCall = nil
    core.signalling = Signalling()
    core.media = Media()
    forgetServerCalls()
    core.stateRequests.sessionEnded()
    endStreams(now)
    core.choice.clear()
    report(core.subscriptions.clear())
    withdrawLocalTracks(reason)
    if !core.speakers.isEmpty {
      core.speakers = []
      emit(.speakersChanged([]))
    }
  }

  /// The session is over, or media has a path without a server's help.
  func forgetHosts() {
    guard core.media.servers.isWaiting else { return }
    core.media.servers.stopWaiting()
    put(.cancelHosts)
  }

  /// Nothing else is asked while the next attempt is waited for or made; that one leads to where the last one failed.
  private func regionsAnswered(_ status: Int, _ body: [UInt8], _ now: Instant) {
    guard status == 200, let url = core.url, core.region.answered(body, project: url) else { return }
    closeWebSocket()
    dial(now)
  }
}
