import COpenSSL

/// What a certificate's fingerprint is worth, beside its text form.
extension Fingerprint {
  /// Of the hash functions of RFC 8122 §5 those that may be trusted: MD2, MD5 and SHA-1 may not.
  private static func message(_ algorithm: String) -> OpaquePointer? {
    switch algorithm {
    case "sha-256": EVP_sha256()
    case "sha-384": EVP_sha384()
    case "sha-512": EVP_sha512()
    default: nil
    }
  }

  var isTrustworthy: Bool { Fingerprint.message(algorithm) != nil }

  func matches(_ x509: OpaquePointer) -> Bool {
    guard let digest = Fingerprint.digest(of: x509, algorithm: algorithm) else { return false }
    return digest == self.digest
  }

  /// nil for an algorithm that may not be trusted.
  static func digest(of x509: OpaquePointer, algorithm: String) -> [UInt8]? {
    guard let message = message(algorithm) else { return nil }
    var digest = [UInt8](repeating: 0, count: 64)
    var count: UInt32 = 0
    guard X509_digest(x509, message, &digest, &count) == 1 else { return nil }
    return Array(digest[0..<Int(count)])
  }
}
