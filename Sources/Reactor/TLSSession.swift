import Base
import COpenSSL

/// The client's side of one TLS connection as a function of bytes: ciphertext in and out through memory BIOs.
///
/// After each call that may have made ciphertext (`handshake`, `write`, `read`, `closeNotify`) take `outgoing`.
final class TLSSession {
  let host: String
  /// Written by the verification callback.
  var certificateProblem: CertificateProblem?
  private let context: TLSContext
  /// Host and port, for the session's next time.
  private let place: String
  private let ssl: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoingBIO: OpaquePointer
  /// The peer said that nothing more follows (close_notify).
  private(set) var isEnded = false

  /// - Parameter host: the name that the certificate has to be for, also sent as SNI; or an address literal.
  init(_ context: TLSContext, host: String, port: UInt16) throws(ReactorFailure) {
    ERR_clear_error()
    guard let ssl = SSL_new(context.handle) else { throw .tls(host: host, reason: openSSLWords()) }
    guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
      SSL_free(ssl)
      throw .tls(host: host, reason: "no memory")
    }
    // The session owns both BIOs from here on.
    SSL_set_bio(ssl, incoming, outgoing)
    self.context = context
    self.host = host
    place = joined(host, port)
    self.ssl = ssl
    self.incoming = incoming
    outgoingBIO = outgoing
    SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
    SSL_set_connect_state(ssl)
    // A name counts only where it is meant to stand (RFC 9525 §6.3), and a wildcard only as a whole label.
    SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
    var accepted: Int32
    if IPAddress(host) != nil {
      accepted = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host)
    } else {
      accepted = SSL_set1_host(ssl, host)
      if accepted == 1 {
        // SSL_set_tlsext_host_name is a macro over this; RFC 6066 §3 allows no address literals in it.
        accepted = setServerName(host)
      }
    }
    guard accepted == 1 else { throw .tls(host: host, reason: openSSLWords()) }
    context.sessions.offer(to: ssl, for: place)
  }

  deinit {
    // OpenSSL would take a session for broken whose connection ends without a close_notify from here, though the
    // server does not mind.
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
    SSL_free(ssl)
  }

  func keep(_ session: OpaquePointer) { context.sessions.keep(session, for: place) }

  /// Ciphertext from the peer.
  func feed(_ ciphertext: [UInt8]) { BIO_write(incoming, ciphertext, Int32(ciphertext.count)) }

  /// true once the handshake is done and the certificate was accepted.
  func handshake() throws(ReactorFailure) -> Bool {
    ERR_clear_error()
    let result = SSL_do_handshake(ssl)
    if result == 1 {
      if SSL_session_reused(ssl) == 1 { context.resumptions += 1 }
      return true
    }
    if SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ { return false }
    throw failure()
  }

  /// All plaintext that is there now.
  func read() throws(ReactorFailure) -> [UInt8] {
    var plaintext: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16_384)
    while true {
      ERR_clear_error()
      let count = SSL_read(ssl, &piece, Int32(piece.count))
      if count > 0 {
        plaintext += piece[..<Int(count)]
        continue
      }
      switch SSL_get_error(ssl, count) {
      case SSL_ERROR_WANT_READ: return plaintext
      case SSL_ERROR_ZERO_RETURN:
        isEnded = true
        return plaintext
      default:
        // What was read before the error is given first; the error comes again with the next call.
        if !plaintext.isEmpty { return plaintext }
        throw failure()
      }
    }
  }

  func write(_ plaintext: [UInt8]) throws(ReactorFailure) {
    guard !plaintext.isEmpty else { return }
    ERR_clear_error()
    let result = SSL_write(ssl, plaintext, Int32(plaintext.count))
    guard result == plaintext.count else { throw failure() }
  }

  /// Tells the peer that nothing more follows (RFC 8446 §6.1).
  func closeNotify() {
    ERR_clear_error()
    _ = SSL_shutdown(ssl)
    ERR_clear_error()
  }

  /// Ciphertext for the peer, alerts included.
  func outgoing() -> [UInt8] {
    let waiting = BIO_ctrl_pending(outgoingBIO)
    guard waiting > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: waiting)
    let count = Int(BIO_read(outgoingBIO, &bytes, Int32(waiting)))
    return count == waiting ? bytes : Array(bytes[..<max(0, count)])
  }

  private func setServerName(_ name: String) -> Int32 {
    var bytes = Array(name.utf8CString)
    return Int32(SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &bytes))
  }

  private func failure() -> ReactorFailure {
    if let certificateProblem { return .certificate(certificateProblem) }
    return .tls(host: host, reason: openSSLWords())
  }
}
