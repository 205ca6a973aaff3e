import Base
import JSON
import LiveKit

/// What a server answered to a request.
public enum APIAnswer: Equatable, Sendable {
  case done(JSONValue)
  case failed(APIFailure)

  /// - Parameter ringSeconds: how long somebody was rung by it.
  public init(_ request: APIRequest, status: Int, body: [UInt8], ringSeconds: Int? = nil) {
    let json = APIAnswer.object(body)
    guard (200..<300).contains(status) else {
      self = .failed(AnswerReader(request, status, body, ringSeconds).failure(json))
      return
    }
    if let json {
      self = .done(json)
    } else {
      var failure = APIFailure(.unusable(APIAnswer.fault(of: body)))
      failure.httpStatus = status
      self = .failed(failure)
    }
  }

  /// nil if it is no JSON object. No body is an empty one.
  private static func object(_ body: [UInt8]) -> JSONValue? {
    guard body.count <= TelephonyLimits.answerBytesMax else { return nil }
    let meant = Array(withoutInvisible(body[...]))
    guard !meant.isEmpty else { return .object([]) }
    let json = try? JSONValue.parse(meant, valuesMax: TelephonyLimits.answerValuesMax, lastCounts: true)
    if let json, case .object = json { return json }
    return nil
  }

  fileprivate static func fault(of body: [UInt8]) -> String {
    if body.count > TelephonyLimits.answerBytesMax {
      return "it has more than \(TelephonyLimits.answerBytesMax >> 20) MB"
    }
    let first = withoutInvisible(body[...]).first
    return first == UInt8(ascii: "<") ? "it is a web page and no JSON object" : "it is no JSON object"
  }
}

/// Tells one kind of failure from another.
private struct AnswerReader {
  let request: APIRequest
  let status: Int
  let body: [UInt8]
  let ringSeconds: Int?

  init(_ request: APIRequest, _ status: Int, _ body: [UInt8], _ ringSeconds: Int?) {
    self.request = request
    self.status = status
    self.body = body
    self.ringSeconds = ringSeconds
  }

  func failure(_ json: JSONValue?) -> APIFailure {
    guard let json, let code = json["code"].string else { return with(kindOfPlainText) }
    let words = shown(json["msg"].string ?? "", hiding: request.secrets)
    let number = json["meta"]["sip_status_code"].string.flatMap { decimal($0.utf8) }
    let sip = number.flatMap { (100...699).contains($0) ? SIPStatus($0) : nil }
    let said = json["meta"]["sip_status"].string.map { shown($0, hiding: request.secrets) } ?? ""
    var failure = with(sip.map { kind($0, said, words) } ?? kind(code, words))
    failure.twirpCode = shown(code)
    failure.message = words
    failure.sipStatus = sip
    return failure
  }

  private func with(_ kind: APIFailure.Kind) -> APIFailure {
    var failure = APIFailure(kind)
    failure.httpStatus = status
    failure.ringSeconds = ringSeconds
    return failure
  }

  /// Of the far side.
  private func kind(_ sip: SIPStatus, _ said: String, _ words: String) -> APIFailure.Kind {
    // What the carrier adds to a fault is what its support asks for. A name of LiveKit's says no more than the number.
    let isFault = (500..<600).contains(sip.code) && !said.utf8.starts(with: "SIP_STATUS_".utf8)
    let more = isFault ? said : ""
    if sip.isOfAccount || holds(said, "limit exceeded") || holds(words, "limit exceeded") {
      return .trunk(more)
    }
    switch sip.ending {
    case .busy: return .busy
    case .refused: return .refused
    case .unknownNumber: return .unknownNumber
    case .unanswered: return .unanswered
    case .unreachable: return .unreachable(more)
    }
  }

  /// Of the server.
  private func kind(_ code: String, _ words: String) -> APIFailure.Kind {
    switch code {
    // Only a far side refuses in this way: who lacks a right is not known to the server.
    case "permission_denied" where request.isCall: .refused
    case "unauthenticated", "permission_denied": .notAllowed(missing: request.grants.words)
    case "unavailable" where holds(words, "no response from servers"): silent
    case "unavailable": .unavailable(words)
    case "internal" where holds(words, "redis"): .noRedis
    case "not_found" where holds(words, "trunk"): .noSuchTrunk
    case "not_found": .notFound(words.utf8.isEmpty ? "the server has nothing of that name" : words)
    case "canceled", "deadline_exceeded":
      request.isCall ? .unanswered : code == "canceled" ? .cancelled : .unavailable("it took too long")
    case "bad_route": .noSuchMethod
    case "invalid_argument" where request.isCall && holds(words, "resolve"):
      .unreachable("the trunk's host was not found")
    case "invalid_argument", "malformed", "out_of_range": .invalid(words.utf8.isEmpty ? "the request" : words)
    case "failed_precondition" where holds(words, "no numbers"):
      .trunk("the trunk has no number to call from")
    case "failed_precondition" where request.isCall:
      holds(words, "encryption")
        ? .unreachable("the other side does not encrypt: \(words)")
        : .unreachable(words.utf8.isEmpty ? "not reached" : "not reached: \(words)")
    case "failed_precondition", "already_exists", "aborted":
      .invalid(words.utf8.isEmpty ? "the server refuses it" : words)
    case "unimplemented": .noSuchMethod
    default:
      holds(words, "not implemented")
        ? .noSuchMethod : .unavailable(words.utf8.isEmpty ? "HTTP \(status)" : words)
    }
  }

  /// Nobody behind the server answered: the bridge, or the room, which may not be there.
  private var silent: APIFailure.Kind {
    request.service == "SIP"
      ? .noBridge : .unavailable("nobody answers for the room, as where there is no such room")
  }

  /// Of the gate before the services, whose 401 repeats the whole token, or of a server that has not this one.
  private var kindOfPlainText: APIFailure.Kind {
    let text = String(decoding: body.prefix(TelephonyLimits.webhookBytesMax), as: UTF8.self)
    switch status {
    case 401 where holds(text, "expired"):
      return .notAllowed(missing: "a token that has not expired; is the clock right?")
    case 401 where holds(text, "API key"): return .notAllowed(missing: "an API key that the server knows")
    case 401 where holds(text, "signature"):
      return .notAllowed(missing: "the API secret that belongs to the key")
    case 401, 403: return .notAllowed(missing: "a key or a token that the server knows (HTTP \(status))")
    case 404 where request.service == "Connector": return .noConnectors
    case 404: return .noSuchMethod
    case 413: return .invalid("the request is too large for the server (HTTP 413)")
    case 300..<400: return .redirected
    case 429: return .unavailable("it is asked too often (HTTP 429)")
    case 502, 503, 504: return .unusable("a proxy before it answers (HTTP \(status))")
    default: return .unusable("\(APIAnswer.fault(of: body)) (HTTP \(status))")
    }
  }
}

extension APIRequest {
  /// Keys and passwords in the body, which a server might repeat.
  var secrets: [String] {
    [
      body["whatsapp_api_key"], body["whatsappApiKey"], body["trunk"]["auth_password"],
      body["trunk"]["authPassword"],
      body["dtmf"],
    ].compactMap { $0.string }
  }
}
