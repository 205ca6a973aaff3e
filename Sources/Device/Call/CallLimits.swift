import AudioEngine
import Base
import Configuration
import Control

/// How long a call may be, and how long it may be silent. A device that is always in its room has no such limits.
///
/// | limit | counts from | starts again |
/// |---|---|---|
/// | `max-duration` | the moment that media flows first | never in this call, also when the connection was lost |
/// | `idle-timeout` | the moment that nobody speaks any more | with every word, every turn and every reconnection |
struct CallLimits: Equatable {
  private(set) var endsAt: Instant?
  private(set) var idleAt: Instant?

  enum Reached: Equatable { case maxDuration, idleTimeout }

  mutating func callChanged(to state: CallState, _ session: SessionSettings, now: Instant) {
    switch state {
    case .waitingAgent, .talking:
      guard session.mode != .alwaysOn else { return }
      endsAt = endsAt ?? Self.due(session.maxDurationSeconds, now)
      idleAt = idleAt ?? Self.due(session.idleTimeoutSeconds, now)
    case .connecting: idleAt = nil
    case .idle, .ending, .failed: self = CallLimits()
    }
  }

  /// Somebody begins to speak, or the last one ends.
  mutating func activity(somebodySpeaks: Bool, _ state: CallState, _ session: SessionSettings, now: Instant) {
    guard state == .waitingAgent || state == .talking, session.mode != .alwaysOn else { return }
    idleAt = somebodySpeaks ? nil : Self.due(session.idleTimeoutSeconds, now)
  }

  func reached(_ now: Instant) -> Reached? {
    if let endsAt, endsAt <= now { return .maxDuration }
    if let idleAt, idleAt <= now { return .idleTimeout }
    return nil
  }

  private static func due(_ seconds: Int, _ now: Instant) -> Instant? {
    seconds > 0 ? now.advanced(byMilliseconds: seconds * 1000) : nil
  }
}

extension CallLimits.Reached {
  /// A sentence without its full stop.
  func reason(_ session: SessionSettings) -> String {
    switch self {
    case .maxDuration: "the call reached [session] max-duration (\(session.maxDurationSeconds) s)"
    case .idleTimeout: "nobody spoke for \(session.idleTimeoutSeconds) s ([session] idle-timeout)"
    }
  }
}
