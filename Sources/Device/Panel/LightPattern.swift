import AudioEngine
import Base
import Control

/// A light that shows how the device is. The raw value is its name.
public enum BoardLight: String, CaseIterable, Sendable {
  case status, mute, error, microphone, call, recording

  /// Where one light shows several of them.
  public static let mostUrgentLast: [BoardLight] = [
    .call, .status, .recording, .microphone, .mute, .error,
  ]

  /// Its place in a list of them all.
  public var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// How the lights are: two seconds in sixteen steps, the first one in the highest bit.
///
/// The status light shows what the indicator does, the one thing that is most urgent:
///
/// | shown | status |
/// |---|---|
/// | off | `................` |
/// | hard-muted | `#.#.............` |
/// | error, alarm | `#.#.#.#.#.#.#.#.` |
/// | muted | `#...............` |
/// | connecting | `##..##..##..##..` |
/// | waiting-agent, attention | `####....####....` |
/// | thinking | `#######.#######.` |
/// | refused | `#.#.#...........` |
/// | ending | `########........` |
/// | countdown | `#...#...#...#...` |
/// | everything else | `################` |
///
/// The others have a fact each, which nothing hides, whatever is shown. Of the rows of a light the first one that fits
/// counts:
///
/// | light | fact | |
/// |---|---|---|
/// | mute | the switch of the hard mute is on | `################` |
/// | mute | muted by software, not idle | `########........` |
/// | error | the call failed, the room is lost, or the housing is open and that is to be shown | `#.#.#.#.#.#.#.#.` |
/// | error | somebody asked for refused to be shown | `#.#.#...........` |
/// | microphone | it is heard, recorded or tested | `################` |
/// | microphone | it is open for what was said before a press | `#...............` |
/// | call | somebody is talked to | `################` |
/// | call | on its way, or nobody is there yet | `####....####....` |
/// | recording | the room is recorded | `################` |
public struct LightPattern: Equatable, Sendable {
  /// In the order of `BoardLight.allCases`.
  private let patterns: [UInt16]

  init(_ facts: IndicatorPolicy) {
    patterns = BoardLight.allCases.map { Self.pattern($0, facts) }
  }

  public subscript(_ light: BoardLight) -> UInt16 {
    patterns[BoardLight.allCases.firstIndex(of: light) ?? 0]
  }

  private static func pattern(_ light: BoardLight, _ facts: IndicatorPolicy) -> UInt16 {
    switch light {
    case .status: return status(facts.shown)
    case .mute: return facts.hardMuted ? 0xFFFF : facts.isMuted && facts.call != .idle ? 0xFF00 : 0
    case .error:
      let isWrong = facts.call == .failed || facts.isLost || facts.isTampered
      return isWrong ? 0xAAAA : facts.asked == .refused ? 0xA800 : 0
    case .microphone:
      switch facts.microphone {
      case .live: return 0xFFFF
      case .kept: return 0x8000
      case .closed: return 0
      }
    case .call:
      switch facts.call {
      case .talking: return 0xFFFF
      case .connecting, .waitingAgent: return 0xF0F0
      case .idle, .ending, .failed: return 0
      }
    case .recording: return facts.isRecorded ? 0xFFFF : 0
    }
  }

  public static let steps = 16
  public static let stepMilliseconds = 125

  static func status(_ shown: IndicatorState) -> UInt16 {
    switch shown {
    case .off: 0
    case .hardMuted: 0xA000
    case .error, .alarm: 0xAAAA
    case .muted: 0x8000
    case .connecting: 0xCCCC
    case .waitingAgent, .attention: 0xF0F0
    case .thinking: 0xFEFE
    case .refused: 0xA800
    case .ending: 0xFF00
    case .countdown: 0x8888
    case .talking, .listening, .speaking, .turn, .success: 0xFFFF
    }
  }

  /// As the tables above write it.
  static func text(_ pattern: UInt16) -> String {
    var text: [UInt8] = []
    for step in 0..<steps { text.append(pattern & (0x8000 >> step) == 0 ? 0x2E : 0x23) }
    return String(decoding: text, as: UTF8.self)
  }
}
