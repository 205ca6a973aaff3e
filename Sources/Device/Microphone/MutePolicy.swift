/// What keeps the microphone closed. It is open only when nothing does.
///
/// | what happens | what it does |
/// |---|---|
/// | the switch is put on or off | closes whatever else is said; nothing but the switch takes it back |
/// | muted on the device | closes until it is taken back on the device |
/// | unmuted on the device | takes back a mute on the device and one from afar |
/// | muted from afar | closes; a mute on the device stays one |
/// | unmuted from afar | takes back a mute from afar; refused for one on the device |
/// | a turn begins (push-to-talk) | opens; refused while the switch or a mute closes |
/// | a turn ends | closes |
struct MuteState: Equatable, Sendable {
  enum Origin: Equatable, Sendable { case device, afar }

  /// The switch of the hard mute.
  var switchIsOn = false
  /// Who muted by software; nil: nobody.
  var mutedBy: Origin?
  /// Between the start and the end of a turn; always so without push-to-talk.
  var turnIsOpen = true

  var isOpen: Bool { !switchIsOn && mutedBy == nil && turnIsOpen }

  enum Event: Equatable, Sendable {
    case mute(Bool, Origin)
    case hardSwitch(Bool)
    case turn(Bool)
  }

  /// The table above, as a function: nil if it is refused.
  func next(_ event: Event) -> MuteState? {
    var next = self
    switch event {
    case .mute(true, let origin): if mutedBy != .device { next.mutedBy = origin }
    case .mute(false, .device): next.mutedBy = nil
    case .mute(false, .afar):
      guard mutedBy != .device else { return nil }
      next.mutedBy = nil
    case .hardSwitch(let on): next.switchIsOn = on
    case .turn(let opens):
      guard !opens || (!switchIsOn && mutedBy == nil) else { return nil }
      next.turnIsOpen = opens
    }
    return next
  }
}
