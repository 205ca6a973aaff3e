import AudioEngine
import Configuration
import Control

/// The sounds that may be asked for by name.
extension Tone {
  static let named: [(name: String, tone: Tone)] = [
    ("booted", .booted), ("ringing", .ringing), ("connected", .connected), ("busy", .busy), ("error", .error),
    ("muted", .muted), ("door-opened", .doorOpened),
  ]
}

/// What is heard when the call changes its state.
///
/// | from | to | heard |
/// |---|---|---|
/// | idle, failed | connecting; from idle also waiting-agent | ringing, until something else is |
/// | any | talking | connected |
/// | connecting | failed | error |
/// | waiting-agent, talking, ending | failed | busy: the other side ended it, or nobody came |
/// | any | ending, idle | nothing; ringing stops |
/// | anything else | | no change |
enum CallTone: Equatable {
  case play(Tone)
  case stop
  case noChange

  static func next(from: CallState, to: CallState) -> CallTone {
    switch (from, to) {
    case (.idle, .connecting), (.failed, .connecting), (.idle, .waitingAgent): .play(.ringing)
    case (_, .talking): .play(.connected)
    case (.talking, .failed), (.waitingAgent, .failed), (.ending, .failed): .play(.busy)
    case (_, .failed): .play(.error)
    case (_, .ending), (_, .idle): .stop
    default: .noChange
    }
  }
}
