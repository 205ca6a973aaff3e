import Base

/// Why a session description or one of its changes cannot be used.
public enum DescriptionFailure: Error, Equatable, Sendable {
  /// `line` counts from 1; 0 concerns the description as a whole.
  case malformed(line: Int, String)
  /// No certificate fingerprint, so nobody could be trusted (RFC 8842 §5.1).
  case noFingerprint
  /// The fingerprint must stay the same while the connection lives; a new one means a new peer.
  case fingerprintChanged
  /// Well-formed, but this implementation cannot do it.
  case unsupported(String)

  public var description: String {
    switch self {
    case .malformed(let line, let what):
      line > 0 ? "session description, line \(line): \(what)" : "session description: \(what)"
    case .noFingerprint: "session description without a certificate fingerprint"
    case .fingerprintChanged: "the certificate fingerprint changed while the connection was in use"
    case .unsupported(let what): "session description not supported: \(what)"
    }
  }
}
