import Base
import COpenSSL

/// TLS sessions that the next connection to the same host and port resumes (RFC 8446 §2.2, RFC 5077), which saves the
/// certificates and, with TLS 1.2, a round trip. One each, as the newest is the one that counts.
final class TLSSessionCache {
  private var entries: [(place: String, session: OpaquePointer)] = []

  deinit {
    for entry in entries { SSL_SESSION_free(entry.session) }
  }

  /// Takes `session`, with its reference.
  func keep(_ session: OpaquePointer, for place: String) {
    if let old = remove(place) { SSL_SESSION_free(old) }
    if entries.count == ReactorLimits.tlsSessionsMax { SSL_SESSION_free(entries.removeFirst().session) }
    entries.append((place, session))
  }

  /// Offers what is kept to a connection that has not begun.
  func offer(to ssl: OpaquePointer, for place: String) {
    guard let session = remove(place) else { return }
    _ = SSL_set_session(ssl, session)
    // A ticket of TLS 1.3 is for one connection, lest others see that both are ours (RFC 8446 §C.4); the server sends
    // another one. A session of TLS 1.2 is not renewed.
    if SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION {
      entries.append((place, session))
    } else {
      SSL_SESSION_free(session)
    }
  }

  private func remove(_ place: String) -> OpaquePointer? {
    guard let index = entries.firstIndex(where: { equalsIgnoringCase($0.place, place) }) else { return nil }
    return entries.remove(at: index).session
  }
}

/// OpenSSL has a session to keep: after the handshake, or with TLS 1.3 whenever the server sends a ticket. 1: kept.
func keepTLSSession(_ ssl: OpaquePointer?, _ session: OpaquePointer?) -> Int32 {
  guard let ssl, let session, let owner = SSL_get_ex_data(ssl, 0) else { return 0 }
  Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue().keep(session)
  return 1
}
