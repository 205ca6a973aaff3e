import Base

/// Dialling, losing and leaving.
extension Room {
  func dial(_ now: Instant) {
    guard let url = core.url, let secret = core.tokens?.next() else { return }
    core.connection &+= 1
    core.session = Session()
    core.session.socket = .opening
    core.phase = .dialling(until: now.advanced(byMilliseconds: configuration.signalTimeoutMilliseconds))
    put(
      .openWebSocket(
        connection: core.connection, url: url.signal(productVersion: configuration.productVersion),
        token: secret))
  }

  /// Dials at once if it waits to: something has changed that makes the next attempt worth it.
  public func retryNow(now: Instant) {
    if case .waiting = core.phase { dial(now) }
  }

  func webSocketOpened(_ now: Instant) {
    guard case .dialling = core.phase else { return }
    core.session.socket = .open
    core.phase = .awaitingJoin(
      until: now.advanced(byMilliseconds: configuration.limits.joinResponseMilliseconds))
  }

  func webSocketFailed(_ transport: TransportFailure, _ now: Instant) {
    guard case .dialling = core.phase, let url = core.url, let dialled = core.tokens?.dialled else { return }
    core.session.socket = .none
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
      unexplained(transport, host: core.url?.authority ?? "", core.tokens?.dialled.origin ?? .configured), now
    )
  }

  func webSocketClosed(_ code: UInt16, _ reason: String, _ now: Instant) {
    core.session.socket = .none
    switch core.phase {
    case .leaving: finish(nil, reason: "left", now)
    case .awaitingJoin, .connectingMedia, .connected, .interrupted:
      let words = serverWords(Array(reason.utf8), hiding: core.tokens?.dialled.secret ?? "")
      lose(.signalLost("WebSocket close code \(code)" + (words.isEmpty ? "" : " (\(words))")), now)
    case .idle, .dialling, .validating, .waiting: break
    }
  }

  /// What describes the room is the first message. One that grew too large later is too large to join again, and so said.
  func webSocketOverflowed(_ max: Int, _ now: Instant) {
    guard case .awaitingJoin = core.phase else {
      return webSocketClosed(1009, "a message from the server has more than \(max) bytes", now)
    }
    core.session.socket = .none
    lose(.roomTooLarge(bytesMax: max), now)
  }

  /// The server's farewell. A RESUME is answered with a full join: nothing is resumed yet.
  func left(_ leave: SignalResponse.Leave, _ now: Instant) {
    if case .leaving = core.phase { return finish(nil, reason: "left", now) }
    switch leave.action {
    case .disconnect: lose(.dismissed(leave.reason), now)
    case .resume, .reconnect: lose(.rejoinAsked(leave.reason), now)
    }
  }

  /// The one way out of an attempt or a session that failed: back-off, or the end.
  func lose(_ failure: Failure, _ now: Instant) {
    switch core.phase {
    case .idle, .leaving: return
    case .connected(let since), .interrupted(_, let since):
      if now.milliseconds(since: since) >= configuration.retry.stableMilliseconds { core.attempt = 0 }
    default: break
    }
    core.attempt &+= 1
    core.statistics.failedAttempts &+= 1
    core.lastFailure = failure
    endSession(failure.description, now)
    let random = self.random.next(below: RetryPolicy.randomMillisecondsBound)
    guard
      let delay = configuration.retry.delayMilliseconds(
        pace: failure.retryPace, attempt: core.attempt, random: random)
    else {
      emit(.connectionFailed(failure, retryInMilliseconds: nil))
      return finish(failure, reason: failure.description, now)
    }
    emit(.connectionFailed(failure, retryInMilliseconds: delay))
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
    if core.session.socket != .none { put(.closeWebSocket(connection: core.connection)) }
    // Whatever the old connection and request still say is nobody's business any more.
    core.connection &+= 1
    core.request &+= 1
    core.session = Session()
    forgetServerCalls()
    core.stateRequests.sessionEnded()
    endStreams(now)
    report(core.subscriptions.clear())
    withdrawLocalTracks(reason)
    if !core.speakers.isEmpty {
      core.speakers = []
      emit(.speakersChanged([]))
    }
  }
}
