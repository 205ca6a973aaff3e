import Base
import Control

/// A light that shows how the device is. The raw value is its name.
public enum BoardLight: String, CaseIterable, Sendable { case status, mute, error }

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
/// | everything else | `################` |
///
/// The others have a fact each, which nothing hides, whatever is shown:
///
/// | fact | mute | error |
/// |---|---|---|
/// | the switch of the hard mute is on | `################` | |
/// | muted by software, not idle | `########........` | |
/// | the call failed, the room is lost, or the housing is open and that is to be shown | | `#.#.#.#.#.#.#.#.` |
/// | somebody asked for refused to be shown | | `#.#.#...........` |
public struct LightPattern: Equatable, Sendable {
  private let status: UInt16
  private let mute: UInt16
  private let error: UInt16

  init(_ facts: IndicatorPolicy) {
    status = Self.status(facts.shown)
    mute = facts.hardMuted ? 0xFFFF : facts.isMuted && facts.call != .idle ? 0xFF00 : 0
    let isWrong = facts.call == .failed || facts.isLost || facts.isTampered
    error = isWrong ? 0xAAAA : facts.asked == .refused ? 0xA800 : 0
  }

  public subscript(_ light: BoardLight) -> UInt16 {
    switch light {
    case .status: status
    case .mute: mute
    case .error: error
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
