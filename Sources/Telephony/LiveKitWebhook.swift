import Base
import COpenSSL
import JSON
import LiveKit

/// Why a webhook is not believed.
public enum WebhookFault: Error, Equatable, Sendable {
  case unsigned
  /// By another key, or of another body.
  case wrongSignature
  case expired
  case malformed(String)

  public var words: String {
    switch self {
    case .unsigned: "it has no signature"
    case .wrongSignature: "its signature is not of this key, or of another body"
    case .expired: "it is from the past, or this board's clock is wrong"
    case .malformed(let why): why
    }
  }
}

/// What a LiveKit server tells over HTTP: who came and went in which room.
///
/// It is signed by a token in the Authorization header, without the word Bearer, whose claim `sha256` is the body's
/// digest in base64 (seen on livekit-server 1.13.5).
public struct LiveKitWebhook: Equatable, Sendable {
  public let name: String
  /// The same when it is sent again because it was not answered.
  public let id: String
  public let roomName: String
  public let participant: Person?

  public struct Person: Equatable, Sendable {
    public let identity: Name
    /// As the rules of the configuration have it, such as `sip`.
    public let kind: String
    public let attributes: JSONValue
  }

  public init(
    authorization: String?, body: [UInt8], key: String, secret: String, unixSeconds: Int64
  ) throws(WebhookFault) {
    guard let authorization, !authorization.utf8.isEmpty else { throw .unsigned }
    try Self.check(authorization, body, key, secret, unixSeconds)
    guard let json = try? JSONValue.parse(body, valuesMax: 4096, lastCounts: true), case .object = json,
      let name = json["event"].string
    else { throw .malformed("it is no event in JSON") }
    self.name = name
    id = json["id"].string ?? ""
    roomName = json["room"]["name"].string ?? ""
    let person = json["participant"]
    if let identity = person["identity"].string.flatMap({ Name($0) }), !identity.isEmpty {
      let kind = String(
        decoding: (person["kind"].string ?? "standard").utf8.map { lowercased($0) }, as: UTF8.self)
      participant = Person(identity: identity, kind: kind, attributes: person["attributes"])
    } else {
      participant = nil
    }
  }

  private static func check(
    _ authorization: String, _ body: [UInt8], _ key: String, _ secret: String, _ now: Int64
  ) throws(WebhookFault) {
    let prefix = "Bearer "
    let token = Array(authorization.utf8.dropFirst(authorization.utf8.starts(with: prefix.utf8) ? 7 : 0))
    let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, token.count <= TelephonyLimits.webhookTokenBytesMax,
      let signature = Base64.decode(parts[2]), let head = Base64.decode(parts[0]),
      let payload = Base64.decode(parts[1]),
      let header = try? JSONValue.parse(head), header["alg"].string == "HS256",
      let claims = try? JSONValue.parse(payload, lastCounts: true)
    else { throw .wrongSignature }
    let signed = Array(parts[0]) + [UInt8(ascii: ".")] + Array(parts[1])
    guard isSame(signature, hmacSHA256(key: Array(secret.utf8), signed)),
      claims["iss"].string?.utf8.elementsEqual(key.utf8) == true,
      let digest = claims["sha256"].string,
      isSame(Array(digest.utf8), Array(Base64.encode(sha256(body), urlSafe: false, padding: true).utf8))
    else { throw .wrongSignature }
    // Without an end it could be sent again for ever.
    guard let expires = claims["exp"].wholePart, !isBefore(expires, now) else { throw .expired }
    if let begins = claims["nbf"].wholePart, isBefore(now, begins) { throw .expired }
  }

  /// By more than a minute, which clocks may differ by.
  private static func isBefore(_ one: Int64, _ other: Int64) -> Bool {
    let (difference, isBeyond) = other.subtractingReportingOverflow(one)
    return isBeyond ? other > one : difference > 60
  }
}

/// Compares in a time that does not tell how much was right.
func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  guard one.count == other.count, !one.isEmpty else { return false }
  var difference: UInt8 = 0
  for (left, right) in zip(one, other) { difference |= left ^ right }
  return difference == 0
}

/// FIPS 180-4. Empty if the library refuses.
func sha256(_ bytes: [UInt8]) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
    var length: UInt32 = 0
    let done = EVP_Digest(bytes, bytes.count, buffer.baseAddress, &length, EVP_sha256(), nil)
    count = done == 1 ? Int(length) : 0
  }
}

/// Events that came already: a server sends one again until it is answered.
public struct ReplayGuard: Equatable, Sendable {
  private var seen: [String] = []

  public init() {}

  /// Whether it is new; one without a name never is.
  public mutating func accept(_ id: String) -> Bool {
    guard !id.utf8.isEmpty, !seen.contains(where: { $0.utf8.elementsEqual(id.utf8) }) else { return false }
    if seen.count == TelephonyLimits.replayEventsMax { seen.removeFirst() }
    seen.append(String(decoding: id.utf8.prefix(TelephonyLimits.callIDBytesMax), as: UTF8.self))
    return true
  }
}
