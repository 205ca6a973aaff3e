import Base
import Configuration
import Control

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

/// What is needed to dial.
struct TokenTicket: Equatable {
  /// nil is the configured one.
  var serverURL: String?
  var token: String
  /// Seconds since 1970 UTC; nil where the token has no end.
  var expires: Int64?
}

/// The token of the next call, and how far getting it has come. It is kept in memory only.
struct TokenDesk {
  enum Step: Equatable {
    case idle
    /// A token, or what one is asked for or signed with, is being read.
    case reading
    case asking(request: Int)
  }

  var step = Step.idle
  /// Whether a call waits for what the step brings.
  var isForCall = false
  /// Fetched ahead. A call takes it away, for the second call with one token would find the first one's room, to
  /// which no agent is dispatched any more.
  var warm: TokenTicket?
  /// When it is fetched, or fetched anew.
  var aheadDue: Instant?
  /// Attempts in a row, of a call or ahead of one.
  var failures = 0
  var requests = 0
  /// The token of this stay, while nobody has accepted it.
  var tried: TokenTicket?
  var triedIsWarm = false
  /// What the token file held when it was refused; it is no use again.
  var refused: String?

  /// The warm token, if it holds long enough to dial with.
  mutating func take(wallClockSeconds now: Int64) -> TokenTicket? {
    defer { warm = nil }
    guard let warm else { return nil }
    guard let expires = warm.expires else { return warm }
    return expires - now >= DeviceLimits.tokenSecondsMin ? warm : nil
  }

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

  /// 5 s, 10 s, 20 s ... 300 s.
  static func pauseMilliseconds(failures: Int) -> Int {
    min(5_000 << min(max(failures - 1, 0), 6), 300_000)
  }
}

/// When the device joins again by itself after what the room does not retry.
///
/// | the token | what failed | mode | next attempt after |
/// |---|---|---|---|
/// | given with `join --token-file` | anything | any | none |
/// | fetched ahead | the server refused it, or it has expired | any | 0 s, with a new token |
/// | any | the clock is not set | always-on | 10 s; nothing is fetched or dialled before it is set |
/// | a file's | the file, or the token in it | always-on | 10 s; nothing is dialled before the file holds another |
/// | endpoint's, sandbox's, signed here | the source, or the token | always-on | 5 s, 10 s, 20 s ... 300 s |
/// | any | anything else | any | none |
/// | any | anything | on-demand, push-to-talk | none: whoever stands there hears it and presses again |
struct TokenRetry {
  var mode = SessionMode.onDemand
  var source = TokenSource.file
  var isGiven = false
  var isWarm = false
  /// In a row, this one included.
  var failures = 1

  /// Milliseconds; nil: none.
  func pause(after code: String) -> Int? {
    guard !isGiven, Self.isMendedByAnotherToken(code) else { return nil }
    if isWarm, code == "expired-token" || code == "not-allowed" { return 0 }
    guard mode == .alwaysOn else { return nil }
    if code == "clock-not-set" || source == .file { return DeviceLimits.tokenCheckMilliseconds }
    return TokenDesk.pauseMilliseconds(failures: failures)
  }

  /// Names as `LiveKit.Failure.code`, `TokenEndpointFailure.code` and `TokenFileFailure` have them.
  static func isMendedByAnotherToken(_ code: String) -> Bool {
    switch code {
    case "expired-token", "malformed-token", "token-not-yet-valid", "clock-not-set", "not-allowed",
      "no-token":
      true
    default: code.utf8.starts(with: "token-".utf8)
    }
  }
}
