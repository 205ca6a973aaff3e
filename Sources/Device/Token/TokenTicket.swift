import Base
import Configuration
import Control
import LiveKit

/// What is needed to dial.
struct TokenTicket: Equatable, Sendable {
  /// nil is the configured one.
  var serverURL: String?
  var token: String
  /// Fetched ahead: another one can be had when the server does not take it.
  var isWarm = false
  /// By its own claims, as no clock of this board is asked how long a server's token lives; nil: for ever.
  private(set) var lifetimeSeconds: Int64?
  private var fetchedAt: Stay.Moment?

  init(token: String) { self.token = token }

  init(_ response: TokenSourceResponse, at moment: Stay.Moment) {
    token = response.participantToken
    serverURL = response.serverURL
    fetchedAt = moment
    guard let claims = try? AccessToken(token), let expires = claims.expires else { return }
    // A token without a beginning begins now, as far as this clock can tell.
    let (life, isBeyond) = expires.subtractingReportingOverflow(claims.notBefore ?? moment.unixSeconds)
    lifetimeSeconds = isBeyond ? (expires > 0 ? .max : .min) : life
  }

  /// Whether it lives long enough to be dialled with. Both clocks have to agree: the monotonic one stands still while
  /// the board is suspended, and the other one may be put right.
  func holds(at moment: Stay.Moment) -> Bool {
    guard let lifetimeSeconds, let fetchedAt else { return true }
    let byWall = moment.unixSeconds.subtractingReportingOverflow(fetchedAt.unixSeconds)
    let age = max(
      Int64(moment.now.seconds(since: fetchedAt.now)), byWall.overflow ? .max : byWall.partialValue)
    let (left, isBeyond) = lifetimeSeconds.subtractingReportingOverflow(age)
    return !isBeyond && left >= DeviceLimits.tokenSecondsMin
  }
}

extension TokenDesk {
  /// Seconds after which a token fetched ahead is fetched anew; nil: it is too short-lived to be kept at all.
  ///
  /// | the token lives for | it is fetched anew after |
  /// |---|---|
  /// | less than 60 s | not fetched ahead |
  /// | longer | four fifths of that, at most 6 h |
  /// | ever | 6 h |
  static func renewalSeconds(lifetimeSeconds: Int64?) -> Int? {
    guard let life = lifetimeSeconds else { return DeviceLimits.tokenRenewalSecondsMax }
    guard life >= DeviceLimits.warmTokenSecondsMin else { return nil }
    return Int(min(life / 5 * 4, Int64(DeviceLimits.tokenRenewalSecondsMax)))
  }

  /// Of fetching ahead, for which nobody waits: 5 s, 10 s, 20 s ... 300 s.
  static func pauseMilliseconds(failures: Int) -> Int {
    min(5_000 << min(max(failures, 1) - 1, 6), 300_000)
  }
}

extension TokenSourceResponse {
  init(_ answer: EndpointAnswer) throws(TokenEndpointFailure) {
    switch answer {
    case .failed(let failure): throw .unreachable(failure)
    case .answered(let status, let body): try self.init(status: status, body: body)
    }
  }
}

/// What a token is asked for with.
extension Settings {
  static let sandboxURL = "https://cloud-api.livekit.io/api/v2/sandbox/connection-details"

  var tokenIsRemote: Bool { token.source == .endpoint || token.source == .sandbox }

  /// Whether tokens are fetched before somebody needs one.
  var fetchesAhead: Bool { tokenIsRemote && token.warm && stayMode != .alwaysOn }

  var tokenEndpoint: String { token.endpoint ?? Self.sandboxURL }

  var tokenHeaders: [TextPair] {
    var headers = [TextPair("Content-Type", "application/json"), TextPair("Accept", "application/json")]
    if token.source == .sandbox, let name = token.sandboxID { headers.append(TextPair("X-Sandbox-ID", name)) }
    return headers
  }

  func tokenOptions(wallClockSeconds: Int64) -> TokenRequestOptions {
    var options = TokenRequestOptions()
    options.roomName = session.room
    options.participantIdentity = session.identity ?? device.id
    options.agentName = session.agentName
    options.agentMetadata = session.agentMetadata
    guard token.source == .apiKey else { return options }
    options.participantName = device.id
    if options.roomName == nil {
      // An agent is dispatched when a room is made, so each call has a room of its own.
      options.roomName = device.id + (stayMode == .alwaysOn ? "" : "-\(wallClockSeconds)")
    }
    return options
  }
}
