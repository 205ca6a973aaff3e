import LiveKit

/// What only the room shows of a telephone that left: why the server says so, and what its bridge said last.
///
/// | reason | last `sip.callStatus` | ending |
/// |---|---|---|
/// | PARTICIPANT_REMOVED, ROOM_DELETED | any | taken back |
/// | DUPLICATE_IDENTITY | any | replaced |
/// | any other | hangup | hung up |
/// | USER_REJECTED | any other | refused: busy and refused look alike here |
/// | USER_UNAVAILABLE | ringing, automation, active | unanswered |
/// | USER_UNAVAILABLE | dialing, none | no such number |
/// | any other | automation, active | lost: the sound stopped, or the bridge did |
/// | any other | dialing, ringing, none | unreachable |
///
/// The server says CLIENT_INITIATED where a call was hung up, where the carrier has a fault, where the trunk is not
/// reached and where the sound stopped; so it is the status that tells.
public enum LegEnding: Equatable, Sendable {
  case hungUp, takenBack, replaced, lost
  case failed(CallEnding)

  public init(disconnectReason: DisconnectReason, lastCallStatus: String?) {
    let status = lastCallStatus ?? ""
    switch disconnectReason {
    case .participantRemoved, .roomDeleted: self = .takenBack
    case .duplicateIdentity: self = .replaced
    case _ where status == "hangup": self = .hungUp
    case .userRejected: self = .failed(.refused)
    case .userUnavailable:
      let wasHeard = status == "ringing" || status == "automation" || status == "active"
      self = .failed(wasHeard ? .unanswered : .unknownNumber)
    case _ where status == "active" || status == "automation": self = .lost
    default: self = .failed(.unreachable)
    }
  }

  /// For programs; stable over versions.
  public var code: String {
    switch self {
    case .hungUp: "hung-up"
    case .takenBack: "cancelled"
    case .replaced: "replaced"
    case .lost: "lost"
    case .failed(let ending): ending.rawValue
    }
  }

  public var words: String { words(seconds: nil) }

  /// `seconds` is how long it was rung.
  public func words(seconds: Int?) -> String {
    switch self {
    case .hungUp: "hung up"
    case .takenBack: "taken back"
    case .replaced: "another one came with the same identity"
    case .lost: "the call was lost: its sound or the SIP bridge stopped"
    case .failed(.busy): "busy"
    case .failed(.refused): "busy or refused"
    case .failed(.unknownNumber): "no such number, or not available"
    case .failed(.unreachable): "not reached"
    case .failed(.unanswered): seconds.map { "did not answer in \($0) s" } ?? "did not answer"
    }
  }
}

/// The same in as few ways as a call plan goes on by.
public enum RoomEnding: Equatable, Sendable {
  case hungUp, takenBack
  case ended(CallEnding)

  public init(_ reason: DisconnectReason, lastStatus: String?) {
    switch LegEnding(disconnectReason: reason, lastCallStatus: lastStatus) {
    case .hungUp, .lost: self = .hungUp
    case .takenBack: self = .takenBack
    case .replaced: self = .ended(.unreachable)
    case .failed(let ending): self = .ended(ending)
    }
  }
}
