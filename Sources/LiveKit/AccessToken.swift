import Base
import JSON

/// What a LiveKit access token says about itself. Its signature is for the server to check; reading it here
/// tells a technician before dialling what the server would refuse.
public struct AccessToken: Equatable, Sendable {
  public let identity: String
  public let room: String
  /// Seconds since 1970 UTC; nil where the token sets no end (the server accepts that).
  public let expires: Int64?
  public let notBefore: Int64?
  public let canPublish: Bool
  public let canSubscribe: Bool
  /// Texts, keys, calls and files.
  public let canPublishData: Bool
  /// Whether the sources that may be published, if they are limited, have the microphone among them.
  public let canPublishMicrophone: Bool
  /// Everything that it claims.
  public let claims: JSONValue
  /// Only for the Authorization header.
  let secret: String
  public var bearer: String { secret }

  static let bytesMax = 16_384

  /// What a file or a clipboard left around it is dropped (`pastedSecret`).
  public init(_ text: String) throws(Failure) {
    guard text.utf8.count <= AccessToken.bytesMax else { throw .malformedToken("it is longer than 16 kB") }
    do throws(PastedFault) {
      secret = try pastedSecret(Array(text.utf8))
    } catch {
      throw .malformedToken("it \(error.words)")
    }
    claims = try Self.claims(of: Array(secret.utf8))
    let grant = claims["video"]
    guard case .object = grant else { throw .malformedToken("it has no video grant") }
    guard grant["roomJoin"].bool == true else {
      throw .malformedToken("it does not allow to join (video.roomJoin is not true)")
    }
    guard let room = grant["room"].string, !room.isEmpty else {
      throw .malformedToken("it names no room (video.room)")
    }
    // Older issuers put the identity into jti.
    guard let identity = claims["sub"].string ?? claims["jti"].string, !identity.isEmpty else {
      throw .malformedToken("it names no identity (sub)")
    }
    self.room = room
    self.identity = identity
    expires = claims["exp"].wholePart.map(AccessToken.seconds)
    notBefore = claims["nbf"].wholePart.map(AccessToken.seconds)
    canPublish = grant["canPublish"].bool ?? true
    canPublishData = grant["canPublishData"].bool ?? canPublish
    let sources = grant["canPublishSources"].array.compactMap { $0.string }
    canPublishMicrophone = canPublish && (sources.isEmpty || sources.contains("microphone"))
    canSubscribe = grant["canSubscribe"].bool ?? true
  }

  private static func claims(of bytes: [UInt8]) throws(Failure) -> JSONValue {
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3 else {
      throw .malformedToken("it has \(parts.count) parts separated by dots instead of 3")
    }
    guard Base64.decode(parts[0]) != nil, let payload = Base64.decode(parts[1]),
      Base64.decode(parts[2]) != nil, !parts[2].isEmpty
    else { throw .malformedToken("a part of it is not base64url") }
    guard let claims = try? JSONValue.parse(payload, lastCounts: true), case .object = claims else {
      throw .malformedToken("its claims are not a JSON object")
    }
    return claims
  }

  /// Any number may be claimed, such as a last moment for a token that never expires; within these bounds, which are
  /// ages away, it can be reckoned with.
  private static func seconds(_ claimed: Int64) -> Int64 { min(max(claimed, -(1 << 53)), 1 << 53) }
}
