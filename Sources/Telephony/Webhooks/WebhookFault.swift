/// Why what came over HTTP is not taken for a webhook. None of the words repeats anything of it.
public enum WebhookFault: Error, Equatable, Sendable {
  /// Nothing is configured to check it by.
  case noSecret
  case unsigned
  case malformedToken
  /// It is signed for another API key.
  case otherKey
  case wrongSignature
  case expired, notYet
  /// The signature is of another body.
  case otherBody
  case malformed(String)
  case tooLarge(bytesMax: Int)
  case tooMany(max: Int)
  /// It was taken before: whoever sends it again has not heard of that.
  case replayed
  case tooOld
  /// Meta's console asks with another text than was configured.
  case otherVerifyToken

  /// For programs; stable over versions.
  public var code: String {
    switch self {
    case .noSecret: "no-secret"
    case .unsigned: "unsigned"
    case .malformedToken: "malformed-token"
    case .otherKey: "other-key"
    case .wrongSignature: "wrong-signature"
    case .expired: "expired"
    case .notYet: "not-yet"
    case .otherBody: "other-body"
    case .malformed: "malformed"
    case .tooLarge: "too-large"
    case .tooMany: "too-many"
    case .replayed: "replayed"
    case .tooOld: "too-old"
    case .otherVerifyToken: "other-verify-token"
    }
  }

  /// One sentence without its full stop.
  public var words: String {
    switch self {
    case .noSecret: "there is no secret to check it by"
    case .unsigned: "it is not signed"
    case .malformedToken: "its Authorization is no token"
    case .otherKey: "it is signed for another API key"
    case .wrongSignature: "its signature is wrong; is the secret the right one?"
    case .expired: "its token has expired; is the clock right?"
    case .notYet: "its token is not valid yet; is the clock right?"
    case .otherBody: "its signature is of another body"
    case .malformed(let why): "its body is of no use: \(why)"
    case .tooLarge(let max): "it has more than \(max) bytes"
    case .tooMany(let max): "it tells of more than \(max) at once"
    case .replayed: "it came before"
    case .tooOld: "it is older than \(TelephonyLimits.replaySeconds / 60) minutes"
    case .otherVerifyToken: "it asks with another verify token"
    }
  }

  /// What whoever sent it is answered. One that came before is answered as well as the first, or it comes again.
  public var httpStatus: Int {
    switch self {
    case .replayed: 200
    case .noSecret: 503
    case .unsigned, .malformedToken, .otherKey, .wrongSignature, .expired, .notYet, .otherBody: 401
    case .otherVerifyToken, .tooOld: 403
    case .malformed, .tooMany: 400
    case .tooLarge: 413
    }
  }
}
