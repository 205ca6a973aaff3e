import Base
import Configuration
import Control
import JSON
import LiveKit
import Telephony

/// A request to the server API or to a connector's own. The answer comes back as `.serverAnswered`.
public struct ServerRequest: Equatable, Sendable {
  public var number: Int
  /// Otherwise POST.
  public var isGet = false
  public var url: String
  public var headers: [TextPair]
  /// For the Authorization header alone.
  public var bearer: String?
  public var body: [UInt8] = []
  public var timeoutMilliseconds: Int
  public var answerBytesMax = DeviceLimits.serverAnswerBytesMax
}

/// The desk of the telephone: what is asked of servers, with which right, and who waits for the answer.
struct Telephone {
  /// What a request is for.
  enum Purpose: Equatable {
    /// It rings somebody.
    case order(leg: Int)
    /// How it stands.
    case look(leg: Int)
    /// It ends what rings or speaks.
    case end(leg: Int)
    /// Of somebody who rings, and the rest of what was ended.
    case decline
    /// Somebody who calls is put into a room; for Twilio the answer is the webhook's.
    case caller(Name, room: String, webhook: Int?)
    case transfer(Asker, to: String)
    case command(Asker)
  }

  /// With what the server is asked.
  enum Right: Equatable {
    case key(server: String, key: String, secret: String)
    case roomToken(server: String, AccessToken)
    case endpoint(url: String, bearer: String?)
  }

  private var pending: [(number: Int, purpose: Purpose, request: APIRequest?)] = []
  private var numbers = 0

  /// Somebody may still be rung, or ring on, as long as these are not answered.
  var isQuiet: Bool { pending.isEmpty }

  mutating func send(
    _ request: APIRequest, for purpose: Purpose, with right: Right, unixSeconds: Int64
  ) throws(APIFailure) -> Effect {
    guard pending.count < DeviceLimits.serverRequestsMax else { throw .busyHere }
    numbers += 1
    let (server, bearer) = try Self.credentials(request, right, unixSeconds)
    pending.append((numbers, purpose, request))
    // The same for each repetition of one request, and for no other.
    let id = "\(unixSeconds)-\(numbers)"
    return .ask(
      ServerRequest(
        number: numbers, url: request.url(server: server),
        headers: request.headers(requestID: id).map { TextPair($0.name, $0.value) }, bearer: bearer,
        body: request.body.bytes,
        timeoutMilliseconds: request.timeoutMilliseconds + DeviceLimits.serverGraceMilliseconds))
  }

  /// A request that is none of the server API's.
  mutating func send(_ request: TwilioRequest, for purpose: Purpose) throws(APIFailure) -> Effect {
    guard pending.count < DeviceLimits.serverRequestsMax else { throw .busyHere }
    numbers += 1
    pending.append((numbers, purpose, nil))
    return .ask(
      ServerRequest(
        number: numbers, isGet: request.isGet, url: request.url,
        headers: (request.headers + [("Authorization", request.authorization)]).map {
          TextPair($0.name, $0.value)
        }, body: request.body, timeoutMilliseconds: request.timeoutMilliseconds))
  }

  /// nil: nobody waits for it.
  mutating func answered(_ number: Int) -> (purpose: Purpose, request: APIRequest?)? {
    guard let index = pending.firstIndex(where: { $0.number == number }) else { return nil }
    let found = pending.remove(at: index)
    return (found.purpose, found.request)
  }

  private static func credentials(
    _ request: APIRequest, _ right: Right, _ unixSeconds: Int64
  ) throws(APIFailure) -> (server: String, bearer: String?) {
    switch right {
    case .endpoint(let url, let bearer): return (url, bearer)
    case .key(let server, let key, let secret):
      let (expires, _) = unixSeconds.addingReportingOverflow(DeviceLimits.callTokenSeconds)
      let token = APIGrants.token(
        key: key, secret: secret, grants: request.grants, identity: "", expires: expires)
      return (server, token)
    case .roomToken(let server, let token):
      let missing = request.grants.missing(in: token)
      guard missing.isEmpty else { throw .lacks(missing) }
      return (server, token.bearer)
    }
  }
}
