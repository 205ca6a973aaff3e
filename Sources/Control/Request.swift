/// What a client can ask. The method is the command's name, its params are named as the command's options.
public enum Request: Equatable, Sendable {
  /// Result: the status object (`Status.json`).
  case status
  /// Result: `{"connection": STATE}` at once, before anything that the attempt causes; see `JoinWatch`.
  /// `url` and `token` stand in for those of the configuration, for this stay only. The token itself travels, not
  /// its file's name: so a client can make the daemon send only what the client may read itself.
  case join(url: String?, token: String?)
  /// Result: `{"connection": STATE}`.
  case leave
  /// Result: `{"muted": BOOL, "hard_muted": BOOL}`.
  case mute(on: Bool)
  /// Result: `{"volume": 0...100}`, after the change if there is one.
  case volume(level: Int?)
  /// Result: the `participants` array of the status.
  case participants
  /// Result: `{"status": STATUS, "recent": [EVENT...]}`; then notifications.
  case eventsSubscribe
  /// Result: `{"version": TEXT}`.
  case version
}

/// What a client called its request, to be echoed.
public enum RequestID: Equatable, Sendable {
  case number(Int64)
  case string(String)
  /// The client sent null, or something that cannot be echoed.
  case null
  /// A notification (JSON-RPC 2.0 §4.1): it is done, but never answered.
  case absent

  var json: JSONValue {
    switch self {
    case .number(let number): .integer(number)
    case .string(let text): .string(text)
    case .null, .absent: .null
    }
  }
}

/// A request with the id under which its reply goes back.
public struct ControlRequest: Equatable, Sendable {
  public let id: RequestID
  public let request: Request
}

/// A request that cannot be done, with what is known of its id.
public struct RefusedRequest: Error, Equatable, Sendable {
  public let id: RequestID
  public let failure: ControlFailure
}
