import Base
import Configuration
import Control

/// Somebody calls this device: whether it rings, and what ends that.
///
/// | somebody calls | and | then |
/// |---|---|---|
/// | any | `[ring] from` has not his kind and identity | refused: not-allowed |
/// | any | it rings already, or is in a call | refused: busy |
/// | any | `answer = never` | refused: not-allowed |
/// | any | `answer = auto` | answered, by the device |
/// | any | `answer = button` | it rings, for `timeout` |
///
/// While it rings nothing is published, as that is what answers a telephone.
struct Ring: Equatable {
  /// How the call came, and so how it is taken or refused.
  enum Way: Equatable {
    /// A telephone, by its participant in our room.
    case participant(sid: Name)
    /// The same in another room, of which a webhook told.
    case otherRoom(name: String)
    /// A call over WhatsApp, of which Meta told, and what it offers; he is in no room before he is answered.
    case whatsapp(call: Name, offer: String)
    /// A call of `lintel.ring` that waits for its answer.
    case invocation(RemoteCall)
  }

  struct Incoming: Equatable {
    var kind: String
    var identity: Name
    /// As a person reads it.
    var shown: String
    var trunk = ""
    var way: Way
  }

  enum Refusal: String, Equatable {
    case notAllowed = "not-allowed"
    case busy, refused
    case unanswered

    var words: String {
      switch self {
      case .notAllowed: "the device is not rung by this one"
      case .busy: "the device is in a call"
      case .refused: "refused at the device"
      case .unanswered: "nobody answered at the device"
      }
    }
  }

  enum Action: Equatable {
    case sound
    case silence
    case tell(Event)
    case log(LogEntry.Priority, String)
    case take(Incoming)
    case decline(Incoming, Refusal)
  }

  private(set) var incoming: Incoming?
  private(set) var since: Instant?
  private var due: Instant?

  var isRinging: Bool { incoming != nil }
  var deadlines: [Deadline] { [Deadline("being-rung", due)] }

  mutating func offered(
    _ call: Incoming, _ settings: RingSettings, isBusy: Bool, now: Instant
  ) -> [Action] {
    let isMeant = settings.from.allow(kind: call.kind, identity: call.identity.text, trunk: call.trunk)
    guard isMeant, settings.answer != .never else {
      return [
        .log(.notice, "a caller (\(call.kind)) may not ring this device ([ring] from)"),
        .decline(call, .notAllowed),
      ]
    }
    guard !isBusy, incoming == nil else { return [.decline(call, .busy)] }
    let started = Action.tell(
      .ringStarted(from: call.shown, kind: call.kind, timeoutSeconds: settings.timeoutSeconds))
    if settings.answer == .auto {
      return [started, .tell(.ringAnswered(from: call.shown, by: "auto")), .take(call)]
    }
    incoming = call
    since = now
    due = now.advanced(byMilliseconds: settings.timeoutSeconds * 1000)
    return [started, .log(.notice, "a caller (\(call.kind)) rings this device"), .sound]
  }

  /// nil: nobody rings.
  mutating func answered(by hand: String) -> [Action]? {
    guard let call = end() else { return nil }
    return [.silence, .tell(.ringAnswered(from: call.shown, by: hand)), .take(call)]
  }

  /// nil: nobody rings.
  mutating func refused(_ refusal: Refusal = .refused) -> [Action]? {
    guard let call = end() else { return nil }
    return [.silence, .tell(.ringEnded(from: call.shown, reason: refusal.words)), .decline(call, refusal)]
  }

  /// Whoever called has gone, or has been answered elsewhere.
  mutating func gone(_ identity: Name, reason: String) -> [Action] {
    guard incoming?.identity == identity, let call = end() else { return [] }
    return [.silence, .tell(.ringEnded(from: call.shown, reason: reason))]
  }

  mutating func passTime(_ now: Instant) -> [Action] {
    guard let due, due <= now else { return [] }
    return refused(.unanswered) ?? []
  }

  private mutating func end() -> Incoming? {
    defer {
      incoming = nil
      since = nil
      due = nil
    }
    return incoming
  }
}
