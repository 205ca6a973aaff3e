import JSON

/// What a client can ask. The method is the command's name, its params are named as the command's options.
public enum Request: Equatable, Sendable {
  /// Result: the status object (`Status.json`).
  case status
  /// Result: `{"connection": STATE}` at once, before anything that the attempt causes; see `JoinWatch`.
  /// `url` and `token` stand in for those of the configuration, for this stay only. The token itself travels, not
  /// its file's name: so a client can make the daemon send only what the client may read itself.
  case join(url: String?, token: String?)
  /// Result: `{"connection": STATE, "was": STATE}`, after it and before.
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
  /// A `join` with what is configured.
  case call
  /// Ends the call, or one leg of it. Result: as of `leave`.
  case hangup(who: String?)
  /// Result: `{"target": TEXT, "state": TEXT, "identity": TEXT, "after_ms": N}`, when somebody answered; without
  /// `wait` at once, with target and state alone. A failure's code says how nobody did.
  case dial(DialRequest)
  /// Of whoever rings. Result: `{"from": TEXT}`.
  case answer, refuse
  /// Result: `{"held": BOOL}`.
  case hold(on: Bool)
  /// Result: `{"to": TEXT}`.
  case transfer(TransferRequest)
  /// Result: `{"entries": [{"name", "targets", "group"}...], "plan": [{"name", "seconds"}...]}`.
  case directory
  /// Result: what the server answered, with passwords left out.
  case serverAPI(ServerAPIRequest)
  /// Result, when the answer is there: `{"payload": TEXT}`. An error of the method is a failure `rpc.CODE`.
  case rpc(identity: String, method: String, payload: String, timeoutSeconds: Int)
  /// Result: `{"sent": COUNT}`. `to` is an identity; nil is everybody.
  case dtmf(digits: String, to: String?)
  /// Result: `{"id": TEXT}`. Without a topic it is chat.
  case send(text: String, topic: String?, to: String?)
  /// Result: `{"file": NUMBER}`, which names the file in what follows. It belongs to this client's connection.
  case sendFileBegin(name: String, bytes: Int?, isText: Bool, topic: String?, to: String?)
  /// Result: `{"bytes": COUNT}` so far, once the room has taken it; only then send the next piece. The data
  /// travels as base64.
  case sendFileData(file: Int, data: [UInt8])
  /// Result: `{"bytes": COUNT}`.
  case sendFileEnd(file: Int)
  /// Result: `{"attributes": {NAME: VALUE...}}`, as they will be. An empty value takes one away.
  case attributes([TextPair])
  /// Result: the door object of the status.
  case doorOpen, doorStatus
  /// Result: `{"pressed": NAME}`. A button, a switch or a key of the simulated board.
  case press(name: String, Press)
  /// Result: `{"turn": "open" | "closed"}`, when the agent has answered.
  case turn(TurnStep)
  /// Result: `{"indicator": NAME}`, what is shown after it.
  case indicator(show: String, milliseconds: Int?)
  /// Result: `{}`.
  case tone(name: String)
  /// Result: a member for each figure, named as in `metrics`.
  case stats
  /// Result: `{"content_type": TEXT, "text": TEXT}`.
  case metrics
  /// Result: `{"level": NAME}`, after the change if there is one.
  case logLevel(String?)
  /// Result: `{"text": CONFIGURATION}`, as it counts now and with secrets left out.
  case configShow
  /// Result: `{"problems": [TEXT...]}` of what stands in the files.
  case configCheck
  /// Result: `{"applied": [KEY...], "needs_restart": [KEY...], "problems": [TEXT...]}`; with problems nothing changed.
  case configReload
  /// Result, after up to a minute: `Doctor.json`. Where others would hear the tone it is refused as `in-call`, unless
  /// `yes` says that they may.
  case doctor(yes: Bool)
  /// As `doorOpen`, whatever the door's policy says.
  case doorOverride

  /// The same on the wire: method and parameters are all that there is of a request.
  public static func == (one: Request, other: Request) -> Bool {
    one.method == other.method && one.parameters == other.parameters
  }
}

/// How something is pressed: for a while, or until it is said otherwise.
public enum Press: Equatable, Sendable {
  case hold(milliseconds: Int?)
  case on, off
}

/// What becomes of what is said into a push-to-talk device.
public enum TurnStep: String, CaseIterable, Sendable { case start, end, cancel }

public struct TextPair: Equatable, Sendable {
  public let name: String
  public let value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
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
