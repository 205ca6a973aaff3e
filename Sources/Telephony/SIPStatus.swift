import Base
import LiveKit

/// How a call came to nothing, in the five ways that a person tells apart.
public enum CallEnding: String, CaseIterable, Sendable {
  case busy, refused
  case unknownNumber = "no-such-number"
  case unreachable, unanswered
}

/// What the far side of a telephone call answered (RFC 3261 §21).
public struct SIPStatus: Equatable, Sendable {
  public let code: Int

  public init(_ code: Int) { self.code = code }

  /// | codes | ending |
  /// |---|---|
  /// | 486, 600 | busy |
  /// | 403, 433, 603, 607, 608 | refused |
  /// | 404, 410, 484, 485, 604 | no such number |
  /// | 408, 480, 487 | unanswered |
  /// | everything else | unreachable |
  public var ending: CallEnding {
    switch code {
    case 486, 600: .busy
    case 403, 433, 603, 607, 608: .refused
    case 404, 410, 484, 485, 604: .unknownNumber
    case 408, 480, 487: .unanswered
    default: .unreachable
    }
  }

  /// `seconds` is how long it was rung.
  public func words(seconds: Int?) -> String {
    let meaning =
      switch code {
      case 301, 302, 305: "moved"
      case 401, 407: "the trunk's user name or password is wrong"
      case 402: "the trunk has no credit"
      case 403: "refused by the carrier"
      case 404, 604: "no such number"
      case 408: seconds.map { "did not answer in \($0) s" } ?? "did not answer"
      case 410: "the number is gone"
      case 415, 488, 606: "the other side takes none of the codecs"
      case 433: "refused, as the caller is anonymous"
      case 480: "not available now"
      case 482, 483: "the call went in a circle"
      case 484: "the number is incomplete"
      case 485: "the number is ambiguous"
      case 486, 600: "busy"
      case 487: "taken back"
      case 500, 502: "the carrier has a fault"
      case 503: "the carrier takes no call now"
      case 504: "the carrier did not reach the other side"
      case 603: "refused"
      case 607: "refused as unwanted"
      case 608: "refused by a filter"
      default: "the other side answered"
      }
    return "\(meaning) (\(code))"
  }
}

/// What only the room shows of a telephone that left: the reason, and what its bridge said last.
///
/// | reason | last status | ending |
/// |---|---|---|
/// | any | hangup, or it was active | hung up |
/// | USER_REJECTED | | refused: busy and refused look alike here |
/// | USER_UNAVAILABLE | ringing | unanswered |
/// | USER_UNAVAILABLE | | no such number, or it is not there |
/// | PARTICIPANT_REMOVED, ROOM_DELETED | | taken back |
/// | any other | | unreachable |
public enum RoomEnding: Equatable, Sendable {
  case hungUp, takenBack
  case ended(CallEnding)

  public init(_ reason: DisconnectReason, lastStatus: String?) {
    if lastStatus == "hangup" || lastStatus == "active" {
      self = .hungUp
      return
    }
    switch reason {
    case .userRejected: self = .ended(.refused)
    case .userUnavailable: self = .ended(lastStatus == "ringing" ? .unanswered : .unknownNumber)
    case .participantRemoved, .roomDeleted: self = .takenBack
    default: self = .ended(.unreachable)
    }
  }
}
