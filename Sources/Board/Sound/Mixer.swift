import Base
import CALSA
import CLinux

/// A card's own volume: one simple element of its mixer. It is opened for each change, so that a card may come and go.
public struct Mixer: Sendable {
  private let card: String
  private let element: String

  /// `card` as ALSA names it, such as `hw:1`; `element` as `amixer scontrols` does, such as `Speaker`.
  public init(card: String, element: String) {
    self.card = card
    self.element = element
  }

  /// Moves all its channels to `percent` of their range, and unmutes them.
  public func set(percent: Int) throws(BoardFailure) {
    lintel_quiet_alsa()
    let code = lintel_set_mixer(card, element, Int32(percent))
    if code >= 0 { return }
    let reason = code == -ENXIO ? "there is none; amixer scontrols lists what is" : alsaReason(code)
    throw .hardware(name: "mixer control '\(element)' of card '\(card)':", reason: reason)
  }
}
