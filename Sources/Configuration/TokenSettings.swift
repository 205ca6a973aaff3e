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
    .choice(
      "token.source",
      "How the token is had: read from a file at each join, asked of a token endpoint or of LiveKit's sandbox, or "
        + "signed here", { $1(&$0.token.source) }),
    .optional(
      "token.url", "The room server; an endpoint's own answer comes before it", .url, { $1(&$0.token.url) }),
    .optional(
      "token.file", "source = file: the file that holds the token (mode 0600); unset is the credential token",
      .path, { $1(&$0.token.file) }),
    .optional(
      "token.endpoint", "source = endpoint: where a token is asked for by POST", .endpoint,
      { $1(&$0.token.endpoint) }),
    .optional(
      "token.bearer-file",
      "The file with what the endpoint knows this device by (mode 0600); unset is the credential token-bearer, if "
        + "there is one", .path, { $1(&$0.token.bearerFile) }),
    .optional(
      "token.sandbox-id", "source = sandbox: the name of the sandbox", .name, { $1(&$0.token.sandboxID) }),
    .optional(
      "token.api-key", "source = api-key: the key that the room server knows", .name,
      { $1(&$0.token.apiKey) }),
    .optional(
      "token.api-secret-file",
      "source = api-key: the file with its secret (mode 0600); unset is the credential api-secret", .path,
      { $1(&$0.token.apiSecretFile) }),
    .number(
      "token.timeout", "How long the endpoint may take", 1...60, unit: "s", { $1(&$0.token.timeoutSeconds) }),
    .flag(
      "token.warm", "Whether the endpoint is asked ahead of the next call, so that a press dials at once",
      .yesNo, { $1(&$0.token.warm) }),
  ]

  /// The keys of `[session]` that say what a call is and how long it may be.
  static let callKeys: [Key] = [
    .optional(
      "session.room",
      "The room; unset: what the endpoint chooses, or with source = api-key the device's id and, unless it is always "
        + "on, the time", .title, { $1(&$0.session.room) }),
    .optional(
      "session.identity", "Who the device is in the room; unset is its id", .title,
      { $1(&$0.session.identity) }),
    .optional(
      "session.agent-name", "The agent that the token calls into the room", .title,
      { $1(&$0.session.agentName) }),
    .optional(
      "session.agent-metadata", "What that agent is told with it, mostly JSON", .metadata,
      { $1(&$0.session.agentMetadata) }),
    .number(
      "session.idle-timeout",
      "After how long without a word from anybody a call ends, unless the device is always on", 0...3600,
      unit: "s",
      note: "; 0 never", { $1(&$0.session.idleTimeoutSeconds) }),
    .number(
      "session.max-duration", "How long a call may be, unless the device is always on", 0...86_400, unit: "s",
      note: "; 0 is no limit", { $1(&$0.session.maxDurationSeconds) }),
  ]
}
