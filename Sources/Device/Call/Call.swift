import Base
import Control

/// Where the visitor's conversation stands: a label, which follows from the stay and from whether somebody can be
/// heard.
///
/// | the stay | somebody is heard | the call |
/// |---|---|---|
/// | away | | idle |
/// | wanting, dialling, interrupted, waiting | | connecting |
/// | joined | no | waiting-agent |
/// | joined | yes | talking |
/// | leaving | | ending |
/// | failed | | failed |
///
/// While a device only stands by in its room there is no call: idle, whatever the stay does.
struct Call: Equatable {
  private(set) var state = CallState.idle
  private(set) var since: Instant
  /// As others were told.
  private(set) var connection = RoomConnection.disconnected
  /// Why it is in that state, as a sentence; nil if there is nothing to say.
  private(set) var reason: String?

  init(since: Instant) { self.since = since }

  /// The table above, as a function.
  static func state(of phase: Stay.Phase, somebodyIsHeard: Bool, standsBy: Bool = false) -> CallState {
    if standsBy { return .idle }
    return switch phase {
    case .away: .idle
    case .wanting, .dialling, .interrupted, .waiting: .connecting
    case .joined: somebodyIsHeard ? .talking : .waitingAgent
    case .leaving: .ending
    case .failed: .failed
    }
  }

  /// Whether that is new.
  mutating func connect(_ connection: RoomConnection) -> Bool {
    defer { self.connection = connection }
    return connection != self.connection
  }

  /// The state that it left, if it left one.
  mutating func show(
    _ phase: Stay.Phase, somebodyIsHeard: Bool, standsBy: Bool = false, reason: String?, now: Instant
  ) -> CallState? {
    let before = state
    state = Self.state(of: phase, somebodyIsHeard: somebodyIsHeard, standsBy: standsBy)
    self.reason = reason
    guard state != before else { return nil }
    since = now
    return before
  }
}
