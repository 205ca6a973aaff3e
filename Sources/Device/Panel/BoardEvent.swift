import AudioEngine
import Base
import Configuration
import Control

/// What the board tells.
public enum BoardEvent: Equatable, Sendable {
  /// `isFirst`: how it was found, when nobody has done anything yet.
  case input(BoardInput, isOn: Bool, isFirst: Bool)
  /// A key of a keypad: `0` to `9`, `*` or `#`. Each keypad has a number, the first one 0.
  case key(UInt8, pad: Int = 0)
  case function(FunctionKey)
  /// A piece of hardware works, or does not.
  case part(BoardPart)
}

/// What somebody at the board can move. The raw value is its name for `press` and in events.
public enum BoardInput: String, CaseIterable, Sendable {
  /// The visitor's: starts a call and ends it; with push-to-talk it is held while speaking.
  case button
  /// On while the handset is lifted.
  case hook
  /// On while the housing is open.
  case tamper
  /// The switch of the hard mute.
  case mute
  /// The door's, on while it stands open.
  case contact

  /// Its place in a list of them all.
  var index: Int {
    switch self {
    case .button: 0
    case .hook: 1
    case .tamper: 2
    case .mute: 3
    case .contact: 4
    }
  }
}

public enum FunctionKey: Sendable { case call, hangUp, volumeUp, volumeDown, mute }

/// A configured piece of hardware.
public struct BoardPart: Equatable, Sendable {
  /// For programs, such as `button` or `status-light`.
  public var name: String
  /// Where it is, such as `GPIO line 17`.
  public var place: String
  /// Why it cannot be used, as a sentence without its full stop.
  public var problem: String?

  public init(name: String, place: String, problem: String?) {
    self.name = name
    self.place = place
    self.problem = problem
  }

  var words: String { problem ?? place + " works" }
}
