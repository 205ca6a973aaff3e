import Base
import LiveKit

extension APIFailure {
  /// For programs; stable over versions.
  public var code: String {
    switch kind {
    case .notAllowed: "not-allowed"
    case .notFound: "not-found"
    case .noSuchTrunk: "no-such-trunk"
    case .noBridge, .noRedis: "no-bridge"
    case .noConnectors: "no-connectors"
    case .noSuchMethod: "no-such-method"
    case .busy: CallEnding.busy.rawValue
    case .refused: CallEnding.refused.rawValue
    case .unknownNumber: CallEnding.unknownNumber.rawValue
    case .unanswered: CallEnding.unanswered.rawValue
    case .cancelled: "cancelled"
    case .unreachable: CallEnding.unreachable.rawValue
    case .trunk: "trunk"
    case .invalid: "invalid"
    case .unavailable: "unavailable"
    case .unusable: "unusable"
    case .redirected: "redirected"
    case .unreachableServer: "server-unreachable"
    case .local(let code, _): code
    }
  }

  /// One sentence without its full stop, on one line, without secrets.
  public var words: String {
    switch kind {
    case .notAllowed(let missing):
      "the server does not allow it" + (missing.utf8.isEmpty ? "" : "; needed is \(missing)") + appended
    case .notFound(let words): words
    case .noSuchTrunk: "the server has no such trunk; check [phone] trunk"
    case .noBridge: "this server has no SIP bridge that runs"
    case .noRedis: "this server has no telephone: it runs without redis and a SIP bridge"
    case .noConnectors: "this server has no telephone connectors (they are LiveKit Cloud's)"
    case .noSuchMethod: "the server has no such service or method (HTTP \(httpStatus ?? 404))" + appended
    case .busy, .refused, .unknownNumber, .unanswered: endingWords
    case .cancelled: "taken back"
    case .unreachable(let why), .trunk(let why): sipStatus == nil ? why : endingWords + colon(why)
    case .invalid(let words): words
    case .unavailable(let why): "the server cannot do it now" + colon(why)
    case .unusable(let why): "the server's answer is of no use: \(why)"
    case .redirected: "the server redirects (HTTP \(httpStatus ?? 0)); set the address to that one"
    case .unreachableServer(let failure): failure.words
    case .local(_, let words): words
    }
  }

  private var endingWords: String {
    if let sipStatus { return sipStatus.words(seconds: ringSeconds) }
    switch kind {
    case .busy: return "busy"
    case .refused: return "refused"
    case .unknownNumber: return "no such number"
    default: return ringSeconds.map { "did not answer in \($0) s" } ?? "did not answer"
    }
  }

  private var appended: String { colon(message) }

  private func colon(_ text: String) -> String { text.utf8.isEmpty ? "" : ": \(text)" }
}

extension TransportFailure {
  /// Of the server that was asked.
  var words: String {
    switch self {
    case .resolve(let why): "the server's name was not found: \(shown(why))"
    case .refused(let why): "the server refuses the connection: \(shown(why))"
    case .timeout: "the server did not answer in time"
    case .tls(let why): "TLS with the server failed: \(shown(why))"
    case .http(let status, _): "the server answered with HTTP status \(status)"
    case .proxy(let why), .intercepted(let why), .clearText(let why), .other(let why):
      "the server was not reached: \(shown(why))"
    }
  }
}

/// Words of somebody else on one line, cut, without what the server puts before each of them, and without tokens and what
/// else is `hidden`.
func shown(_ text: String, hiding hidden: [String] = []) -> String {
  var bytes = Array(withoutSecrets(printable(text)).utf8)
  for secret in hidden { bytes = replaced(Array(secret.utf8), in: bytes) }
  let prefix = Array("twirp error unknown: ".utf8)
  while bytes.starts(with: prefix) { bytes.removeFirst(prefix.count) }
  return wholeCharacters(bytes.prefix(TelephonyLimits.wordsBytesMax))
}

/// A text that was cut anywhere, without the part of a letter at its end.
func wholeCharacters(_ bytes: ArraySlice<UInt8>) -> String {
  var rest = bytes
  var dropped = 0
  while let last = rest.last, last & 0xC0 == 0x80, dropped < 3 {
    rest = rest.dropLast()
    dropped += 1
  }
  if let last = rest.last, last >= 0xC0 {
    let needed = last >= 0xF0 ? 3 : last >= 0xE0 ? 2 : 1
    if dropped == needed { return String(decoding: bytes, as: UTF8.self) }
    return String(decoding: rest.dropLast(), as: UTF8.self)
  }
  return String(decoding: bytes, as: UTF8.self)
}

private func replaced(_ secret: [UInt8], in bytes: [UInt8]) -> [UInt8] {
  guard secret.count >= 4 else { return bytes }
  var result: [UInt8] = []
  var rest = bytes[...]
  while let byte = rest.first {
    if rest.starts(with: secret) {
      result += "***".utf8
      rest = rest.dropFirst(secret.count)
    } else {
      result.append(byte)
      rest = rest.dropFirst()
    }
  }
  return result
}

/// By bytes, ASCII letters in any case.
func holds(_ text: String, _ part: String) -> Bool {
  let (bytes, sought) = (text.utf8.map { lowercased($0) }, part.utf8.map { lowercased($0) })
  guard bytes.count >= sought.count else { return false }
  return (0...(bytes.count - sought.count)).contains { bytes[$0...].starts(with: sought) }
}
