import Base
import JSON
import LiveKit

/// The token that a LiveKit server signs its webhooks with (RFC 7519, HS256): the same key and secret as the other way
/// round.
enum WebhookToken {
  /// Its claims, if it is of this key, and valid now.
  static func claims(
    of authorization: String, key: String, secret: String, unixSeconds: Int64
  ) throws(WebhookFault) -> JSONValue {
    guard !key.utf8.isEmpty, !secret.utf8.isEmpty else { throw .noSecret }
    let text = withoutBearer(authorization)
    guard !text.isEmpty else { throw .unsigned }
    guard text.count <= TelephonyLimits.authorizationBytesMax else { throw .malformedToken }
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, let signature = Base64.decode(parts[2]) else { throw .malformedToken }
    let signed = Array(text[..<parts[1].endIndex])
    let header = try object(parts[0])
    guard header["alg"].string?.utf8.elementsEqual("HS256".utf8) == true else { throw .malformedToken }
    let claims = try object(parts[1])
    // Which key it is for says more than that the secret does not fit, and is no secret.
    guard claims["iss"].string?.utf8.elementsEqual(key.utf8) == true else { throw .otherKey }
    guard areSame(signature, hmacSHA256(key: Array(secret.utf8), signed)) else { throw .wrongSignature }
    try checkTime(claims, unixSeconds)
    return claims
  }

  /// Without an end it could be sent again for ever.
  private static func checkTime(_ claims: JSONValue, _ now: Int64) throws(WebhookFault) {
    let (now, leeway) = (bounded(now), TelephonyLimits.clockLeewaySeconds)
    guard let end = claims["exp"].wholePart, bounded(end) + leeway >= now else { throw .expired }
    if let start = claims["nbf"].wholePart, bounded(start) - leeway > now { throw .notYet }
  }

  /// Any number may be claimed; within these bounds, which are ages away, it can be reckoned with.
  private static func bounded(_ seconds: Int64) -> Int64 { min(max(seconds, -(1 << 53)), 1 << 53) }

  private static func object(_ part: ArraySlice<UInt8>) throws(WebhookFault) -> JSONValue {
    guard let bytes = Base64.decode(part), let json = try? JSONValue.parse(bytes), case .object = json else {
      throw .malformedToken
    }
    return json
  }

  private static func withoutBearer(_ authorization: String) -> ArraySlice<UInt8> {
    let text = trimmed(Array(authorization.utf8.prefix(TelephonyLimits.authorizationBytesMax + 32)))
    let scheme = Array("bearer".utf8)
    guard text.prefix(scheme.count).map({ lowercased($0) }) == scheme else { return text }
    let after = text.dropFirst(scheme.count)
    return (after.first ?? 0x20) <= 0x20 ? trimmed(after) : text
  }
}
