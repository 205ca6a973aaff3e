import Base

/// Why a DTLS association could not be made or did not last.
enum DTLSFailure: Error, Equatable, Sendable {
  /// OpenSSL could not be set up (memory, an unusable cipher list).
  case setUp(String)
  /// No end within `Limits.dtlsHandshakeMilliseconds`. The description of the last alert in plain text that came
  /// meanwhile (RFC 5246 §7.2), which is no proof of anything, may be a hint.
  case handshakeTimeout(alert: UInt8?)
  /// The peer's certificate is not the one that its description announced.
  case fingerprintMismatch
  /// Neither side's list of SRTP profiles meets the other's (RFC 5764 §4.1.2).
  case noCommonSRTPProfile
  /// The peer's alert or a protocol violation, in OpenSSL's words.
  case protocolError(String)

  var description: String {
    switch self {
    case .setUp(let words): "DTLS cannot start: \(words)"
    case .handshakeTimeout(let alert):
      "the peer did not finish the DTLS handshake in time" + (alert.map { ", after an alert \($0)" } ?? "")
    case .fingerprintMismatch:
      "the peer's DTLS certificate does not have the fingerprint that its description announced"
    case .noCommonSRTPProfile: "the peer accepts none of our SRTP profiles"
    case .protocolError(let words): "DTLS failed: \(words)"
    }
  }
}
