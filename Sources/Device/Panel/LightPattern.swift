import Base

/// A light that shows how the device is. The raw value is its name.
public enum BoardLight: String, CaseIterable, Sendable { case status, mute, error }

/// How a light shows what the indicator is: two seconds in sixteen steps, the first one in the highest bit.
///
/// | shown | status | mute | error |
/// |---|---|---|---|
/// | off | `................` | | |
/// | hard-muted | `#.#.............` | `################` | |
/// | error | `#.#.#.#.#.#.#.#.` | | as status |
/// | alarm | `#.#.#.#.#.#.#.#.` | | as status |
/// | muted | `#...............` | `########........` | |
/// | connecting | `##..##..##..##..` | | |
/// | waiting-agent, attention | `####....####....` | | |
/// | thinking | `#######.#######.` | | |
/// | refused | `#.#.#...........` | | as status |
/// | ending | `########........` | | |
/// | everything else | `################` | | |
public enum LightPattern {
  public static let steps = 16
  public static let stepMilliseconds = 125

  public static func of(_ shown: IndicatorState, _ light: BoardLight) -> UInt16 {
    switch light {
    case .status: status(shown)
    case .mute: shown == .hardMuted ? 0xFFFF : shown == .muted ? 0xFF00 : 0
    case .error: shown == .error || shown == .alarm || shown == .refused ? status(shown) : 0
    }
  }

  private static func status(_ shown: IndicatorState) -> UInt16 {
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

  /// As the table above writes it.
  static func text(_ pattern: UInt16) -> String {
    var text: [UInt8] = []
    for step in 0..<steps { text.append(pattern & (0x8000 >> step) == 0 ? 0x2E : 0x23) }
    return String(decoding: text, as: UTF8.self)
  }
}
