/// How eagerly a failure is retried.
enum RetryPace: Equatable {
  /// Trying again cannot help, or would be an offence (a removed participant that keeps coming back).
  case never
  /// With the steps of the back-off.
  case backOff
  /// What only a person or the clock can mend, but may: at the slow pace from the first attempt.
  case slow
}

/// When to try again, and whether at all. Pure: failure and count in, delay out.
///
/// | attempt after the loss | delay in ms, as `backOff` | as `slow` |
/// |---|---|---|
/// | 1 | 0...250 | 30 000...31 000 |
/// | 2 | 300...800 | 30 000...31 000 |
/// | 3 | 1200...2200 | 30 000...31 000 |
/// | 4 | 2700...3700 | 30 000...31 000 |
/// | 5 | 4800...5800 | 30 000...31 000 |
/// | 6 and later | 7000...8000 | 30 000...31 000 |
///
/// Where in these ranges is drawn anew each time, so that a hundred doors do not knock together after a server's
/// restart.
/// The first attempt of `join` counts as attempt 1. An attempt counts as failed until it has stayed connected for
/// `stableMilliseconds`, so that a server which accepts and dismisses at once meets the back-off too.
///
/// | failure | pace |
/// |---|---|
/// | wrong URL, no token; HTTP 400, 401 and other 4xx, 403 with the server's words; room does not exist | never |
/// | leave: DUPLICATE_IDENTITY, PARTICIPANT_REMOVED, ROOM_DELETED, ROOM_CLOSED, CLIENT_INITIATED, USER_UNAVAILABLE, USER_REJECTED, SIP_TRUNK_FAILURE | never |
/// | leave with RESUME or RECONNECT; with DISCONNECT: SERVER_SHUTDOWN, SIGNAL_CLOSE, STATE_MISMATCH, JOIN_FAILURE, CONNECTION_TIMEOUT and the others | back-off |
/// | unknown host, refused, timeout, HTTP 5xx, 408, 425, 429, a proxy's 403, no JoinResponse, signalling lost, ping timeout, media and negotiation failures | back-off |
/// | TLS; a server that is no LiveKit; a room or a description that is too much for this program | slow |
public struct RetryPolicy: Equatable, Sendable {
  /// Failed attempts in a row after which to give up; nil: never, as befits an appliance that nobody stands beside.
  public var attemptsMax: Int?
  public var slowMilliseconds = 30_000
  public var stableMilliseconds = 5_000

  public init(attemptsMax: Int? = nil) { self.attemptsMax = attemptsMax }

  private static let stepsMilliseconds = [0, 300, 1200, 2700, 4800, 7000]
  private static let spreadsMilliseconds = [250, 500, 1000, 1000, 1000, 1000]
  static let randomMillisecondsBound = 1001

  /// The delay before attempt `attempt` (1, 2, ...) after a loss; nil: give up.
  /// `random` is in 0..<`randomMillisecondsBound`.
  func delayMilliseconds(pace: RetryPace, attempt: Int, random: Int) -> Int? {
    if let attemptsMax, attempt > attemptsMax { return nil }
    switch pace {
    case .never: return nil
    case .slow: return slowMilliseconds + random
    case .backOff:
      let index = min(max(attempt - 1, 0), RetryPolicy.stepsMilliseconds.count - 1)
      return RetryPolicy.stepsMilliseconds[index] + random * RetryPolicy.spreadsMilliseconds[index] / 1000
    }
  }
}

extension Failure {
  var retryPace: RetryPace {
    switch self {
    case .badURL, .malformedToken, .alreadyJoined: .never
    case .notAllowed, .roomDoesNotExist, .rejected: .never
    case .publishNotAllowed, .publishRefused, .tooManyTracks: .never
    case .unknownHost, .connectionRefused, .timedOut, .unreachable, .serverUnavailable: .backOff
    case .noJoinResponse, .signalLost, .pingTimeout: .backOff
    case .mediaTimeout, .mediaFailed, .negotiationTimeout, .dataChannelClosed: .backOff
    case .tls, .notLiveKit, .roomTooLarge, .badDescription: .slow
    case .rejoinAsked: .backOff
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
