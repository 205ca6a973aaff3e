import Base
import Configuration
import Device

/// The board's outputs and its indicator. The simulated board has no more than their names, so what they do is
/// told in the journal.
final class BoardOutputs {
  private let isSimulated: Bool

  init(_ settings: Settings) { isSimulated = settings.device.board == .simulated }

  func perform(_ command: BoardCommand) {
    guard isSimulated else { return }
    switch command {
    case .setOutput(let name, let on): Journal.write(.info, "output \(name) is \(on ? "on" : "off")")
    case .indicate(let state): Journal.write(.info, "the indicator shows \(state.rawValue)")
    }
  }
}
