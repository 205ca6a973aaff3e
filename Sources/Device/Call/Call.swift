import Base
import Control

/// Where the visitor's conversation stands: a label, which follows from the stay and from whether somebody can be
/// heard.
///
/// | the stay | somebody is heard | the call |
/// |---|---|---|
/// | away | | idle |
/// | wanting, dialling, waiting; interrupted: the session is lost | | connecting |
/// | interrupted: media is lost, the session goes on | | as if it were joined for 2 s, then connecting |
/// | interrupted: only signalling is lost | | as if it were joined |
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

  /// Until when nobody need know that media has stopped.
  private(set) var patienceEnds: Instant?
  private var stoppedAt: Instant?

  init(since: Instant) { self.since = since }

  var deadlines: [Deadline] { [Deadline("resume-patience", patienceEnds)] }

  /// The table above, as a function.
  static func state(
    of phase: Stay.Phase, somebodyIsHeard: Bool, standsBy: Bool = false, isPatient: Bool = false
  ) -> CallState {
    if standsBy { return .idle }
    return switch phase {
    case .away: .idle
    case .interrupted(.media) where !isPatient: .connecting
    case .wanting, .dialling, .interrupted(.session), .waiting: .connecting
    case .joined, .interrupted: somebodyIsHeard ? .talking : .waitingAgent
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
    let isPatient = waits(phase, now)
    state = Self.state(
      of: phase, somebodyIsHeard: somebodyIsHeard, standsBy: standsBy, isPatient: isPatient)
    self.reason = reason
    guard state != before else { return nil }
    since = now
    return before
  }
  /// True for two seconds after media has stopped.
  private mutating func waits(_ phase: Stay.Phase, _ now: Instant) -> Bool {
    guard phase == .interrupted(.media) else {
      patienceEnds = nil
      stoppedAt = nil
      return false
    }
    let since = stoppedAt ?? now
    stoppedAt = since
    let ends = since.advanced(byMilliseconds: DeviceLimits.resumePatienceMilliseconds)
    patienceEnds = now < ends ? ends : nil
    return now < ends
  }
}
