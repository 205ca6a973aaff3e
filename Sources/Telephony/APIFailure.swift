import Base
import LiveKit

/// Why a request to the server API, or what it was to do, came to nothing.
public struct APIFailure: Error, Equatable, Sendable {
  public enum Kind: Equatable, Sendable {
    /// What the token lacks, in words; empty if nobody knows.
    case notAllowed(missing: String)
    /// The server has nothing of that name (any more).
    case notFound(String)
    /// Of a trunk that it was asked to call through.
    case noSuchTrunk
    case noBridge, noRedis, noConnectors
    case noSuchMethod
    case busy, refused, unknownNumber, unanswered, cancelled
    case unreachable(String)
    /// What is wrong with the owner's account at the carrier.
    case trunk(String)
    /// A field that the server refuses.
    case invalid(String)
    case unavailable(String)
    /// The answer is none of a LiveKit server's.
    case unusable(String)
    case redirected
    case unreachableServer(TransportFailure)
    /// What this program says itself, before anything is asked.
    case local(code: String, words: String)
  }

  public var kind: Kind
  /// nil where there was no answer.
  public var httpStatus: Int?
  /// As the server calls it; nil where it answered in another form.
  public var twirpCode: String?
  /// What the server said, on one line, cut, and without tokens.
  public var message = ""
  /// Of the far side of a telephone call.
  public var sipStatus: SIPStatus?
  /// How long somebody was rung.
  public var ringSeconds: Int?

  public init(_ kind: Kind) { self.kind = kind }

  public init(_ code: String, _ words: String) { self.init(.local(code: code, words: words)) }

  public init(_ fault: TelephonyFault) { self.init(.invalid(fault.words)) }

  public init(_ failure: TransportFailure) { self.init(.unreachableServer(failure)) }

  /// The server has nothing of that name, so that what was to be ended is over.
  public var isAbsence: Bool { if case .notFound = kind { true } else { false } }

  /// The request never left, so that nobody was rung.
  public var isUnsent: Bool {
    switch kind {
    case .unreachableServer(.resolve), .unreachableServer(.refused), .unreachableServer(.tls), .local: true
    case .unreachableServer(.proxy), .unreachableServer(.intercepted), .unreachableServer(.clearText): true
    default: false
    }
  }

  public static let busyHere = APIFailure(
    "busy-here", "too many requests are under way; try again in a moment")
  public static let noRight = APIFailure(
    .local(
      code: "not-allowed",
      words:
        "this device may not dial: it has neither an API key ([token] source = api-key), nor a token with "
        + "sip.call, nor an endpoint ([phone] via = endpoint)"))

  /// What a room token has not, which was looked at before anything was asked.
  public static func lacks(_ rights: [String]) -> APIFailure {
    APIFailure(
      "not-allowed", "the token of this device does not allow it: it lacks \(joined(rights, by: " and "))")
  }

  public static func notConfigured(_ key: String) -> APIFailure {
    APIFailure("not-configured", "\(key) is not set")
  }
}

extension APIFailure: CustomStringConvertible {
  public var description: String { words }
}
