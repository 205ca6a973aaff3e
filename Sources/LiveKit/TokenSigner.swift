import Base
import COpenSSL
import JSON

/// What a token is asked for: of a token endpoint, or of `AccessToken.signed`.
public struct TokenRequestOptions: Equatable, Sendable {
  /// nil lets the endpoint choose.
  public var roomName: String?
  public var participantIdentity: String?
  public var participantName: String?
  /// The agent that is dispatched when the room is created for this token; nil leaves that to the server.
  public var agentName: String?
  /// For the agent, which gets it as its job's metadata; LiveKit does not look at it.
  public var agentMetadata: String?

  public init() {}

  /// `RoomConfiguration` with its one dispatch; nil if no agent is asked for. The names are `agentName` and `metadata`
  /// in a token, which is protobuf's JSON, and `agent_name` towards an endpoint.
  fileprivate func roomConfiguration(nameKey: String) -> JSONValue? {
    guard agentName != nil || agentMetadata != nil else { return nil }
    var dispatch: [JSONValue.Member] = [.init(nameKey, .string(agentName ?? ""))]
    if let agentMetadata { dispatch.append(.init("metadata", .string(agentMetadata))) }
    return .object([.init("agents", .array([.object(dispatch)]))])
  }

  /// The body of a token endpoint's request; what is nil is left out, as every field is optional.
  public var endpointBody: [UInt8] {
    let all: [JSONValue.Member] = [
      .init("room_name", .text(roomName)), .init("participant_identity", .text(participantIdentity)),
      .init("participant_name", .text(participantName)),
      .init("room_config", roomConfiguration(nameKey: "agent_name") ?? .null),
    ]
    return JSONValue.object(all.filter { !$0.value.isNull }).bytes
  }
}

extension AccessToken {
  /// A token with what a device at a door needs, and no more: joining one room, a microphone, hearing, data and
  /// attributes of its own. Signed with HS256 (RFC 7518 §3.2).
  ///
  /// It has no `nbf`, so that a clock which is ahead of the server's does no harm.
  public static func signed(
    key: String, secret: String, options: TokenRequestOptions, expires: Int64
  ) -> String {
    let grant: [JSONValue.Member] = [
      .init("roomJoin", .bool(true)), .init("room", .string(options.roomName ?? "")),
      .init("canPublish", .bool(true)), .init("canSubscribe", .bool(true)),
      .init("canPublishData", .bool(true)), .init("canUpdateOwnMetadata", .bool(true)),
      .init("canPublishSources", .array([.string("microphone")])),
    ]
    let claims: [JSONValue.Member] = [
      .init("iss", .string(key)), .init("sub", .string(options.participantIdentity ?? "")),
      .init("name", .text(options.participantName)), .init("exp", .integer(expires)),
      .init("video", .object(grant)),
      .init("roomConfig", options.roomConfiguration(nameKey: "agentName") ?? .null),
    ]
    return signed(claims: claims, key: key, secret: secret)
  }

  /// Any claims; those that are null are left out.
  public static func signed(claims: [JSONValue.Member], key: String, secret: String) -> String {
    let payload = JSONValue.object(claims.filter { !$0.value.isNull }).text
    let parts = [#"{"alg":"HS256","typ":"JWT"}"#, payload].map {
      Base64.encode(Array($0.utf8), urlSafe: true, padding: false)
    }
    let signedText = parts[0] + "." + parts[1]
    let signature = hmacSHA256(key: Array(secret.utf8), Array(signedText.utf8))
    return signedText + "." + Base64.encode(signature, urlSafe: true, padding: false)
  }
}

/// HMAC-SHA256 (RFC 2104, FIPS 180-4). Empty if the library refuses, which no server accepts for a signature.
public func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
    var length: UInt32 = 0
    let done = HMAC(
      EVP_sha256(), key, Int32(key.count), message, message.count, buffer.baseAddress, &length)
    count = done == nil ? 0 : Int(length)
  }
}
