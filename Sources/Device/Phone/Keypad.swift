import Base

/// What is dialled at the device: digits up to `#`; `*` takes them back, and so does a pause.
struct Keypad: Equatable {
  private(set) var typed: [UInt8] = []
  private(set) var due: Instant?

  enum Outcome: Equatable {
    /// So far.
    case typed(String)
    case dial(String)
    case takenBack
  }

  mutating func take(_ key: UInt8, now: Instant) -> Outcome {
    switch key {
    case UInt8(ascii: "#"):
      let entry = String(decoding: typed, as: UTF8.self)
      clear()
      return entry.utf8.isEmpty ? .takenBack : .dial(entry)
    case UInt8(ascii: "*"):
      clear()
      return .takenBack
    default:
      if typed.count < DeviceLimits.dialledKeysMax { typed.append(key) }
      due = now.advanced(byMilliseconds: DeviceLimits.dialledPauseMilliseconds)
      return .typed(String(decoding: typed, as: UTF8.self))
    }
  }

  /// Whether something was forgotten.
  mutating func passTime(_ now: Instant) -> Bool {
    guard let due, due <= now else { return false }
    clear()
    return true
  }

  mutating func clear() {
    typed = []
    due = nil
  }
}
