import Base

/// A remote procedure call of ours that has no result yet.
public struct RPCCall {
  public typealias ID = Int

  let id: ID
  let destination: Name
  /// Between the two devices.
  let requestID: Name
  /// The session that was called; empty while it is not known.
  var sid: Name
  /// Nil once acknowledged.
  var acknowledgedUntil: Instant?
  /// When an identity that nobody knows counts as nobody; nil once it is known or acknowledged.
  var foundUntil: Instant?
  let answeredUntil: Instant

  var deadline: Instant? { earliest(answeredUntil, earliest(acknowledgedUntil, foundUntil)) }
}

/// A call of another participant, or of the server's API, to one of our methods: to be answered with
/// `Room.answerRPC`, once.
public struct RPCInvocation: Equatable, Sendable {
  public typealias ID = Int

  public let id: ID
  /// Who may do what is judged by this, and nothing else. Whoever is hidden gets no answer.
  public let sender: Sender
  public let method: Name
  /// Whatever the caller sent; the caller decides, and may be wrong, about its form.
  public let payload: String
  /// How long the caller waits, as it says.
  public let responseTimeoutMilliseconds: Int
  let requestID: Name
  /// It came encrypted from end to end, and so goes its answer.
  public let isPrivate: Bool
  let until: Instant

  /// Called by the API of the server, by whoever has its key.
  public var isServer: Bool { sender == .server }
}

/// The calls of both directions.
struct RPCTables {
  var calls: [RPCCall] = []
  var nextCall: RPCCall.ID = 1
  var invocations: [RPCInvocation] = []
  var nextInvocation: RPCInvocation.ID = 1
  /// The latest requests of others, answered or not: what comes again is not done again.
  var recent: [(sender: Sender, requestID: Name)] = []

  var deadline: Instant? {
    var result: Instant?
    for call in calls { result = earliest(result, call.deadline) }
    for invocation in invocations { result = earliest(result, invocation.until) }
    return result
  }
}
