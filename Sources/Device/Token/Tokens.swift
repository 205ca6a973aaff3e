import Base
import Configuration
import Control
import LiveKit

/// Getting a token: for the call that begins, or ahead for the next one.
extension Device {
  static let sandboxURL = "https://cloud-api.livekit.io/api/v2/sandbox/connection-details"

  private var wallClockSeconds: Int64 { instruments.unixMilliseconds / 1000 }

  /// Joins with the warm token, or with the one that the configured source gives.
  func wantTokenForCall(now: Instant) {
    tokens.triedIsWarm = false
    if let ticket = tokens.take(wallClockSeconds: wallClockSeconds) {
      tokens.triedIsWarm = true
      return join(ticket, now: now)
    }
    tokens.isForCall = true
    if tokens.step == .idle { fetchToken(now: now) }
  }

  /// Whether tokens are fetched before somebody needs one.
  private var fetchesAhead: Bool {
    let isRemote = settings.token.source == .endpoint || settings.token.source == .sandbox
    return isRemote && settings.token.warm && settings.session.mode != .alwaysOn
  }

  func watchTokens(_ state: CallState, now: Instant) {
    guard fetchesAhead, !isTerminating else { return }
    switch state {
    case .idle: tokens.aheadDue = tokens.warm == nil ? now : tokens.aheadDue
    case .failed:
      guard tokens.warm == nil else { break }
      tokens.aheadDue = now.advanced(
        byMilliseconds: TokenDesk.pauseMilliseconds(failures: tokens.failures))
    default: tokens.aheadDue = nil
    }
  }

  func fetchTokenAhead(now: Instant) {
    tokens.aheadDue = nil
    tokens.warm = nil
    if tokens.step == .idle { fetchToken(now: now) }
  }

  private func fetchToken(now: Instant) {
    let token = settings.token
    if token.source != .file {
      // Certificates and tokens have times, so whatever was fetched would be refused for the wrong reason.
      if let warning = TokenWarning(clockAt: wallClockSeconds) {
        return tokenFailed(RoomFailure(warning), now: now)
      }
    }
    switch token.source {
    case .file: read(token.file, otherwise: .noToken, now: now)
    case .apiKey: read(token.apiSecretFile, otherwise: .noSecret, now: now)
    case .endpoint, .sandbox:
      if let path = token.bearerFile { read(path, otherwise: .noToken, now: now) } else { ask(bearer: nil) }
    }
  }

  private func read(_ path: String?, otherwise failure: RoomFailure, now: Instant) {
    guard let path else { return tokenFailed(failure, now: now) }
    tokens.step = .reading
    emit(.readToken(path: path))
  }

  func tokenRead(_ result: Result<String, TokenFileFailure>, now: Instant) {
    guard tokens.step == .reading else { return }
    tokens.step = .idle
    switch result {
    case .failure(let failure): tokenFailed(RoomFailure(failure), now: now)
    case .success(let secret):
      switch settings.token.source {
      case .endpoint, .sandbox: ask(bearer: secret)
      case .file:
        if secret == tokens.refused { return checkFileLater(now: now) }
        deliver(TokenTicket(token: secret), now: now)
      case .apiKey:
        let expires = wallClockSeconds + DeviceLimits.signedTokenSeconds
        let token = AccessToken.signed(
          key: settings.token.apiKey ?? "", secret: secret, options: tokenOptions, expires: expires)
        deliver(TokenTicket(token: token, expires: expires), now: now)
      }
    }
  }

  /// What the token is asked for.
  private var tokenOptions: TokenRequestOptions {
    let session = settings.session
    var options = TokenRequestOptions()
    options.roomName = session.room
    options.participantIdentity = session.identity ?? settings.device.id
    options.agentName = session.agentName
    options.agentMetadata = session.agentMetadata
    guard settings.token.source == .apiKey else { return options }
    options.participantName = settings.device.id
    if options.roomName == nil {
      // An agent is dispatched when a room is made, so each call has a room of its own.
      options.roomName = settings.device.id + (session.mode == .alwaysOn ? "" : "-\(wallClockSeconds)")
    }
    return options
  }

  var tokenEndpoint: String { settings.token.endpoint ?? Self.sandboxURL }

  private func ask(bearer: String?) {
    tokens.requests += 1
    tokens.step = .asking(request: tokens.requests)
    var headers = [TextPair("Content-Type", "application/json"), TextPair("Accept", "application/json")]
    if settings.token.source == .sandbox, let name = settings.token.sandboxID {
      headers.append(TextPair("X-Sandbox-ID", name))
    }
    emit(
      .httpRequest(
        TokenRequest(
          number: tokens.requests, url: tokenEndpoint, headers: headers, bearer: bearer,
          body: tokenOptions.endpointBody, timeoutMilliseconds: settings.token.timeoutSeconds * 1000,
          answerBytesMax: DeviceLimits.tokenAnswerBytesMax)))
  }

  func endpointAnswered(
    _ request: Int, _ answer: Result<(status: Int, body: [UInt8]), TransportFailure>, now: Instant
  ) {
    guard tokens.step == .asking(request: request) else { return }
    tokens.step = .idle
    do throws(TokenEndpointFailure) {
      let (status, body) = try answer.mapError { TokenEndpointFailure.unreachable($0) }.get()
      let response = try TokenSourceResponse(status: status, body: body)
      guard response.serverURL != nil || stayURL != nil || settings.token.url != nil else {
        throw .unusable("it has no server_url, and [token] url is not set")
      }
      received(response, now: now)
    } catch {
      let key = settings.token.source == .sandbox ? "sandbox-id" : "bearer-file"
      let words = error.words(
        endpoint: tokenEndpoint, timeoutSeconds: settings.token.timeoutSeconds, key: key)
      tokenFailed(RoomFailure(code: error.code, message: words, retriable: false), now: now)
    }
  }

  private func received(_ response: TokenSourceResponse, now: Instant) {
    do throws(Failure) {
      let token = try AccessToken(response.participantToken)
      deliver(
        TokenTicket(
          serverURL: response.serverURL, token: response.participantToken, expires: token.expires), now: now)
    } catch {
      tokenFailed(RoomFailure(error), now: now)
    }
  }

  /// To the call that waits, or to the next one.
  private func deliver(_ ticket: TokenTicket, now: Instant) {
    if tokens.isForCall {
      tokens.isForCall = false
      return join(ticket, now: now)
    }
    tokens.failures = 0
    let life = ticket.expires.map { $0 - wallClockSeconds }
    guard fetchesAhead, call.state == .idle || call.state == .failed else { return }
    guard let seconds = TokenDesk.renewalSeconds(lifetimeSeconds: life) else {
      return log(.notice, "the endpoint's tokens live too short to be fetched ahead")
    }
    tokens.warm = ticket
    tokens.aheadDue = now.advanced(byMilliseconds: seconds * 1000)
    if call.state == .idle { failure = nil }
    log(.info, "the token of the next call is there" + (life.map { ", valid for \($0) s" } ?? ""))
  }

  private func tokenFailed(_ failure: RoomFailure, now: Instant) {
    if tokens.isForCall {
      tokens.isForCall = false
      return giveUp(failure, now: now)
    }
    tokens.failures += 1
    guard fetchesAhead, call.state == .idle || call.state == .failed else { return }
    let pause =
      failure.code == "clock-not-set"
      ? DeviceLimits.tokenCheckMilliseconds : TokenDesk.pauseMilliseconds(failures: tokens.failures)
    tokens.aheadDue = now.advanced(byMilliseconds: pause)
    report(failure, nextIn: pause)
  }

  /// An attempt with this token, or for one, ended for good: when the next one is due.
  func pauseAfter(_ code: String) -> Int? {
    guard call.state != .ending, !isTerminating else { return nil }
    var retry = TokenRetry(mode: settings.session.mode, source: settings.token.source)
    retry.isGiven = stayToken != nil
    retry.isWarm = tokens.triedIsWarm
    retry.failures = tokens.failures
    return retry.pause(after: code)
  }

  /// Nothing is dialled before that; status and indicator show a connection that was lost.
  func tryAgain(inMilliseconds pause: Int, reason: String?, now: Instant) {
    if settings.token.source == .file { tokens.refused = tokens.tried?.token }
    retryDue = now.advanced(byMilliseconds: pause)
    setConnection(.reconnecting, reason: reason)
    advanceCall(.sessionLost, reason: reason, now: now)
  }

  private func checkFileLater(now: Instant) {
    tokens.isForCall = false
    retryDue = now.advanced(byMilliseconds: DeviceLimits.tokenCheckMilliseconds)
  }
}
