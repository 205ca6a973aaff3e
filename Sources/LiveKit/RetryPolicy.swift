/// How eagerly a failure is retried.
enum RetryPace: Equatable {
  /// Trying again cannot help, or would be an offence (a removed participant that keeps coming back).
  case never
  /// With the steps of the back-off.
  case backOff
  /// The server asked for it: at once, then with the steps.
  case asked
  /// Nobody answered, so nobody is burdened by the next attempt, and the network may be back at any moment: at once
  /// after an attempt that has waited, and after a second after one that has not. For two minutes; then with the steps.
  case unanswered, unreached
  /// What only a person or the clock can mend, but may: at the slow pace from the first attempt.
  case slow
}

extension RetryPace {
  var isEager: Bool { self == .unanswered || self == .unreached }

  func patient(unless mayBeEager: Bool) -> RetryPace { isEager && !mayBeEager ? .backOff : self }
}

/// When to try again, and whether at all. Pure: failure and count in, delay out.
///
/// | attempt after the loss | delay in ms, as `backOff` | as `asked` | as `unanswered` | as `unreached` | as `slow` |
/// |---|---|---|---|---|---|
/// | 1 | 0...250 | 0 | 0...100 | 500...1000 | 30 000...31 000 |
/// | 2 | 300...800 | 300...800 | 0...100 | 500...1000 | 30 000...31 000 |
/// | 3 | 1200...2200 | 1200...2200 | 0...100 | 500...1000 | 30 000...31 000 |
/// | 4 | 2700...3700 | 2700...3700 | 0...100 | 500...1000 | 30 000...31 000 |
/// | 5 | 4800...5800 | 4800...5800 | 0...100 | 500...1000 | 30 000...31 000 |
/// | 6 and later | 7000...8000 | 7000...8000 | 0...100 | 500...1000 | 30 000...31 000 |
///
/// Where in these ranges is drawn anew each time, so that a hundred doors do not knock together after a server's
/// restart.
/// The first attempt of `join` counts as attempt 1. An attempt counts as failed until it has stayed connected for
/// `stableMilliseconds`, so that a server which accepts and dismisses at once meets the back-off too. Of attempts to resume
/// those that nobody answered no longer count once the server has taken the session back.
///
/// | failure | pace |
/// |---|---|
/// | wrong URL, no token; HTTP 400, 401 and other 4xx, 403 with the server's words; room does not exist | never |
/// | leave: DUPLICATE_IDENTITY, PARTICIPANT_REMOVED, ROOM_DELETED, ROOM_CLOSED, CLIENT_INITIATED, USER_UNAVAILABLE, USER_REJECTED, SIP_TRUNK_FAILURE | never |
/// | leave with RECONNECT, a refused resume | asked |
/// | leave with DISCONNECT: SERVER_SHUTDOWN, SIGNAL_CLOSE, STATE_MISMATCH, JOIN_FAILURE, CONNECTION_TIMEOUT and the others | back-off |
/// | timeout | unanswered |
/// | unknown host, unreachable | unreached |
/// | refused, HTTP 5xx, 408, 425, 429, a proxy's 403, a proxy or captive portal in the way, no JoinResponse, signalling lost, ping timeout, no relay, media and negotiation failures | back-off |
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

  /// For so long after a loss attempts do not pause where nobody answers, and give up soon.
  static let eagerMilliseconds = 120_000

  /// How long an attempt may take to open a WebSocket, when the last one that did took `usual` milliseconds: after a
  /// loss a lost datagram costs a second and more, and another attempt less. A session that may be resumed is forgotten
  /// soon, and its sound is to be back within a second of the network. nil: through another network than the last time.
  static func dialMilliseconds(resumes: Bool, usual: Int?, max most: Int) -> Int {
    if resumes, let usual { return min(most, max(400, 2 * usual + 100)) }
    return min(most, max(2_000, 4 * (usual ?? 500)))
  }

  /// The same for a resume while media lives, which nobody forgets: the first attempt is soon over. When it found
  /// nobody the way may have become slower than it was, so each further one has longer, or none would ever arrive.
  static func dialMilliseconds(resumesAlive attempt: Int, usual: Int?, max most: Int) -> Int {
    if attempt <= 1 { return dialMilliseconds(resumes: true, usual: usual, max: most) }
    return min(most, dialMilliseconds(resumes: false, usual: usual, max: most) * min(attempt - 1, 16))
  }

  /// The delay before attempt `attempt` (1, 2, ...) after a loss; nil: give up.
  /// `random` is in 0..<`randomMillisecondsBound`.
  func delayMilliseconds(pace: RetryPace, attempt: Int, random: Int) -> Int? {
    if let attemptsMax, attempt > attemptsMax { return nil }
    switch pace {
    case .never: return nil
    case .slow: return slowMilliseconds + random
    case .unanswered: return random * 100 / 1000
    case .unreached: return 500 + random * 500 / 1000
    case .asked where attempt <= 1: return 0
    case .backOff, .asked:
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
    case .timedOut: .unanswered
    case .unknownHost, .unreachable: .unreached
    case .connectionRefused, .serverUnavailable: .backOff
    case .proxy, .captivePortal: .backOff
    case .noJoinResponse, .signalLost, .pingTimeout: .backOff
    case .mediaTimeout, .noRelay, .mediaFailed, .negotiationTimeout, .dataChannelClosed: .backOff
    case .tls, .notLiveKit, .roomTooLarge, .badDescription: .slow
    case .rejoinAsked, .resumeAsked: .asked
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
