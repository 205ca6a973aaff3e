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
    case transfer(Asker, Name, to: String)
    case command(Asker)
  }

  /// With what the server is asked.
  enum Right: Equatable {
    case key(server: String, key: String, secret: String)
    case roomToken(server: String, AccessToken)
    case endpoint(url: String, bearer: String?)
  }

  fileprivate struct Pending {
    let purpose: Purpose
    let request: APIRequest?
    var sent: ServerRequest
    /// Where else it may go.
    var plan: RegionPlan?
    /// What became of it; now the regions are asked for.
    var before: ServerReply?
    /// When it is sent to the next region.
    var due: Instant?
  }

  private var pending: [Pending] = []
  private var numbers = 0

  /// The process is ending, and waits no longer than that.
  var endsBy: Instant?

  /// Somebody may still be rung, or ring on, as long as these are not answered.
  var isQuiet: Bool { pending.isEmpty }

  var deadlines: [Deadline] {
    pending.indices.map { Deadline("region", pending[$0].due) } + [
      Deadline("servers", isQuiet ? nil : endsBy)
    ]
  }

  mutating func send(
    _ request: APIRequest, for purpose: Purpose, with right: Right, unixSeconds: Int64
  ) throws(APIFailure) -> Effect {
    guard pending.count < DeviceLimits.serverRequestsMax else { throw .busyHere }
    numbers += 1
    let (server, bearer) = try Self.credentials(request, right, unixSeconds)
    // The same for each repetition of one request, and for no other.
    let id = "\(unixSeconds)-\(numbers)"
    let sent = ServerRequest(
      number: numbers, url: request.url(server: server),
      headers: request.headers(requestID: id).map { TextPair($0.name, $0.value) }, bearer: bearer,
      body: request.body.bytes,
      timeoutMilliseconds: request.timeoutMilliseconds + DeviceLimits.serverGraceMilliseconds)
    var plan: RegionPlan? = RegionPlan(request, server: server)
    // An owner's server has its own.
    if case .endpoint = right { plan = nil }
    pending.append(Pending(purpose: purpose, request: request, sent: sent, plan: plan))
    return .ask(sent)
  }

  /// A request that is none of the server API's.
  mutating func send(_ request: TwilioRequest, for purpose: Purpose) throws(APIFailure) -> Effect {
    guard pending.count < DeviceLimits.serverRequestsMax else { throw .busyHere }
    numbers += 1
    let sent = ServerRequest(
      number: numbers, isGet: request.isGet, url: request.url,
      headers: (request.headers + [("Authorization", request.authorization)]).map {
        TextPair($0.name, $0.value)
      }, body: request.body, timeoutMilliseconds: request.timeoutMilliseconds)
    pending.append(Pending(purpose: purpose, request: nil, sent: sent))
    return .ask(sent)
  }

  /// What became of a request in the end. nil: nobody waits for it, or another server is asked, at once or later.
  mutating func answered(
    _ number: Int, _ reply: ServerReply, now: Instant, _ effects: inout [Effect]
  ) -> (purpose: Purpose, request: APIRequest?, reply: ServerReply)? {
    guard let index = pending.indices.first(where: { pending[$0].sent.number == number }) else { return nil }
    let last = pending[index].before ?? reply
    switch pending[index].next(reply) {
    case .askRegions(let url, let milliseconds):
      pending[index].before = reply
      effects = [
        .ask(
          ServerRequest(
            number: number, isGet: true, url: url, headers: [], bearer: pending[index].sent.bearer,
            timeoutMilliseconds: milliseconds))
      ]
      return nil
    case .send(let server, let pause):
      pending[index].before = nil
      pending[index].sent.url = pending[index].request?.url(server: server) ?? ""
      pending[index].due = now.advanced(byMilliseconds: pause)
      return nil
    case .giveUp:
      let found = pending.remove(at: index)
      return (found.purpose, found.request, last)
    }
  }

  mutating func passTime(_ now: Instant) -> [Effect] {
    if let endsBy, endsBy <= now { pending = [] }
    var effects: [Effect] = []
    for index in pending.indices {
      guard let due = pending[index].due, due <= now else { continue }
      pending[index].due = nil
      effects.append(.ask(pending[index].sent))
    }
    return effects
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

extension Telephone.Pending {
  fileprivate mutating func next(_ reply: ServerReply) -> RegionPlan.Step {
    switch (reply, before) {
    case (.answered(let status, let body), nil):
      return plan?.after(.answered(status: status, body: body)) ?? .giveUp
    // How much of it was written is not known.
    case (.failed(let failure), nil): return plan?.after(.failed(failure, wasWritten: true)) ?? .giveUp
    case (.answered(let status, let body), _): return plan?.regions(status: status, body: body) ?? .giveUp
    case (.failed, _): return plan?.regions(status: nil, body: []) ?? .giveUp
    }
  }
}
