import Base

/// How a call came to nothing, in the five ways that a person tells apart.
public enum CallEnding: String, CaseIterable, Sendable {
  case busy, refused
  case unknownNumber = "no-such-number"
  case unreachable, unanswered
}

/// What the far side of a telephone call answered (RFC 3261 §21, and the RFCs that add to it).
public struct SIPStatus: Equatable, Sendable {
  public let code: Int

  public init(_ code: Int) { self.code = code }

  public var ending: CallEnding { meaning.ending }

  /// `busy (486)`, `refused (603)`, `no such number (404)`.
  public var words: String { words(seconds: nil) }

  /// `did not answer in 30 s (408)`; `seconds` is how long it was rung.
  public func words(seconds: Int?) -> String {
    guard code == 408, let seconds else { return "\(meaning.words) (\(code))" }
    return "did not answer in \(seconds) s (408)"
  }

  /// Whether it is the owner's account with the carrier that the carrier does not accept.
  var isOfAccount: Bool { code == 401 || code == 402 || code == 407 }

  /// One that is in no table is judged by its first digit.
  private var meaning: (ending: CallEnding, words: String) {
    for row in Self.table where row.codes.contains(code) { return (row.ending, row.words) }
    switch code / 100 {
    case 1: return (.unanswered, "it was still under way")
    case 2: return (.unreachable, "it was answered, and lost")
    case 3: return (.unreachable, "the call was sent elsewhere")
    case 5: return (.unreachable, "the carrier has a fault")
    case 6: return (.refused, "refused everywhere")
    default: return (.unreachable, "the other side cannot take the call")
    }
  }

  private typealias Row = (codes: [Int], ending: CallEnding, words: String)

  private static let table: [Row] = [
    ([486, 600], .busy, "busy"),

    ([603], .refused, "refused"), ([403], .refused, "refused by the carrier"),
    ([433], .refused, "refused, as the caller is anonymous"),
    ([470], .refused, "refused, as consent is needed"),
    ([607], .refused, "refused as unwanted"), ([608], .refused, "refused by a filter"),

    ([404, 604], .unknownNumber, "no such number"), ([301, 302], .unknownNumber, "the number has moved"),
    ([410], .unknownNumber, "the number is gone"),
    ([416], .unknownNumber, "the address is of a kind that is not known"),
    ([484], .unknownNumber, "the number is incomplete"), ([485], .unknownNumber, "the number is ambiguous"),

    ([408], .unanswered, "did not answer"), ([480], .unanswered, "not available now"),
    ([487], .unanswered, "taken back"),

    ([401, 407], .unreachable, "the trunk's user name or password is wrong"),
    ([402], .unreachable, "the trunk has no credit"),
    ([300, 305, 380], .unreachable, "the call was sent elsewhere"),
    ([400], .unreachable, "the carrier does not understand the call"),
    ([405, 501], .unreachable, "the other side takes no calls"),
    ([406, 415, 488, 606], .unreachable, "the other side takes none of the codecs"),
    ([409, 491], .unreachable, "the other side is in the middle of another change"),
    ([411, 413, 414, 513], .unreachable, "the call's description is too large for the carrier"),
    ([412, 424, 428, 429, 436, 437, 438, 494], .unreachable, "the carrier does not believe who calls"),
    ([417, 420, 421, 439, 469, 489], .unreachable, "the other side does not know what the call asks for"),
    ([422, 423, 425], .unreachable, "the two sides do not agree on a time"),
    ([430], .unreachable, "the connection of the other side is lost"),
    ([440, 482, 483], .unreachable, "the call went in a circle"),
    ([481], .unreachable, "the other side does not know the call any more"),
    ([493], .unreachable, "the other side cannot decrypt the call"),
    ([500, 502], .unreachable, "the carrier has a fault"),
    ([503], .unreachable, "the carrier takes no call now"),
    ([504], .unreachable, "the carrier did not reach the other side"),
    ([505], .unreachable, "the other side speaks another version of SIP"),
  ]
}
