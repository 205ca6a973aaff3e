import Base
import JSON
import LiveKit

/// Why a request to the server API, or what it was to do, came to nothing.
public struct APIFailure: Error, Equatable, Sendable {
  /// For programs; stable over versions.
  public let code: String
  /// One sentence without its full stop.
  public let words: String
  /// Of the far side of a telephone call.
  public var sipStatus: SIPStatus?
  /// The server has nothing of that name (any more).
  public var isAbsence = false
  /// The request never left, so that nobody was rung.
  public var isUnsent = false

  public init(_ code: String, _ words: String) {
    self.code = code
    self.words = words
  }

  public static let busyHere = APIFailure(
    "busy-here", "too many requests are under way; try again in a moment")
  public static let noRight = APIFailure(
    "not-allowed",
    "this device may not dial: it has neither an API key ([token] source = api-key), nor a token with sip.call, nor an "
      + "endpoint ([phone] via = endpoint)")

  public static func lacks(_ rights: [String]) -> APIFailure {
    var text = ""
    for right in rights { text += (text.utf8.isEmpty ? "" : ", ") + right }
    return APIFailure("not-allowed", "the token of this device does not allow it: it lacks \(text)")
  }

  public static func notConfigured(_ key: String) -> APIFailure {
    APIFailure("not-configured", "\(key) is not set")
  }

  public init(_ fault: TelephonyFault) { self.init("invalid", fault.words) }

  public init(_ failure: TransportFailure) {
    let words =
      switch failure {
      case .resolve(let why): "the server's name was not found: \(why)"
      case .refused(let why): "the server refuses the connection: \(why)"
      case .timeout: "the server did not answer in time"
      case .tls(let why): "TLS failed: \(why)"
      case .http(let status, _): "the server answered with HTTP status \(status)"
      case .other(let why): why
      }
    self.init("server-unreachable", words)
    switch failure {
    case .resolve, .refused, .tls: isUnsent = true
    default: break
    }
  }
}

/// What a server answered.
public enum APIAnswer: Equatable, Sendable {
  case done(JSONValue)
  case failed(APIFailure)

  /// - Parameter ringSeconds: how long somebody was rung by it.
  public init(_ request: APIRequest, status: Int, body: [UInt8], ringSeconds: Int? = nil) {
    let meant = Array(withoutInvisible(body[...]))
    let json = meant.isEmpty ? JSONValue.object([]) : try? JSONValue.parse(meant, lastCounts: true)
    if (200..<300).contains(status) {
      guard let json, case .object = json else {
        self = .failed(APIFailure("unusable", "the server's answer is no JSON object"))
        return
      }
      self = .done(json)
      return
    }
    self = .failed(Self.failure(request, status, json, body, ringSeconds))
  }

  private static func failure(
    _ request: APIRequest, _ status: Int, _ json: JSONValue?, _ body: [UInt8], _ ringSeconds: Int?
  ) -> APIFailure {
    // Plain text: of the gate before the services, or of a server that has not this one.
    guard let json, let code = json["code"].string else {
      return plain(request, status, body)
    }
    let words = shown(json["msg"].string ?? "")
    if let number = json["meta"]["sip_status_code"].string.flatMap({ decimal($0.utf8) }),
      (100...699).contains(number)
    {
      let sip = SIPStatus(number)
      let said = json["meta"]["sip_status"].string.map { shown($0) } ?? ""
      // What the carrier adds to a fault is what its support asks for.
      let more = number >= 500 && number < 600 && !said.utf8.isEmpty ? ": \(said)" : ""
      var failure = APIFailure(sip.ending.rawValue, sip.words(seconds: ringSeconds) + more)
      failure.sipStatus = sip
      return failure
    }
    switch code {
    case "unauthenticated", "permission_denied":
      let rights = request.grants.words
      return APIFailure("not-allowed", "the server does not allow it; needed is \(rights)" + appended(words))
    case "unavailable" where holds(words, "no response from servers") && request.service == "SIP":
      return APIFailure("no-bridge", "this server has no SIP bridge that runs")
    case "unavailable": return APIFailure("unavailable", "the server cannot do it now" + appended(words))
    case "internal" where holds(words, "redis"):
      return APIFailure("no-bridge", "this server has no telephone: it runs without redis and a SIP bridge")
    case "not_found" where holds(words, "trunk"):
      return APIFailure("no-such-trunk", "the server has no such trunk; check [phone] trunk")
    case "not_found":
      var failure = APIFailure(
        "not-found", words.utf8.isEmpty ? "the server has nothing of that name" : words)
      failure.isAbsence = true
      return failure
    case "canceled", "deadline_exceeded":
      let time = ringSeconds.map { "did not answer in \($0) s" } ?? "it took too long"
      return APIFailure(CallEnding.unanswered.rawValue, time)
    case "bad_route":
      return APIFailure("no-such-method", "the server has no method \(request.service)/\(request.method)")
    case "invalid_argument" where request.mayRing && holds(words, "resolve"):
      return APIFailure(CallEnding.unreachable.rawValue, "the trunk's host was not found")
    case "invalid_argument", "malformed", "out_of_range": return APIFailure("invalid", words)
    case "failed_precondition" where request.mayRing:
      return APIFailure(CallEnding.unreachable.rawValue, words.utf8.isEmpty ? "not reached" : words)
    default: return APIFailure(code, words.utf8.isEmpty ? "HTTP \(status)" : words)
    }
  }

  private static func plain(_ request: APIRequest, _ status: Int, _ body: [UInt8]) -> APIFailure {
    switch status {
    // The whole token stands in it.
    case 401: APIFailure("not-allowed", "the server does not know this device's key or token (HTTP 401)")
    case 404 where request.service == "Connector":
      APIFailure("no-connectors", "this server has no telephone connectors (they are LiveKit Cloud's)")
    case 404: APIFailure("no-such-method", "the server has no \(request.service) (HTTP 404)")
    case 413: APIFailure("invalid", "the request is too large for the server (HTTP 413)")
    case 300..<400:
      APIFailure("redirected", "the server redirects (HTTP \(status)); set the address to that one")
    default:
      APIFailure("unusable", "the server answered with HTTP status \(status) and no word that is known")
    }
  }

  private static func appended(_ words: String) -> String { words.utf8.isEmpty ? "" : ": \(words)" }
}

extension APIGrants {
  /// In a sentence.
  var words: String {
    var all: [String] = []
    if sipCall { all.append("sip.call") }
    if sipAdmin { all.append("sip.admin") }
    if roomCreate { all.append("roomCreate") }
    if roomList { all.append("roomList") }
    if roomAdmin { all.append("roomAdmin of the room") }
    var text = ""
    for (index, word) in all.enumerated() { text += (index == 0 ? "" : " and ") + word }
    return text
  }
}

/// Words of a server on one line, cut, without what the bridge puts before each of them, and without tokens.
func shown(_ text: String) -> String {
  var bytes = Array(printable(withoutSecrets(text)).utf8)
  let prefix = Array("twirp error unknown: ".utf8)
  while bytes.starts(with: prefix) { bytes.removeFirst(prefix.count) }
  return String(decoding: bytes.prefix(TelephonyLimits.wordsBytesMax), as: UTF8.self)
}

func holds(_ text: String, _ part: String) -> Bool {
  let (bytes, sought) = (Array(text.utf8), Array(part.utf8))
  guard bytes.count >= sought.count else { return false }
  return (0...(bytes.count - sought.count)).contains { bytes[$0...].starts(with: sought) }
}
