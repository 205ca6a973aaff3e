import Base
import COpenSSL

/// A self-signed ECDSA P-256 identity for DTLS (RFC 8827 §6.5). One is enough for a process: every
/// `PeerConnection` may share it, and sharing saves the key generation at the button press.
///
/// WebRTC peers trust the fingerprint in the signalled description and nothing else of the certificate, so it
/// carries a fixed, very long validity: a board whose clock still stands at 1970 is accepted like any other.
public final class Certificate {
  /// `sha-256 AB:CD:...`, the value of `a=fingerprint` (RFC 8122 §5).
  public var fingerprint: String { "\(signature.algorithm) \(signature.text)" }
  /// The same for our descriptions.
  let signature: Fingerprint
  let privateKey: OpaquePointer
  let x509: OpaquePointer

  /// Generates a key pair. Throws if the operating system has no randomness or OpenSSL no memory.
  public init() throws(CertificateFailure) {
    ERR_clear_error()
    guard let key = lintel_EVP_EC_generate("P-256") else {
      throw .generation(OpenSSLError.takeWords())
    }
    guard let x509 = Certificate.selfSigned(key) else {
      EVP_PKEY_free(key)
      throw .generation(OpenSSLError.takeWords())
    }
    guard let digest = Fingerprint.digest(of: x509, algorithm: "sha-256") else {
      X509_free(x509)
      EVP_PKEY_free(key)
      throw .generation(OpenSSLError.takeWords())
    }
    privateKey = key
    self.x509 = x509
    signature = Fingerprint(algorithm: "sha-256", digest: digest)
  }

  deinit {
    X509_free(x509)
    EVP_PKEY_free(privateKey)
  }

  private static func selfSigned(_ key: OpaquePointer) -> OpaquePointer? {
    guard let x509 = X509_new() else { return nil }
    let name = X509_get_subject_name(x509)
    var serial: UInt64 = 0
    let done =
      withUnsafeMutableBytes(of: &serial) { RAND_bytes($0.baseAddress, 8) == 1 }
      && X509_set_version(x509, 2) == 1
      && ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1 | 1) == 1
      && ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), "19700101000000Z") == 1
      && ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), "20991231235959Z") == 1
      && X509_NAME_add_entry_by_txt(name, "CN", 0x1001, "lintel", -1, -1, 0) == 1
      && X509_set_issuer_name(x509, name) == 1
      && X509_set_pubkey(x509, key) == 1
      && X509_sign(x509, key, EVP_sha256()) > 0
    if !done {
      X509_free(x509)
      return nil
    }
    return x509
  }
}

public enum CertificateFailure: Error, Equatable, Sendable {
  case generation(String)

  public var description: String {
    switch self {
    case .generation(let words): "cannot make a DTLS certificate: \(words)"
    }
  }
}
