/// `[door]`: which output opens it, and who may.
public struct DoorSettings: Equatable, Sendable {
  /// The name of the board's output that the lock hangs on; nil: this device has no door.
  public var output: String?
  public var pulseMilliseconds = 3000
  /// The code itself; better in `codeFile`.
  public var code: String?
  /// The file that holds the code (mode 0600).
  public var codeFile: String?
  /// Whose telephone keys count for the code.
  public var codeAllow = AllowRules([.init(kind: "sip")])
  public var codeWhen = DoorTime.inCall
  /// Who may open it by RPC.
  public var rpcAllow = AllowRules([.init(kind: "agent")])
  public var rpcWhen = DoorTime.inCall
  /// When the control socket may.
  public var localWhen = DoorTime.always
  /// After as many wrong codes in a row no code is taken for a while.
  public var wrongCodesMax = 5
  public var lockOutMinutes = 10
  /// Between two keys of one code.
  public var keyTimeoutMilliseconds = 4000

  public init() {}
}

/// When a way of opening the door is open.
public enum DoorTime: String, CaseIterable, Sendable {
  /// While somebody can be heard.
  case inCall = "in-call"
  case always
  case never
}

/// `[rpc]`: who may call the methods that the device offers; the door has rules of its own.
public struct RPCSettings: Equatable, Sendable {
  public var allow = AllowRules([.init(kind: "agent")])

  public init() {}
}

extension Keys {
  static let doorKeys: [Key] = [
    Key(
      section: "door", name: "output", summary: "The output of the board that opens it; unset is no door",
      kind: .optionalText(
        legal: Values.nameLegal, check: Values.name, get: { $0.door.output }, set: { $0.door.output = $1 })),
    Key(
      section: "door", name: "pulse-ms", summary: "How long the output is on",
      kind: .number(
        50...60_000, unit: "ms", get: { $0.door.pulseMilliseconds },
        set: { $0.door.pulseMilliseconds = $1 })),
    Key(
      section: "door", name: "dtmf-code",
      summary: "The code that opens it by telephone keys, ended by #; better in dtmf-code-file",
      kind: .optionalText(
        legal: doorCodeLegal, check: Values.code, get: { $0.door.code }, set: { $0.door.code = $1 })),
    Key(
      section: "door", name: "dtmf-code-file",
      summary: "The file that holds the code (mode 0600); unset is the credential door-code, if there is one",
      kind: .optionalText(
        legal: Values.pathLegal, check: Values.path, get: { $0.door.codeFile },
        set: { $0.door.codeFile = $1 })),
    Key(
      section: "door", name: "dtmf-allow", summary: "Whose telephone keys count",
      kind: .allow(get: { $0.door.codeAllow }, set: { $0.door.codeAllow = $1 })),
    Key(
      section: "door", name: "dtmf-when", summary: "When the code opens it",
      kind: .choice(get: { $0.door.codeWhen }, set: { $0.door.codeWhen = $1 })),
    Key(
      section: "door", name: "rpc-allow", summary: "Who may open it by lintel.door.open",
      kind: .allow(get: { $0.door.rpcAllow }, set: { $0.door.rpcAllow = $1 })),
    Key(
      section: "door", name: "rpc-when", summary: "When lintel.door.open opens it",
      kind: .choice(get: { $0.door.rpcWhen }, set: { $0.door.rpcWhen = $1 })),
    Key(
      section: "door", name: "local-when", summary: "When lintelctl opens it",
      kind: .choice(get: { $0.door.localWhen }, set: { $0.door.localWhen = $1 })),
    Key(
      section: "door", name: "wrong-codes", summary: "After as many wrong codes in a row it is locked out",
      kind: .number(
        1...100, unit: "", get: { $0.door.wrongCodesMax }, set: { $0.door.wrongCodesMax = $1 })),
    Key(
      section: "door", name: "lock-out-minutes", summary: "How long no code is taken then",
      kind: .number(
        1...1440, unit: "min", get: { $0.door.lockOutMinutes }, set: { $0.door.lockOutMinutes = $1 })),
    Key(
      section: "door", name: "key-timeout-ms",
      summary: "How long the next key may take before all is forgotten",
      kind: .number(
        500...30_000, unit: "ms", get: { $0.door.keyTimeoutMilliseconds },
        set: { $0.door.keyTimeoutMilliseconds = $1 })),
    Key(
      section: "rpc", name: "allow",
      summary: "Who may call lintel.status, volume, mute, indicator, tone and dtmf",
      kind: .allow(get: { $0.rpc.allow }, set: { $0.rpc.allow = $1 })),
  ]
}

extension Kind {
  static func allow(
    get: @escaping @Sendable (Settings) -> AllowRules,
    set: @escaping @Sendable (inout Settings, AllowRules) -> Void
  ) -> Kind {
    Kind(
      legal: AllowRules.legal,
      store: { text, _, settings throws(ValueFault) in set(&settings, try AllowRules(parsing: text)) },
      text: { get($0).text })
  }
}
