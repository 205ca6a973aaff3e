import JSON

/// Somebody is to be rung.
public struct DialRequest: Equatable, Sendable {
  /// A name of the directory, or one way to reach somebody, such as `sip:+15550100`, or a number.
  public var target: String
  /// Keys that are sent when somebody answers.
  public var dtmf: String?
  /// nil: as configured; empty: none is sent.
  public var displayName: String?
  public var from: String?
  public var ringSeconds: Int?
  public var maxSeconds: Int?
  public var dialTone: Bool?
  public var headers: [TextPair] = []
  public var hidesNumber = false
  /// `off`, `allow` or `require`.
  public var encryption: String?
  /// Whether the answer comes when somebody answered, or nobody did; otherwise when it is begun.
  public var waits = true

  public init(target: String) { self.target = target }
}

/// A telephone of the call is to be handed on.
public struct TransferRequest: Equatable, Sendable {
  /// A name that was dialled, or an identity; nil: whoever is in the call.
  public var who: String?
  /// `tel:`, `sip:` or `sips:`.
  public var to: String
  public var dialTone = false
  public var ringSeconds: Int?
  public var headers: [TextPair] = []

  public init(to: String) { self.to = to }
}

/// A call of the server API.
public struct ServerAPIRequest: Equatable, Sendable {
  public var service: String
  public var method: String
  public var body: JSONValue

  public init(service: String, method: String, body: JSONValue) {
    self.service = service
    self.method = method
    self.body = body
  }

  /// Whether it only tells who is where.
  var isOnlyReading: Bool {
    switch (service, method) {
    case ("RoomService", "ListRooms"), ("RoomService", "ListParticipants"),
      ("AgentDispatchService", "ListDispatch"):
      true
    default: false
    }
  }
}
