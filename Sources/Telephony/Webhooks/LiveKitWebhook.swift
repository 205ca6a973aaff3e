import Base
import JSON
import LiveKit

/// What a LiveKit server tells of its rooms: `participant_joined` with a telephone in it is a call that comes.
public struct LiveKitWebhook: Equatable, Sendable {
  public struct Participant: Equatable, Sendable {
    public let identity: Name
    public let sid: Name
    public let name: String
    /// As the rules of the configuration have it: `sip`, `agent`, `standard`...
    public let kind: String
    /// An object of texts, or null.
    public let attributes: JSONValue
    /// `CLIENT_INITIATED`...; nil as long as it is there.
    public let disconnectReason: String?
  }

  /// `participant_joined`, `participant_left`, `room_started`...
  public let name: String
  /// `EV_...`, the same when it is sent again.
  public let id: Name
  /// Seconds since 1970 UTC.
  public let createdAt: Int64?
  public let roomName: String
  public let participant: Participant?

  public typealias Person = Participant

  /// Checks who sent it before anything of the body is read.
  ///
  /// - Parameters:
  ///   - authorization: the header: a token signed with the API secret, without `Bearer` or with it.
  ///   - unixSeconds: now.
  public static func read(
    authorization: String, body: [UInt8], key: String, secret: String, unixSeconds: Int64
  ) throws(WebhookFault) -> LiveKitWebhook {
    try LiveKitWebhook(
      authorization: authorization, body: body, key: key, secret: secret, unixSeconds: unixSeconds)
  }

  /// The same, of a header that may not be there.
  public init(
    authorization: String?, body: [UInt8], key: String, secret: String, unixSeconds: Int64
  ) throws(WebhookFault) {
    guard body.count <= TelephonyLimits.webhookBytesMax else {
      throw .tooLarge(bytesMax: TelephonyLimits.webhookBytesMax)
    }
    let claims = try WebhookToken.claims(
      of: authorization ?? "", key: key, secret: secret, unixSeconds: unixSeconds)
    guard let digest = claims["sha256"].string.flatMap({ Base64.decode($0.utf8) }),
      areSame(digest, sha256(body))
    else { throw .otherBody }
    try self.init(body)
  }

  init(_ body: [UInt8]) throws(WebhookFault) {
    guard let json = try? JSONValue.parse(body), case .object = json else {
      throw .malformed("it is no JSON object")
    }
    guard let event = json["event"].string, event.utf8.count <= TelephonyLimits.callIDBytesMax else {
      throw .malformed("it names no event")
    }
    name = event
    id = try LiveKitWebhook.name(json["id"], "its id")
    createdAt = LiveKitWebhook.number(json["createdAt"])
    roomName = json["room"]["name"].string ?? ""
    guard roomName.utf8.count <= TelephonyLimits.nameBytesMax else {
      throw .malformed("its room's name is too long")
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
    else { throw .malformed("\(what) is missing, too long, or has a control character in it") }
    return name
  }
}

extension LiveKitWebhook.Participant {
  fileprivate init(_ json: JSONValue) throws(WebhookFault) {
    identity = try LiveKitWebhook.name(json["identity"], "its participant's identity")
    sid = try LiveKitWebhook.name(json["sid"], "its participant's sid")
    name = json["name"].string ?? ""
    // What is the default is left out.
    kind = String(decoding: (json["kind"].string ?? "standard").utf8.map { lowercased($0) }, as: UTF8.self)
    disconnectReason = json["disconnectReason"].string
    attributes = json["attributes"]
    guard case .object(let members) = attributes else { return }
    guard members.count <= TelephonyLimits.attributesMax else {
      throw .malformed("its participant has more than \(TelephonyLimits.attributesMax) attributes")
    }
  }
}
