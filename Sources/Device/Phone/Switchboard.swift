import Base
import Control
import LiveKit
import Telephony

/// All that the device keeps of its telephone: the parts that decide, and what they have to know between two events.
struct Switchboard {
  var dialling = Dialling()
  var ring = Ring()
  var telephone = Telephone()
  var keypad = Keypad()
  var webhooks = ReplayGuard()
  /// Kinds of webhooks that are refused, which was logged.
  var refusalNoted: [String] = []
  /// A call is wanted; only a device that stands by in its room is there without one.
  var isEngaged = false
  var engagedAt: Instant
  /// Who called and was answered here.
  var taken: Ring.Incoming?
  /// What is dialled as soon as the room is there.
  var wantedDial: WantedDial?
  /// The call is for those who are rung, and ends with them.
  var isForLegs = false
  var wasRinging = false
  /// Callers in other rooms who are declined in a moment, the first one first.
  var declines: [(identity: Name, room: String, due: Instant)] = []
  /// Sessions of callers that were offered already.
  var offered: [Name] = []
  var agentLegs: [(agent: Name, leg: Name)] = []
  var wasMutedBeforeHold = false

  init(startedAt: Instant) { engagedAt = startedAt }
}
