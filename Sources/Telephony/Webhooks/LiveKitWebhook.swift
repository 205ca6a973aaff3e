import Base
import JSON
import LiveKit

/// What a LiveKit server tells of its rooms: `participant_joined` with a telephone in it is a call that comes.
public struct LiveKitWebhook: Equatable, Sendable {
  public struct Participant: Equatable, Sendable {
    public let identity: Name
    public let sid: Name
    public let name: String
    /// `SIP`, `AGENT`, `STANDARD`...
    public let kind: String
    public let attributes: [Attribute]
    /// `CLIENT_INITIATED`...; nil as long as it is there.
    public let disconnectReason: String?

    public struct Attribute: Equatable, Sendable {
      public let name: Name
      public let value: String
    }

    public func attribute(_ name: Name) -> String? { attributes.first { $0.name == name }?.value }
  }

  /// `participant_joined`, `participant_left`, `room_started`...
  public let name: String
  /// `EV_...`, the same when it is sent again.
  public let id: Name
  /// Seconds since 1970 UTC.
  public let createdAt: Int64?
  public let roomName: String
  public let participant: Participant?

  /// Checks who sent it before anything of the body is read.
  ///
  /// - Parameters:
  ///   - authorization: the header: a token signed with the API secret, without `Bearer` or with it.
  ///   - unixSeconds: now.
  public static func read(
    authorization: String, body: [UInt8], key: String, secret: String, unixSeconds: Int64
  ) throws(WebhookFault) -> LiveKitWebhook {
    guard body.count <= TelephonyLimits.webhookBytesMax else {
      throw .tooLarge(bytesMax: TelephonyLimits.webhookBytesMax)
    }
    let claims = try WebhookToken.claims(
      of: authorization, key: key, secret: secret, unixSeconds: unixSeconds)
    guard let digest = claims["sha256"].string.flatMap({ Base64.decode($0.utf8) }),
      areSame(digest, sha256(body))
    else { throw .otherBody }
    return try LiveKitWebhook(body)
  }

  init(_ body: [UInt8]) throws(WebhookFault) {
    guard let json = try? JSONValue.parse(body), case .object = json else {
      throw .malformedBody("it is no JSON object")
    }
    guard let event = json["event"].string, event.utf8.count <= TelephonyLimits.callIDBytesMax else {
      throw .malformedBody("it names no event")
    }
    name = event
    id = try LiveKitWebhook.name(json["id"], "its id")
    createdAt = LiveKitWebhook.number(json["createdAt"])
    roomName = json["room"]["name"].string ?? ""
    guard roomName.utf8.count <= TelephonyLimits.nameBytesMax else {
      throw .malformedBody("its room's name is too long")
    }
    participant = json["participant"].isNull ? nil : try Participant(json["participant"])
  }

  /// Protobuf's JSON writes 64-bit numbers as texts.
  private static func number(_ value: JSONValue) -> Int64? {
    value.wholePart ?? value.string.flatMap { decimal($0.utf8, max: UInt64(Int64.max)) }.map { Int64($0) }
  }

  fileprivate static func name(_ value: JSONValue, _ what: String) throws(WebhookFault) -> Name {
    guard let text = value.string, text.utf8.count <= TelephonyLimits.nameBytesMax, let name = Name(text),
      !name.isEmpty
    else { throw .malformedBody("\(what) is missing, too long, or has a control character in it") }
    return name
  }
}

extension LiveKitWebhook.Participant {
  fileprivate init(_ json: JSONValue) throws(WebhookFault) {
    identity = try LiveKitWebhook.name(json["identity"], "its participant's identity")
    sid = try LiveKitWebhook.name(json["sid"], "its participant's sid")
    name = json["name"].string ?? ""
    // What is the default is left out.
    kind = json["kind"].string ?? "STANDARD"
    disconnectReason = json["disconnectReason"].string
    guard case .object(let members) = json["attributes"] else {
      attributes = []
      return
    }
    guard members.count <= TelephonyLimits.attributesMax else {
      throw .malformedBody("its participant has more than \(TelephonyLimits.attributesMax) attributes")
    }
    attributes = members.compactMap { member in
      guard let name = Name(member.name), let value = member.value.string else { return nil }
      return Attribute(name: name, value: value)
    }
  }
}
