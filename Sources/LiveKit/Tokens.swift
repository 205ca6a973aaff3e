import Base

/// Which token was meant: the one that `join` was given, or a newer one of the server's.
public enum TokenOrigin: Sendable { case configured, refreshed }

/// The configured token, and the newest that the server gave. Nobody here judges them: the server does, with its own
/// clock.
///
/// A refreshed token knows the latest name, metadata and grants, but lives only ten minutes once the session is
/// gone: after a long outage the configured one may be the only one left.
struct Tokens {
  let configured: AccessToken
  var refreshed: AccessToken?
  /// Of the dial under way.
  private(set) var dialled: (origin: TokenOrigin, secret: String)

  init(_ token: AccessToken) {
    configured = token
    dialled = (.configured, token.secret)
  }

  /// The one to dial with now.
  mutating func next() -> String {
    if let refreshed, refreshed.secret != configured.secret {
      dialled = (.refreshed, refreshed.secret)
    } else {
      dialled = (.configured, configured.secret)
    }
    return dialled.secret
  }

  /// The server refused what was dialled with; true if there is another one.
  mutating func refused() -> Bool {
    guard dialled.origin == .refreshed else { return false }
    refreshed = nil
    return true
  }
}

/// What can be said of a token's times by our own clock, which may be wrong: a hint for people, never a reason not to
/// dial.
public enum TokenWarning: Equatable, Sendable {
  case expired(at: String)
  case notYetValid(from: String)
  case clockNotSet(year: Int)

  /// Before this year a clock has not been set since it started at 1970.
  private static let firstYear2024Seconds: Int64 = 1_704_067_200
  /// The server's own tolerance towards clocks.
  private static let leewaySeconds: Int64 = 60

  /// What the server would say of these times if its clock were ours; nil: nothing.
  public init?(_ token: AccessToken, wallClockSeconds now: Int64) {
    if let from = token.notBefore, Self.isClearly(from, after: now) {
      self = TokenWarning(clockAt: now) ?? .notYetValid(from: CalendarTime(from).text)
    } else if let end = token.expires, Self.isClearly(now, after: end) {
      self = TokenWarning(clockAt: now) ?? .expired(at: CalendarTime(end).text)
    } else {
      return nil
    }
  }

  /// The clock stands where it was when it was made, before which no token and no certificate is valid.
  public init?(clockAt now: Int64) {
    guard now < Self.firstYear2024Seconds else { return nil }
    self = .clockNotSet(year: CalendarTime(now).year)
  }

  /// Any number may be claimed, so the sum may not fit.
  private static func isClearly(_ late: Int64, after early: Int64) -> Bool {
    let (end, overflow) = early.addingReportingOverflow(leewaySeconds)
    return !overflow && late > end
  }

  /// For programs; stable over versions.
  public var code: String {
    switch self {
    case .expired: "expired-token"
    case .notYetValid: "token-not-yet-valid"
    case .clockNotSet: "clock-not-set"
    }
  }

  /// One sentence without the final full stop.
  public var words: String {
    switch self {
    case .expired(let time): "the access token expired at \(time)"
    case .notYetValid(let time): "the access token is not valid before \(time)"
    case .clockNotSet(let year):
      "the clock says \(year): set the time, neither access tokens nor certificates can be judged before"
    }
  }
}
