import Base
import LiveKit

/// Whether a webhook is Twilio's: `X-Twilio-Signature` is the base64 of an HMAC over the address, and over the fields of
/// a form behind it.
public enum TwilioSignature {
  /// What it is made with: SHA-1 with the account's token, unless `X-Twilio-Webhooks-Signature-Settings` says
  /// otherwise.
  public enum Algorithm: Equatable, Sendable {
    case sha1, sha256

    /// nil for one that is not known. An absent or empty header, or one that names none, is SHA-1.
    ///
    /// - Parameter settings: the header, such as `key=...,algorithm=HMAC_SHA256`.
    public init?(settings: String?) {
      self = .sha1
      for part in (settings ?? "").utf8.split(separator: UInt8(ascii: ",")) {
        let word = trimmed(Array(part))
        guard word.starts(with: "algorithm=".utf8) else { continue }
        let name = String(decoding: trimmed(word.dropFirst(10)), as: UTF8.self)
        if equalsIgnoringCase(name, "HMAC_SHA256") {
          self = .sha256
        } else if !equalsIgnoringCase(name, "HMAC_SHA1"), !name.utf8.isEmpty {
          return nil
        }
        return
      }
    }
  }

  /// - Parameters:
  ///   - url: the whole address that Twilio was given, with the query that came.
  ///   - parameters: the fields of a posted form; empty for GET.
  public static func isValid(
    signature: String, url: String, parameters: FormFields, authToken: String, algorithm: Algorithm = .sha1
  ) -> Bool {
    guard !authToken.utf8.isEmpty, url.utf8.count <= TelephonyLimits.addressBytesMax else { return false }
    let fields = signedText(of: parameters)
    // It is not always known whether the port was signed, too.
    return spellings(of: Array(url.utf8)).contains { address in
      areSame(Array(signature.utf8), code(address + fields, authToken, algorithm))
    }
  }

  /// The same where the body is no form, such as JSON: its SHA-256 is in the address as `bodySHA256`.
  public static func isValid(
    signature: String, url: String, body: [UInt8], authToken: String, algorithm: Algorithm = .sha1
  ) -> Bool {
    let query = Array(url.utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst())
    guard let fields = try? FormFields(parsing: query), let digest = fields["bodySHA256"],
      areSame(Array(digest.utf8), Array(hexadecimal(sha256(body)).utf8))
    else { return false }
    return isValid(
      signature: signature, url: url, parameters: FormFields([]), authToken: authToken, algorithm: algorithm)
  }

  private static func code(_ text: [UInt8], _ token: String, _ algorithm: Algorithm) -> [UInt8] {
    let key = Array(token.utf8)
    return Array(
      Base64.encode(algorithm == .sha1 ? hmacSHA1(key: key, text) : hmacSHA256(key: key, text)).utf8)
  }

  /// Names and values behind each other, sorted by bytes; what comes twice counts once.
  private static func signedText(of form: FormFields) -> [UInt8] {
    var sorted: [[UInt8]] = []
    for field in form.fields {
      // No name has a zero in it, so the names decide first.
      let pair = Array(field.name.utf8) + [0] + Array(field.value.utf8)
      let place = sorted.firstIndex { !$0.lexicographicallyPrecedes(pair) } ?? sorted.count
      if place == sorted.count || sorted[place] != pair { sorted.insert(pair, at: place) }
    }
    var text: [UInt8] = []
    for pair in sorted {
      let name = pair.prefix { $0 != 0 }
      text += name
      text += pair[(name.count + 1)...]
    }
    return text
  }

  /// The address as it is, and with its port written or left away.
  private static func spellings(of url: [UInt8]) -> [[UInt8]] {
    let scheme = url.starts(with: "https://".utf8) ? 8 : url.starts(with: "http://".utf8) ? 7 : 0
    guard scheme > 0 else { return [url] }
    let end = url[scheme...].firstIndex { "/?#".utf8.contains($0) } ?? url.endIndex
    let host = url[scheme..<end]
    let port = host.lastIndex(of: UInt8(ascii: ":"))
    // The colons of an IPv6 address stand in brackets.
    if let port, host[port...].dropFirst().allSatisfy({ isDigit($0) }) {
      return [url, Array(url[..<port] + url[end...])]
    }
    return [url, Array(url[..<end]) + Array((scheme == 8 ? ":443" : ":80").utf8) + Array(url[end...])]
  }
}
