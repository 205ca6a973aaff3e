import Base
import Configuration
import Control

/// The one state machine of the call: where the visitor's conversation stands.
///
/// | from | to | when |
/// |---|---|---|
/// | idle, failed | connecting | a join begins |
/// | connecting | waiting-agent | media flows and nobody who can be heard is there |
/// | connecting, waiting-agent | talking | media flows and somebody can be heard |
/// | talking | waiting-agent | the last one who could be heard left |
/// | waiting-agent, talking | connecting | the session was lost and is being joined anew |
/// | any but idle and failed | ending | a leave begins |
/// | failed | idle | a leave, which takes note of the failure |
/// | ending | idle | the room is closed |
/// | any | failed | an attempt or a session ended for good |
struct Call: Equatable {
  enum Event: Equatable {
    case joinBegan
    case connected(somebodyIsHeard: Bool)
    case audience(somebodyIsHeard: Bool)
    case sessionLost
    case leaveBegan
    case roomClosed
    case failed
  }

  var state = CallState.idle
  var since: Instant
  /// Why it is in that state, as a sentence; nil if there is nothing to say.
  var reason: String?

  /// The table above, as a function: the state after the event.
  static func next(_ state: CallState, _ event: Event) -> CallState {
    switch (state, event) {
    case (_, .failed): .failed
    case (.idle, .joinBegan), (.failed, .joinBegan): .connecting
    case (.connecting, .connected(let heard)): heard ? .talking : .waitingAgent
    case (.waitingAgent, .audience(let heard)), (.talking, .audience(let heard)):
      heard ? .talking : .waitingAgent
    case (.waitingAgent, .sessionLost), (.talking, .sessionLost): .connecting
    case (.idle, .leaveBegan), (.failed, .leaveBegan): .idle
    case (_, .leaveBegan): .ending
    case (.ending, .roomClosed): .idle
    default: state
    }
  }
}

extension Device {
  func advanceCall(_ event: Call.Event, reason: String? = nil, now: Instant) {
    let next = Call.next(call.state, event)
    guard next != call.state || reason != call.reason else { return }
    let changed = next != call.state
    if changed { sound(from: call.state, to: next) }
    call = Call(state: next, since: changed ? now : call.since, reason: reason)
    guard changed else { return }
    if event == .joinBegan { counters.calls += 1 }
    if next == .failed { counters.callFailures += 1 }
    announce(.callState(next, reason: reason))
    if next == .idle || next == .ending || next == .failed { firstWords(.callEnded, now: now) }
    watchAgentWait(next, now: now)
    limits.callChanged(to: next, settings.session, now: now)
    watchTokens(next, now: now)
    if next != .talking, next != .waitingAgent { closeTurn(failure: nil, now: now) }
  }

  /// Whether anybody's sound is being received.
  var somebodyIsHeard: Bool { !openTracks.isEmpty }
}
