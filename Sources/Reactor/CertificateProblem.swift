import Base

/// Why a server's certificate was not accepted.
public struct CertificateProblem: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Reason: Equatable, Sendable {
    /// The day it ended, in UTC, as 2026-01-31.
    case expired(on: String)
    case notYetValid(until: String)
    case selfSigned
    case unknownAuthority
    /// The names that the certificate is for.
    case wrongHostName(expected: String, names: [String])
    /// OpenSSL's words for everything rarer.
    case other(String)
  }

  public var reason: Reason
  /// The certificate that was at fault, which may be one of the issuers: RFC 2253 text.
  public var subject: String
  public var issuer: String

  public var description: String {
    let certificate = "the certificate of \(subject) (issued by \(issuer))"
    switch reason {
    case .expired(let day): return "\(certificate) expired on \(day)"
    case .notYetValid(let day):
      return "\(certificate) is valid only from \(day); is the clock of this device right?"
    case .selfSigned: return "\(certificate) is self-signed and not among the trusted ones"
    case .unknownAuthority:
      return
        "\(certificate) comes from an authority that is not trusted here: the certificate of \(issuer) is missing"
    case .wrongHostName(let expected, let names):
      var list = ""
      for name in names { list += list.isEmpty ? name : ", \(name)" }
      return "\(certificate) is not for \(expected)" + (list.utf8.isEmpty ? "" : " but for \(list)")
        + "; does a captive portal or a proxy answer?"
    case .other(let words): return "\(certificate) was not accepted: \(words)"
    }
  }
}
