import Base
import COpenSSL

/// OpenSSL asks this about each certificate of the chain. It never changes the verdict; it only writes down the
/// first problem, because afterwards the chain is gone.
func noteCertificateProblem(_ verdict: Int32, _ store: OpaquePointer?) -> Int32 {
  guard verdict == 0, let store,
    let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
    let owner = SSL_get_ex_data(OpaquePointer(ssl), 0)
  else { return verdict }
  let session = Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
  if session.certificateProblem == nil {
    session.certificateProblem = readCertificateProblem(store, host: session.host)
  }
  return verdict
}

private func readCertificateProblem(_ store: OpaquePointer, host: String) -> CertificateProblem {
  let code = X509_STORE_CTX_get_error(store)
  let certificate = X509_STORE_CTX_get_current_cert(store)
  return CertificateProblem(
    reason: reason(code, certificate, host: host),
    subject: nameText(certificate.flatMap { X509_get_subject_name($0) }),
    issuer: nameText(certificate.flatMap { X509_get_issuer_name($0) }))
}

private func reason(_ code: Int32, _ certificate: OpaquePointer?, host: String) -> CertificateProblem.Reason {
  switch code {
  case X509_V_ERR_CERT_HAS_EXPIRED:
    return .expired(on: dayText(X509_get0_notAfter(certificate)))
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return .notYetValid(until: dayText(X509_get0_notBefore(certificate)))
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    return .selfSigned
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
    X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    return .unknownAuthority
  case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
    return .wrongHostName(expected: host, names: alternativeNames(certificate))
  default:
    guard let text = X509_verify_cert_error_string(Int(code)) else { return .other("error \(code)") }
    return .other(String(cString: text))
  }
}

/// XN_FLAG_RFC2253, a macro that Swift cannot import, but with letters outside ASCII left readable:
/// ASN1_STRFLGS_RFC2253 without ESC_MSB, `,` and `+` between the parts, the most specific part first, short field
/// names, unknown fields dumped.
private let rfc2253Flags: UInt = 0x313 | 1 << 16 | 1 << 20 | 1 << 24

/// RFC 2253 text; control characters come escaped.
private func nameText(_ name: OpaquePointer?) -> String {
  guard let name, let bio = BIO_new(BIO_s_mem()) else { return "an unnamed subject" }
  defer { BIO_free(bio) }
  X509_NAME_print_ex(bio, name, 0, rfc2253Flags)
  var text = [UInt8](repeating: 0, count: ReactorLimits.failureTextBytesMax)
  let count = Int(BIO_read(bio, &text, Int32(text.count)))
  return count > 0 ? printable(String(decoding: text[..<count], as: UTF8.self)) : "an unnamed subject"
}

/// 2026-01-31, in UTC.
private func dayText(_ time: UnsafePointer<ASN1_TIME>?) -> String {
  var parts = tm()
  guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return "an unreadable date" }
  return "\(parts.tm_year + 1900)-\(twoDigits(parts.tm_mon + 1))-\(twoDigits(parts.tm_mday))"
}

private func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

/// The DNS names that a certificate is for (RFC 5280 §4.2.1.6), 16 at most.
private func alternativeNames(_ certificate: OpaquePointer?) -> [String] {
  guard let list = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
  let stack = OpaquePointer(list)
  defer { GENERAL_NAMES_free(stack) }
  var names: [String] = []
  for index in 0..<min(OPENSSL_sk_num(stack), 16) {
    guard let entry = OPENSSL_sk_value(stack, index) else { continue }
    let name = entry.assumingMemoryBound(to: GENERAL_NAME.self).pointee
    guard name.type == GEN_DNS, let text = name.d.dNSName, let bytes = ASN1_STRING_get0_data(text) else {
      continue
    }
    let count = Int(ASN1_STRING_length(text))
    names.append(
      printable(String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)))
  }
  return names
}
