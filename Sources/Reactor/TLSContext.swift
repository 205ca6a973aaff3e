import Base
import CLinux
import COpenSSL

/// Which authorities are trusted. Made once, at start, and shared by every client of the program.
public final class TLSContext {
  let handle: OpaquePointer
  /// false: this machine has no certificate authorities of its own (the package ca-certificates is missing), so only
  /// servers whose authority is in the CA file are accepted.
  public let hasSystemAuthorities: Bool
  /// Handshakes that resumed an earlier session.
  public internal(set) var resumptions = 0
  let sessions = TLSSessionCache()

  private static let systemFolder = "/etc/ssl/certs"
  private static let systemBundle = "/etc/ssl/certs/ca-certificates.crt"

  /// Trusts the system's authorities and, if given, those in the PEM file `caFile` as well.
  ///
  /// The system's are looked up one by one, by the hashed names in /etc/ssl/certs, when a server's certificate is
  /// checked. Loading the whole bundle would cost 20 ms and 1.2 MB; it is done only where those names are missing.
  public init(caFile: String? = nil) throws(ReactorFailure) {
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_client_method()) else {
      throw .tls(host: "this device", reason: openSSLWords())
    }
    handle = context
    _ = SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
    // Idle connections give back their 32 kB of record buffers.
    _ = SSL_CTX_ctrl(context, SSL_CTRL_MODE, Int(SSL_MODE_RELEASE_BUFFERS), nil)
    // The sessions are kept here, by host and port; OpenSSL's own cache knows neither.
    _ = SSL_CTX_ctrl(
      context, SSL_CTRL_SET_SESS_CACHE_MODE,
      Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_LOOKUP | SSL_SESS_CACHE_NO_INTERNAL_STORE), nil)
    SSL_CTX_sess_set_new_cb(context, keepTLSSession)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, noteCertificateProblem)
    hasSystemAuthorities =
      TLSContext.hasHashedNames()
      ? SSL_CTX_load_verify_dir(context, TLSContext.systemFolder) == 1
      : SSL_CTX_load_verify_file(context, TLSContext.systemBundle) == 1
    if let caFile {
      ERR_clear_error()
      // The file may hold the issuing authority, or the server's own certificate, instead of the root above them: each
      // of them is an anchor of trust then (RFC 5280 §6.1.1), as curl has it.
      _ = X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), UInt(X509_V_FLAG_PARTIAL_CHAIN))
      guard SSL_CTX_load_verify_file(context, caFile) == 1 else {
        throw .tls(host: "this device", reason: "the CA file \(caFile) cannot be used: \(openSSLWords())")
      }
    }
  }

  deinit { SSL_CTX_free(handle) }

  /// Whether the folder holds links such as 4042bcee.0, as update-ca-certificates makes them.
  private static func hasHashedNames() -> Bool {
    guard let folder = opendir(systemFolder) else { return false }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let isHashed = withUnsafeBytes(of: entry.pointee.d_name) { name in
        name.count > 10 && name[8] == UInt8(ascii: ".") && name[9] == UInt8(ascii: "0") && name[10] == 0
      }
      if isHashed { return true }
    }
    return false
  }
}

/// The oldest error that OpenSSL holds for this thread, in its words; the others are dropped.
func openSSLWords() -> String {
  let code = ERR_get_error()
  ERR_clear_error()
  guard code != 0 else { return "no reason given" }
  switch ERR_GET_REASON(code) {
  case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_PACKET_LENGTH_TOO_LONG:
    // What OpenSSL makes of an answer that is not TLS at all.
    return "it does not speak TLS on this port"
  default: break
  }
  guard let text = ERR_reason_error_string(code) else { return "OpenSSL error \(code)" }
  return String(cString: text)
}
