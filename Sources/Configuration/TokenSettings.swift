import Base

/// `[token]`: where the room's address and the token come from. Neither tokens nor secrets are in the configuration.
public struct TokenSettings: Equatable, Sendable {
  public var source = TokenSource.file
  /// The room server: `ws`, `wss`, `http` or `https`. What a token endpoint answers comes before it.
  public var url: String?
  /// The file that holds the token.
  public var file: String?
  /// The token endpoint: `http` or `https`.
  public var endpoint: String?
  public var sandboxID: String?
  /// The file with what the endpoint is shown as `Authorization: Bearer`.
  public var bearerFile: String?
  /// The public half of what a token is signed with; the secret half is in `apiSecretFile`.
  public var apiKey: String?
  public var apiSecretFile: String?
  public var timeoutSeconds = 10
  /// Whether the next call's token is fetched ahead.
  public var warm = true

  public init() {}
}

/// `[token] source`.
public enum TokenSource: String, CaseIterable, Sendable {
  /// A file, read at each join.
  case file
  /// A server of the operator's, after LiveKit's convention.
  case endpoint
  /// LiveKit Cloud's, for trials.
  case sandbox
  /// Signed on the device, which then holds a key to every room: for tests and closed sites.
  case apiKey = "api-key"
}

extension Keys {
  static let tokenKeys: [Key] = [
    Key(
      section: "token", name: "source",
      summary:
        "How the token is had: read from a file at each join, asked of a token endpoint or of LiveKit's sandbox, or "
        + "signed here",
      kind: .choice(get: { $0.token.source }, set: { $0.token.source = $1 })),
    Key(
      section: "token", name: "url", summary: "The room server; an endpoint's own answer comes before it",
      kind: .optionalText(
        legal: Values.urlLegal, check: Values.url, get: { $0.token.url }, set: { $0.token.url = $1 })),
    path(
      "file", "source = file: the file that holds the token (mode 0600); unset is the credential token",
      get: { $0.token.file }, set: { $0.token.file = $1 }),
    Key(
      section: "token", name: "endpoint", summary: "source = endpoint: where a token is asked for by POST",
      kind: .optionalText(
        legal: Values.endpointLegal, check: Values.endpoint, get: { $0.token.endpoint },
        set: { $0.token.endpoint = $1 })),
    path(
      "bearer-file",
      "The file with what the endpoint knows this device by (mode 0600); unset is the credential token-bearer, if "
        + "there is one",
      get: { $0.token.bearerFile }, set: { $0.token.bearerFile = $1 }),
    Key(
      section: "token", name: "sandbox-id", summary: "source = sandbox: the name of the sandbox",
      kind: .optionalText(
        legal: Values.nameLegal, check: Values.name, get: { $0.token.sandboxID },
        set: { $0.token.sandboxID = $1 })),
    Key(
      section: "token", name: "api-key", summary: "source = api-key: the key that the room server knows",
      kind: .optionalText(
        legal: Values.nameLegal, check: Values.name, get: { $0.token.apiKey }, set: { $0.token.apiKey = $1 })),
    path(
      "api-secret-file",
      "source = api-key: the file with its secret (mode 0600); unset is the credential api-secret",
      get: { $0.token.apiSecretFile }, set: { $0.token.apiSecretFile = $1 }),
    Key(
      section: "token", name: "timeout", summary: "How long the endpoint may take",
      kind: .number(
        1...60, unit: "s", get: { $0.token.timeoutSeconds }, set: { $0.token.timeoutSeconds = $1 })),
    Key(
      section: "token", name: "warm",
      summary: "Whether the endpoint is asked ahead of the next call, so that a press dials at once",
      kind: .flag(words: .yesNo, get: { $0.token.warm }, set: { $0.token.warm = $1 })),
  ]

  private static func path(
    _ name: String, _ summary: String, get: @escaping @Sendable (Settings) -> String?,
    set: @escaping @Sendable (inout Settings, String?) -> Void
  ) -> Key {
    Key(
      section: "token", name: name, summary: summary,
      kind: .optionalText(legal: Values.pathLegal, check: Values.path, get: get, set: set))
  }
}

/// The keys of `[session]` that say what a call is and how long it may be.
extension Keys {
  static let callKeys: [Key] = [
    text(
      "room",
      "The room; unset: what the endpoint chooses, or with source = api-key the device's id and, unless it is always "
        + "on, the time", bytesMax: ConfigurationLimits.nameBytesMax,
      get: { $0.session.room }, set: { $0.session.room = $1 }),
    text(
      "identity", "Who the device is in the room; unset is its id",
      bytesMax: ConfigurationLimits.nameBytesMax, get: { $0.session.identity },
      set: { $0.session.identity = $1 }),
    text(
      "agent-name", "The agent that the token calls into the room",
      bytesMax: ConfigurationLimits.nameBytesMax,
      get: { $0.session.agentName }, set: { $0.session.agentName = $1 }),
    text(
      "agent-metadata", "What that agent is told with it, mostly JSON",
      bytesMax: ConfigurationLimits.agentMetadataBytesMax, get: { $0.session.agentMetadata },
      set: { $0.session.agentMetadata = $1 }),
    Key(
      section: "session", name: "idle-timeout",
      summary: "After how long without a word from anybody a call ends, unless the device is always on",
      kind: .number(
        0...3600, unit: "s", note: "; 0 never", get: { $0.session.idleTimeoutSeconds },
        set: { $0.session.idleTimeoutSeconds = $1 })),
    Key(
      section: "session", name: "max-duration",
      summary: "How long a call may be, unless the device is always on",
      kind: .number(
        0...86_400, unit: "s", note: "; 0 is no limit", get: { $0.session.maxDurationSeconds },
        set: { $0.session.maxDurationSeconds = $1 })),
  ]

  private static func text(
    _ name: String, _ summary: String, bytesMax: Int, get: @escaping @Sendable (Settings) -> String?,
    set: @escaping @Sendable (inout Settings, String?) -> Void
  ) -> Key {
    Key(
      section: "session", name: name, summary: summary,
      kind: .optionalText(
        legal: "a text of at most \(bytesMax) bytes",
        check: { (text: String, _: String) throws(ValueFault) in
          guard text.utf8.count <= bytesMax else { throw ValueFault(why: "is too long") }
          return text
        }, get: get, set: set))
  }
}
