import AudioEngine
import Control

/// What the device shows. The raw value is its name in events and for `lintel.indicator`.
public enum IndicatorState: String, CaseIterable, Sendable {
  case off
  case hardMuted = "hard-muted"
  case error, alarm, muted, connecting
  case waitingAgent = "waiting-agent"
  case talking, listening, thinking, speaking, ending
  /// A turn of push-to-talk is open.
  case turn
  /// The button is held, and something comes of it soon.
  case countdown
  /// What an agent may ask for.
  case attention, success, refused

  var mayBeAskedFor: Bool { self == .attention || self == .success || self == .refused }
}

/// Which of all that could be shown is. The first row that fits decides:
///
/// | circumstance | shown |
/// |---|---|
/// | the button is held, and something comes of it soon | countdown |
/// | the switch of the hard mute is on | hard-muted |
/// | the call failed, or the room is lost | error |
/// | the housing is open, and that is to be shown | alarm |
/// | somebody asked for something to be shown | that |
/// | muted by software, not idle | muted |
/// | a turn is open | turn |
/// | talking, and the agent says what it does | listening, thinking or speaking |
/// | otherwise | the phase of the call; off when idle |
struct IndicatorPolicy: Equatable, Sendable {
  var isCounting = false
  var hardMuted = false
  var isLost = false
  var isTampered = false
  var asked: IndicatorState?
  var isMuted = false
  var turnIsOpen = false
  var call = CallState.idle
  /// `lk.agent.state`.
  var agentState: String?
  /// As far as anybody may hear it.
  var microphone = Listening.closed
  var isRecorded = false

  var shown: IndicatorState {
    if isCounting { return .countdown }
    if hardMuted { return .hardMuted }
    if call == .failed || isLost { return .error }
    if isTampered { return .alarm }
    if let asked { return asked }
    if isMuted, call != .idle { return .muted }
    if turnIsOpen { return .turn }
    switch call {
    case .idle, .failed: return .off
    case .connecting: return .connecting
    case .waitingAgent: return .waitingAgent
    case .ending: return .ending
    case .talking:
      switch agentState {
      case "listening": return .listening
      case "thinking": return .thinking
      case "speaking": return .speaking
      default: return .talking
      }
    }
  }
}
