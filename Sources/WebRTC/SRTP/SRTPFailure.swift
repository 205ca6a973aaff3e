import Base

/// Why a packet was not protected or not accepted.
enum SRTPFailure: Error, Equatable, Sendable {
  /// OpenSSL refused a key or a call.
  case cipher(String)
  /// Too short or not RTP/RTCP at all.
  case malformed
  /// The tag does not match: damaged, forged, or from before a change of keys.
  case authentication
  /// Seen before, or older than the replay window (RFC 3711 §3.3.2).
  case replayed
  /// The packet counter is used up (RFC 3711 §9.2): only new keys help.
  case exhausted

  var description: String {
    switch self {
    case .cipher(let words): "SRTP cipher failed: \(words)"
    case .malformed: "not an SRTP packet"
    case .authentication: "SRTP packet failed authentication"
    case .replayed: "SRTP packet was seen before"
    case .exhausted: "SRTP packet counter is used up"
    }
  }
}
