import Base
import Configuration
import Control
import LiveKit

/// A POST to the token endpoint. The answer comes back as `.endpointAnswered` or `.endpointFailed`.
public struct TokenRequest: Equatable, Sendable {
  public var number: Int
  public var url: String
  public var headers: [TextPair]
  /// For the Authorization header alone.
  public var bearer: String?
  public var body: [UInt8]
  public var timeoutMilliseconds: Int
  public var answerBytesMax: Int
}

/// Gets the token of the next attempt, or of the next call ahead of it. It is kept in memory only.
struct TokenDesk: Equatable {
  enum Action: Equatable {
    case read(path: String)
    case post(TokenRequest)
    /// For the attempt that waits.
    case ticket(TokenTicket)
    case failed(RoomFailure)
    /// Nobody waits for it.
    case isThere
    case failedAhead(RoomFailure, retryInMilliseconds: Int)
    case note(String)
  }

  private enum Step: Equatable {
    case idle
    /// A token, or what one is asked for or signed with, is being read.
    case reading
    case asking(request: Int)
  }

  private var step = Step.idle
  /// Whether an attempt waits for what the step brings.
  private var isAwaited = false
  private var isIdle = false
  /// Fetched ahead. A call takes it away, for the second call with one token would find the first one's room, to
  /// which no agent is dispatched any more.
  private var warm: TokenTicket?
  /// When it is fetched, or fetched anew.
  private(set) var due: Instant?
  /// Of fetching ahead, in a row.
  private var failures = 0
  private var requests = 0

  // MARK: - For an attempt

  mutating func want(_ settings: Settings, _ moment: Stay.Moment) -> [Action] {
    defer { warm = nil }
    if let warm, warm.holds(at: moment) { return [.ticket(warm)] }
    isAwaited = true
    return step == .idle ? fetch(settings, moment) : []
  }

  /// Nobody waits any more; what comes is kept for the next call.
  mutating func release() { isAwaited = false }

  // MARK: - Ahead

  mutating func forgetWarm() {
    warm = nil
    due = nil
  }

  mutating func watch(isIdle: Bool, _ settings: Settings, _ now: Instant) {
    self.isIdle = isIdle
    guard isIdle, settings.fetchesAhead else {
      due = nil
      return
    }
    guard case nil = warm, due == nil else { return }
    due = failures == 0 ? now : now.advanced(byMilliseconds: Self.pauseMilliseconds(failures: failures))
  }

  mutating func fetchAhead(_ settings: Settings, _ moment: Stay.Moment) -> [Action] {
    forgetWarm()
    return step == .idle ? fetch(settings, moment) : []
  }

  // MARK: - The steps

  private mutating func fetch(_ settings: Settings, _ moment: Stay.Moment) -> [Action] {
    let token = settings.token
    switch token.source {
    case .file: return read(token.file, otherwise: .noToken, settings, moment)
    case .apiKey:
      if let warning = TokenWarning(clockAt: moment.unixSeconds) {
        return failed(RoomFailure(warning), settings, moment)
      }
      return read(token.apiSecretFile, otherwise: .noSecret, settings, moment)
    case .endpoint, .sandbox:
      guard let path = token.bearerFile else { return ask(bearer: nil, settings, moment) }
      return read(path, otherwise: .noToken, settings, moment)
    }
  }

  private mutating func read(
    _ path: String?, otherwise failure: RoomFailure, _ settings: Settings, _ moment: Stay.Moment
  ) -> [Action] {
    guard let path else { return failed(failure, settings, moment) }
    step = .reading
    return [.read(path: path)]
  }

  mutating func secretRead(
    _ result: Result<String, TokenFileFailure>, _ settings: Settings, _ moment: Stay.Moment
  ) -> [Action] {
    guard step == .reading else { return [] }
    step = .idle
    switch (result, settings.token.source) {
    case (.failure(let failure), _): return failed(RoomFailure(failure), settings, moment)
    case (.success(let secret), .endpoint), (.success(let secret), .sandbox):
      return ask(bearer: secret, settings, moment)
    case (.success(let secret), .file): return deliver(TokenTicket(token: secret), settings, moment)
    case (.success(let secret), .apiKey):
      let expires = moment.unixSeconds.addingReportingOverflow(DeviceLimits.signedTokenSeconds).partialValue
      let token = AccessToken.signed(
        key: settings.token.apiKey ?? "", secret: secret,
        options: settings.tokenOptions(wallClockSeconds: moment.unixSeconds), expires: expires)
      return deliver(TokenTicket(token: token), settings, moment)
    }
  }

  private mutating func ask(bearer: String?, _ settings: Settings, _ moment: Stay.Moment) -> [Action] {
    requests += 1
    step = .asking(request: requests)
    return [
      .post(
        TokenRequest(
          number: requests, url: settings.tokenEndpoint, headers: settings.tokenHeaders, bearer: bearer,
          body: settings.tokenOptions(wallClockSeconds: moment.unixSeconds).endpointBody,
          timeoutMilliseconds: settings.token.timeoutSeconds * 1000,
          answerBytesMax: DeviceLimits.tokenAnswerBytesMax))
    ]
  }

  mutating func endpointAnswered(
    _ request: Int, _ answer: EndpointAnswer, _ settings: Settings, _ moment: Stay.Moment
  ) -> [Action] {
    guard step == .asking(request: request) else { return [] }
    step = .idle
    do throws(TokenEndpointFailure) {
      let response = try TokenSourceResponse(answer)
      if settings.network.requiresTLS, let asked = ServerAddress(settings.tokenEndpoint),
        let named = response.serverURL.flatMap({ ServerAddress($0) }), named.isDowngrade(from: asked)
      {
        throw .unusable(
          "it is asked with TLS and names a room server without; [network] require-tls = no allows it")
      }
      // Whoever waits for it may know where to dial.
      guard response.serverURL != nil || settings.token.url != nil || isAwaited else {
        throw .unusable("it has no server_url, and [token] url is not set")
      }
      return deliver(TokenTicket(response, at: moment), settings, moment)
    } catch {
      let words = error.words(
        endpoint: settings.tokenEndpoint, timeoutSeconds: settings.token.timeoutSeconds,
        key: settings.token.source == .sandbox ? "sandbox-id" : "bearer-file")
      return failed(RoomFailure(code: error.code, message: words, retriable: false), settings, moment)
    }
  }

  /// To the attempt that waits, or to the next call.
  private mutating func deliver(
    _ ticket: TokenTicket, _ settings: Settings, _ moment: Stay.Moment
  ) -> [Action] {
    failures = 0
    if isAwaited {
      isAwaited = false
      return [.ticket(ticket)]
    }
    guard isIdle, settings.fetchesAhead else { return [] }
    let life = ticket.lifetimeSeconds
    guard let seconds = Self.renewalSeconds(lifetimeSeconds: life) else {
      return [.note("the endpoint's tokens live too short to be fetched ahead")]
    }
    warm = ticket
    warm?.isWarm = true
    due = moment.now.advanced(byMilliseconds: seconds * 1000)
    return [
      .isThere, .note("the token of the next call is there" + (life.map { ", valid for \($0) s" } ?? "")),
    ]
  }

  private mutating func failed(
    _ failure: RoomFailure, _ settings: Settings, _ moment: Stay.Moment
  ) -> [Action] {
    if isAwaited {
      isAwaited = false
      return [.failed(failure)]
    }
    failures += 1
    guard isIdle, settings.fetchesAhead else { return [] }
    let pause = Self.pauseMilliseconds(failures: failures)
    due = moment.now.advanced(byMilliseconds: pause)
    return [.failedAhead(failure, retryInMilliseconds: pause)]
  }
}
