/// How eagerly a failure is retried.
enum RetryPace: Equatable {
  /// Trying again cannot help, or would be an offence (a removed participant that keeps coming back).
  case never
  /// With the steps of the back-off.
  case backOff
  /// What only a person or the clock can mend, but may: at the slow pace from the first attempt.
  case slow
  /// The server asked for it: at once, then with the back-off.
  case now
}

/// When to try again, and whether at all. Pure: failure and count in, delay out.
///
/// | attempt after the loss | delay in ms, as `backOff` | as `now` | as `slow` |
/// |---|---|---|---|
/// | 1 | 0 | 0 | 30 000 + random |
/// | 2 | 300 | 300 | 30 000 + random |
/// | 3 | 1200 + random | 1200 + random | 30 000 + random |
/// | 4 | 2700 + random | 2700 + random | 30 000 + random |
/// | 5 | 4800 + random | 4800 + random | 30 000 + random |
/// | 6 and later | 7000 + random | 7000 + random | 30 000 + random |
///
/// `random` is uniform in 0...1000, so that a hundred doors do not knock together after a server's restart.
/// The first attempt of `join` counts as attempt 1. An attempt counts as failed until it has stayed connected for
/// `stableMilliseconds`, so that a server which accepts and dismisses at once meets the back-off too.
///
/// | failure | pace |
/// |---|---|
/// | wrong URL or token, clock not set; HTTP 401, 403, 400 and other 4xx; room does not exist | never |
/// | leave: DUPLICATE_IDENTITY, PARTICIPANT_REMOVED, ROOM_DELETED, ROOM_CLOSED, CLIENT_INITIATED, USER_UNAVAILABLE, USER_REJECTED, SIP_TRUNK_FAILURE | never |
/// | leave with DISCONNECT: SERVER_SHUTDOWN, SIGNAL_CLOSE, STATE_MISMATCH, JOIN_FAILURE, CONNECTION_TIMEOUT and the others | back-off |
/// | leave with RESUME or RECONNECT | now |
/// | unknown host, refused, timeout, HTTP 5xx and 429, no JoinResponse, signalling lost, ping timeout, media and negotiation failures | back-off |
/// | TLS; a server that is no LiveKit | slow |
public struct RetryPolicy: Equatable, Sendable {
  /// Failed attempts in a row after which to give up; nil: never, as befits an appliance that nobody stands beside.
  public var attemptsMax: Int?
  public var slowMilliseconds = 30_000
  public var stableMilliseconds = 5_000

  public init(attemptsMax: Int? = nil) { self.attemptsMax = attemptsMax }

  static let stepsMilliseconds = [0, 300, 1200, 2700, 4800, 7000]
  static let randomMillisecondsBound = 1001

  /// The delay before attempt `attempt` (1, 2, ...) after a loss; nil: give up.
  /// `random` is in 0..<`randomMillisecondsBound`.
  func delayMilliseconds(pace: RetryPace, attempt: Int, random: Int) -> Int? {
    if let attemptsMax, attempt > attemptsMax { return nil }
    switch pace {
    case .never: return nil
    case .slow: return slowMilliseconds + random
    case .backOff, .now:
      let index = min(max(attempt - 1, 0), RetryPolicy.stepsMilliseconds.count - 1)
      return RetryPolicy.stepsMilliseconds[index] + (index >= 2 ? random : 0)
    }
  }
}

extension Failure {
  var retryPace: RetryPace {
    switch self {
    case .badURL, .malformedToken, .expiredToken, .tokenNotYetValid, .clockNotSet, .alreadyJoined: .never
    case .notAllowed, .roomDoesNotExist, .rejected: .never
    case .publishNotAllowed, .publishRefused, .tooManyTracks: .never
    case .unknownHost, .connectionRefused, .timedOut, .unreachable, .serverUnavailable: .backOff
    case .noJoinResponse, .signalLost, .pingTimeout: .backOff
    case .mediaTimeout, .mediaFailed, .negotiationTimeout, .badDescription, .dataChannelClosed: .backOff
    case .tls, .notLiveKit: .slow
    case .rejoinAsked: .now
    case .dismissed(let reason): reason.retryPace
    }
  }
}

extension DisconnectReason {
  fileprivate var retryPace: RetryPace {
    switch self {
    case .clientInitiated, .duplicateIdentity, .participantRemoved, .roomDeleted, .roomClosed: .never
    case .userUnavailable, .userRejected, .sipTrunkFailure: .never
    case .unknown, .serverShutdown, .stateMismatch, .joinFailure, .migration, .signalClose: .backOff
    case .connectionTimeout, .mediaFailure, .agentError: .backOff
    }
  }
}
