import Base
import Configuration
import Control

/// The door itself, as its contact tells; what was done to the lock is `Door`'s.
///
/// | when | told |
/// |---|---|
/// | it opens while the lock is released, or soon after | |
/// | it opens otherwise, where that is to be told | `door.forced` |
/// | it is found open, as nobody knows since when | |
/// | it stands open for longer than it may, however it was opened | `door.left_open`, once |
/// | it shuts | the end of either, in the journal |
/// | the contact cannot be read | nothing more, until it is found as it is |
struct DoorContact: Equatable {
  /// The raw value is for programs.
  enum Alarm: String {
    case forced
    case leftOpen = "left-open"
  }

  /// nil: there is no contact, or it cannot be read.
  private(set) var isOpen: Bool?
  private(set) var alarm: Alarm?
  private var openSince: Instant?
  private var isTold = false

  /// `wasReleased`: the lock is or was, so that whoever comes through has a right to.
  mutating func stands(
    open isOpen: Bool?, isFirst: Bool, wasReleased: Bool, _ settings: DoorSettings, now: Instant
  ) -> [Effect] {
    guard isOpen != self.isOpen else { return [] }
    let hadAlarm = alarm != nil
    self = DoorContact()
    self.isOpen = isOpen
    guard isOpen == true else {
      return hadAlarm && isOpen == false ? [.log(.notice, "the door is shut again", event: "door.shut")] : []
    }
    openSince = now
    guard !isFirst, !wasReleased, settings.tellsForced else { return [] }
    alarm = .forced
    return [
      .tell(.doorForced),
      .log(.warning, "the door was opened, and not by its lock", event: "door.forced"),
    ]
  }

  func due(_ settings: DoorSettings) -> Instant? {
    guard !isTold, settings.openSecondsMax > 0 else { return nil }
    return openSince?.advanced(byMilliseconds: settings.openSecondsMax * 1000)
  }

  mutating func passTime(_ settings: DoorSettings, now: Instant) -> [Effect] {
    guard let due = due(settings), due <= now else { return [] }
    isTold = true
    // Force is the graver of both.
    if alarm == nil { alarm = .leftOpen }
    let seconds = settings.openSecondsMax
    return [
      .tell(.doorLeftOpen(seconds: seconds)),
      .log(.warning, "the door has been open for \(seconds) s", event: "door.left_open"),
    ]
  }
}
