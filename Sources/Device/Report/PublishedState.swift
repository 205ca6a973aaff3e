import AudioEngine
import Base
import Configuration
import Control
import LiveKit

/// What the device is, as attributes of its participant for automations in the room (`[session] publish-state`).
///
/// | attribute | is |
/// |---|---|
/// | `lintel.muted` | `true` or `false`: closed by anything but the switch |
/// | `lintel.hard_muted` | closed by the switch |
/// | `lintel.door_open` | the lock is released |
/// | `lintel.tamper` | the housing is open |
/// | `lintel.canceller` | as of the status |
///
/// Changes alone are sent, and at most once a second: what changes back in between is nobody's.
struct PublishedState {
  static let names = [
    "lintel.muted", "lintel.hard_muted", "lintel.door_open", "lintel.tamper", "lintel.canceller",
  ]

  /// What the room was told; empty before.
  private var told: [String] = []
  private var saidRefusal = false
  /// Before it nothing is looked at; nil while there is no room to tell.
  private(set) var due: Instant?

  /// - Parameters:
  ///   - values: in the order of `names`; nil without a session, or if nobody shall be told.
  ///   - isReachable: the server can be told now.
  mutating func handle(
    _ values: [String]?, isGranted: Bool, isReachable: Bool = true, now: Instant
  ) -> [Effect] {
    guard let values else {
      if due != nil { self = PublishedState() }
      return []
    }
    if let due, now < due { return [] }
    due = now.advanced(byMilliseconds: DeviceLimits.publishMilliseconds)
    guard isReachable else { return [] }
    guard isGranted else {
      if saidRefusal { return [] }
      saidRefusal = true
      return [.log(.warning, "[session] publish-state: the token does not grant canUpdateOwnMetadata")]
    }
    var changes: [TextPair] = []
    for (index, name) in Self.names.enumerated() where told.isEmpty || told[index] != values[index] {
      changes.append(TextPair(name, values[index]))
    }
    told = values
    return changes.isEmpty ? [] : [.request(.attributes(changes), .button)]
  }
}

extension Device {
  func publishState(now: Instant) {
    guard settings.session.publishesState || report.published.due != nil else { return }
    let isThere =
      settings.session.publishesState && (stay.connection == .connected || stay.connection == .resuming)
    let flag = { (isOn: Bool) in isOn ? "true" : "false" }
    let values =
      isThere
      ? [
        flag(microphone.isMuted), flag(microphone.isHardMuted), flag(door.isOpen), flag(panel.isOn(.tamper)),
        instruments.sound.echo.word,
      ] : nil
    let isGranted = room.localParticipant.permission.canUpdateMetadata
    let isReachable = stay.connection == .connected
    perform(
      report.published.handle(values, isGranted: isGranted, isReachable: isReachable, now: now), now: now)
  }
}
