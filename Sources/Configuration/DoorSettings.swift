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
  /// The key after the code.
  public var endKey = DoorEndKey.hash
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
  /// How long it may stand open; 0: as long as it likes.
  public var openSecondsMax = 60
  /// Whether it is told when it opens without its lock.
  public var tellsForced = true

  public init() {}
}

/// When a way of opening the door is open.
public enum DoorTime: String, CaseIterable, Sendable {
  /// While somebody can be heard.
  case inCall = "in-call"
  case always
  case never
}

/// Which key ends the code: makers of door phones differ. The other one takes back what was typed.
public enum DoorEndKey: String, CaseIterable, Sendable {
  /// `#`, as most have it.
  case hash
  /// `*`, as 2N has it.
  case star
  /// Both end it.
  case either

  public func ends(_ key: UInt8) -> Bool {
    switch self {
    case .hash: key == UInt8(ascii: "#")
    case .star: key == UInt8(ascii: "*")
    case .either: key == UInt8(ascii: "#") || key == UInt8(ascii: "*")
    }
  }

  /// In a sentence.
  public var words: String {
    switch self {
    case .hash: "#"
    case .star: "*"
    case .either: "# or *"
    }
  }
}

/// `[rpc]`: who may call the methods that the device offers; the door has rules of its own.
public struct RPCSettings: Equatable, Sendable {
  public var allow = AllowRules([.init(kind: "agent")])

  public init() {}
}

extension Keys {
  static let doorKeys: [Key] = [
    .optional(
      "door.output", "The output of the board that opens it; unset is no door", .name, { $1(&$0.door.output) }
    ),
    .number(
      "door.pulse-ms", "How long the output is on", 50...60_000, unit: "ms",
      { $1(&$0.door.pulseMilliseconds) }),
    .optional(
      "door.dtmf-code", "The code that opens it by telephone keys; better in dtmf-code-file",
      .doorCode, { $1(&$0.door.code) }),
    .optional(
      "door.dtmf-code-file",
      "The file that holds the code (mode 0600); unset is the credential door-code, if there is one", .path,
      { $1(&$0.door.codeFile) }),
    .allow("door.dtmf-allow", "Whose telephone keys count", { $1(&$0.door.codeAllow) }),
    .choice("door.dtmf-when", "When the code opens it", { $1(&$0.door.codeWhen) }),
    .choice("door.dtmf-end", "The key that ends the code (hash is #, star is *)", { $1(&$0.door.endKey) }),
    .allow("door.rpc-allow", "Who may open it by lintel.door.open", { $1(&$0.door.rpcAllow) }),
    .choice("door.rpc-when", "When lintel.door.open opens it", { $1(&$0.door.rpcWhen) }),
    .choice("door.local-when", "When lintelctl opens it", { $1(&$0.door.localWhen) }),
    .number(
      "door.wrong-codes", "After as many wrong codes in a row it is locked out", 1...100,
      { $1(&$0.door.wrongCodesMax) }),
    .number(
      "door.lock-out-minutes", "How long no code is taken then", 1...1440, unit: "min",
      { $1(&$0.door.lockOutMinutes) }),
    .number(
      "door.key-timeout-ms", "How long the next key may take before all is forgotten", 500...30_000,
      unit: "ms",
      { $1(&$0.door.keyTimeoutMilliseconds) }),
    .number(
      "door.open-seconds-max",
      "How long it may stand open ([gpio] contact) before that is told; 0 is for ever",
      0...86_400, unit: "s", { $1(&$0.door.openSecondsMax) }),
    .flag(
      "door.forced-alarm",
      "Whether it is told when the contact opens without the lock; no where a handle inside opens it", .yesNo,
      { $1(&$0.door.tellsForced) }),
    .allow(
      "rpc.allow", "Who may call lintel.status, volume, mute, indicator, tone and dtmf", { $1(&$0.rpc.allow) }
    ),
  ]
}
