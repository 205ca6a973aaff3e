import Base
import Configuration

/// The button that is held for long.
///
/// | the button | what happens |
/// |---|---|
/// | goes down | nothing beside what a press does |
/// | is held until five seconds before its time | the countdown begins: a step each second |
/// | is let go meanwhile | the countdown ends, and nothing comes of it |
/// | is held until its time | it is done, once |
/// | was found down at the start, or holds a turn | nothing |
struct LongPress: Equatable {
  enum Step: Equatable {
    /// So many seconds are left.
    case counts(Int)
    case released
    case done
  }

  /// When the next second of the countdown is over.
  private(set) var due: Instant?
  private var secondsLeft = 0

  /// Whether somebody holds the button and has been told what comes of it.
  var isCounting: Bool { due != nil && secondsLeft < Self.countdownSeconds }

  mutating func pressed(_ device: DeviceSettings, now: Instant) {
    guard device.longPress != .off else { return }
    secondsLeft = Self.countdownSeconds
    due = now.advanced(byMilliseconds: (device.longPressSeconds - Self.countdownSeconds) * 1_000)
  }

  mutating func released() -> Step? {
    defer { due = nil }
    return isCounting ? .released : nil
  }

  mutating func passTime(_ now: Instant) -> Step? {
    guard let next = due, next <= now else { return nil }
    guard secondsLeft > 0 else {
      due = nil
      return .done
    }
    due = next.advanced(byMilliseconds: 1_000)
    defer { secondsLeft -= 1 }
    return .counts(secondsLeft)
  }

  private static let countdownSeconds = 5
}
