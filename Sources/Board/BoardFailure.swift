import Base

/// What is wrong with the board, in words that a technician can act on.
public enum BoardFailure: Error, Equatable, CustomStringConvertible {
  /// There is no such device; `available` names those that there are.
  case deviceNotFound(name: String, available: String)
  /// It was there when it was opened before; `available` names those that there are now.
  case deviceGone(name: String, available: String)
  /// Another program has it; `holder` says which, as far as the kernel tells.
  case deviceBusy(name: String, holder: String)
  /// The user may not open it.
  case accessDenied(name: String)
  /// The card cannot do what is needed; `hint` says what helps.
  case formatRefused(name: String, wanted: String, hint: String)
  /// It was there and is gone (unplugged, or its sound server ended).
  case disconnected(name: String)
  /// It is there and moves no samples.
  case stalled(name: String, milliseconds: Int)
  /// It is always ready, or runs much faster than sound does.
  case runsAway(name: String)
  /// Anything else that the sound library says about `operation`.
  case driver(name: String, operation: String, reason: String)
  /// A file that the board needs is missing or not what it should be.
  case file(path: String, reason: String)
  /// A line, light or keypad cannot be used; the reason says what helps.
  case hardware(name: String, reason: String)
  /// The system refused a thread or a descriptor.
  case system(operation: String, reason: String)

  public var description: String {
    switch self {
    case .deviceNotFound(let name, let available):
      "sound device '\(name)' is not there; \(available)"
    case .deviceGone(let name, let available):
      "sound device '\(name)' was unplugged and is not back; \(available)"
    case .deviceBusy(let name, let holder):
      "sound device '\(name)' is in use by \(holder)"
    case .accessDenied(let name):
      "no permission to open sound device '\(name)': the user must be in group audio"
    case .formatRefused(let name, let wanted, let hint):
      "sound device '\(name)' refuses \(wanted); \(hint)"
    case .disconnected(let name):
      "sound device '\(name)' was disconnected"
    case .stalled(let name, let milliseconds):
      "sound device '\(name)' moved no sample for \(milliseconds) ms"
    case .runsAway(let name):
      "sound device '\(name)' moves sound faster than it can be heard, so it is no sound card (as null and file are)"
    case .driver(let name, let operation, let reason):
      "sound device '\(name)' failed to \(operation): \(reason)"
    case .file(let path, let reason):
      "\(path): \(reason)"
    case .hardware(let name, let reason):
      "\(name) \(reason)"
    case .system(let operation, let reason):
      "the system refused to \(operation): \(reason)"
    }
  }
}
