/// From end to end.
public struct EncryptionStatus: Equatable, Sendable {
  /// `off`, `wanted` or `required`.
  public var mode = "off"
  /// What goes out: `clear`, `encrypted`, or `nothing` where it must be encrypted and cannot be.
  public var sends = "clear"
  /// The same at two devices whose keys are the same; nil without a key.
  public var fingerprint: String?
  /// Frames that were understood; frames and packets that were not; packets in the clear that were refused.
  public var opened = 0
  public var failed = 0
  public var refused = 0
  /// As sentences without their full stops.
  public var problems: [String] = []

  public init() {}
}
