import JSON

/// Who a connector's call is in the room.
public struct ConnectorParticipant: Sendable {
  /// Empty lets the connector make one, and say which.
  public var room: String
  public var identity: String
  public var name: String?
  public var metadata: String?
  public var attributes: [(name: String, value: String)] = []
  public var destinationCountry: String?
  public var agents: [RoomAgent] = []

  public init(room: String, identity: String) {
    self.room = room
    self.identity = identity
  }

  var members: [JSONValue.Member] {
    [
      .init("room_name", filled(room)), .init("agents", RoomAgent.list(agents)),
      .init("participant_identity", filled(identity)), .init("participant_name", filled(name)),
      .init("participant_metadata", filled(metadata)), .init("participant_attributes", map(attributes)),
      .init("destination_country", filled(destinationCountry)),
    ]
  }
}

/// A call of Twilio is put through to a room: ConnectTwilioCall. The answer has the address of the stream, `connect_url`,
/// which is for one call.
public struct TwilioConnect: Sendable {
  public enum Direction: String, CaseIterable, Sendable {
    case inbound = "TWILIO_CALL_DIRECTION_INBOUND"
    case outbound = "TWILIO_CALL_DIRECTION_OUTBOUND"
  }

  public var direction: Direction
  public var participant: ConnectorParticipant

  public init(_ direction: Direction, _ participant: ConnectorParticipant) {
    self.direction = direction
    self.participant = participant
  }

  public func request() -> APIRequest {
    APIRequest(
      "Connector", "ConnectTwilioCall",
      [.init("twilio_call_direction", .string(direction.rawValue))] + participant.members, .create)
  }
}

/// `SessionDescription`: what WebRTC's two sides tell each other.
public struct SessionDescription: Sendable {
  public enum Kind: String, CaseIterable, Sendable { case offer, answer }

  public var kind: Kind
  public var sdp: String
  public var id: Int?
  public var midToTrackID: [(name: String, value: String)] = []

  public init(_ kind: Kind, _ sdp: String) {
    self.kind = kind
    self.sdp = sdp
  }

  var json: JSONValue {
    message([
      .init("type", .string(kind.rawValue)), .init("sdp", .string(sdp)), .init("id", .number(id)),
      .init("mid_to_track_id", map(midToTrackID)),
    ])
  }

  func check() throws(TelephonyFault) {
    guard !sdp.utf8.isEmpty else { throw .init("sdp", "is missing") }
    guard sdp.utf8.count <= TelephonyLimits.offerBytesMax else {
      throw .init("sdp", "has more than \(TelephonyLimits.offerBytesMax) bytes")
    }
  }
}
