import Base
import JSON

/// A telephone that is in a room is handed on to another number: TransferSIPParticipant.
public struct SIPTransfer: Sendable {
  public var identity: String
  public var room: String
  /// `tel:`, `sip:` or `sips:`.
  public var to: String
  public var playDialtone = false
  public var headers: [(name: String, value: String)] = []
  public var ringingTimeoutSeconds = 30

  public init(identity: String, room: String, to: String) {
    self.identity = identity
    self.room = room
    self.to = to
  }

  public func request() throws(TelephonyFault) -> APIRequest {
    let isAddress = ["tel:", "sip:", "sips:", "<sip:", "<sips:"].contains { to.utf8.starts(with: $0.utf8) }
    guard isAddress else {
      throw .init("transfer_to", "must begin with tel:, sip: or sips:")
    }
    for byte in to.utf8 where byte <= 0x20 || byte == 0x7F {
      throw .init("transfer_to", "has a blank or a control character in it")
    }
    for header in headers { try checkHeader(header) }
    var grants = APIGrants.admin(of: room)
    grants.sipCall = true
    return APIRequest(
      "SIP", "TransferSIPParticipant",
      [
        .init("participant_identity", .string(identity)), .init("room_name", .string(room)),
        .init("transfer_to", .string(to)), .init("play_dialtone", yes(playDialtone)),
        .init("headers", map(headers)), .init("ringing_timeout", duration(ringingTimeoutSeconds)),
      ], grants, timeoutMilliseconds: ringingTimeoutSeconds * 1000 + TelephonyLimits.ringGraceMilliseconds,
      mayRing: true)
  }
}

/// Who a connector's call is in the room.
public struct ConnectorParticipant: Sendable {
  public var room: String
  public var identity: String
  public var name: String?
  public var metadata: String?
  public var attributes: [(name: String, value: String)] = []
  public var destinationCountry: String?
  public var agents: [(name: String, metadata: String?)] = []

  public init(room: String, identity: String) {
    self.room = room
    self.identity = identity
  }

  fileprivate var members: [JSONValue.Member] {
    let agents: [JSONValue] = agents.map { agent in
      .object(
        [.init("agent_name", .string(agent.name)), .init("metadata", filled(agent.metadata))].filter {
          !$0.value.isNull
        })
    }
    return [
      .init("room_name", filled(room)), .init("agents", agents.isEmpty ? .null : .array(agents)),
      .init("participant_identity", filled(identity)), .init("participant_name", filled(name)),
      .init("participant_metadata", filled(metadata)), .init("participant_attributes", map(attributes)),
      .init("destination_country", filled(destinationCountry)),
    ]
  }
}

/// The calls of `livekit.Connector`, which only LiveKit Cloud has.
public enum Connector {
  /// What Meta knows the business by.
  public struct WhatsApp: Equatable, Sendable {
    public var numberID: String
    public var key: String
    public var version: String

    public init(numberID: String, key: String, version: String) {
      self.numberID = numberID
      self.key = key
      self.version = version
    }

    fileprivate var members: [JSONValue.Member] {
      [
        .init("whatsapp_phone_number_id", .string(numberID)), .init("whatsapp_api_key", .string(key)),
        .init("whatsapp_cloud_api_version", .string(version)),
      ]
    }
  }

  /// `to` is the number with its country code and without `+`.
  public static func dialWhatsApp(
    _ account: WhatsApp, to: String, _ participant: ConnectorParticipant, ringSeconds: Int?
  ) -> APIRequest {
    APIRequest(
      "Connector", "DialWhatsAppCall",
      account.members + [.init("whatsapp_to_phone_number", .string(to))] + participant.members + [
        .init("ringing_timeout", ringSeconds.map { duration($0) } ?? .null)
      ], .create, mayRing: true)
  }

  public static func acceptWhatsApp(
    _ account: WhatsApp, call: String, offer: String, _ participant: ConnectorParticipant
  ) -> APIRequest {
    APIRequest(
      "Connector", "AcceptWhatsAppCall",
      account.members + [.init("whatsapp_call_id", .string(call)), .init("sdp", description("offer", offer))]
        + participant.members, .create, timeoutMilliseconds: 30_000)
  }

  public static func connectWhatsApp(call: String, answer: String) -> APIRequest {
    APIRequest(
      "Connector", "ConnectWhatsAppCall",
      [.init("whatsapp_call_id", .string(call)), .init("sdp", description("answer", answer))], .create)
  }

  /// `byUser`: the person has hung up already, and Meta is not asked; no key is needed then.
  public static func disconnectWhatsApp(call: String, key: String?, byUser: Bool) -> APIRequest {
    APIRequest(
      "Connector", "DisconnectWhatsAppCall",
      [
        .init("whatsapp_call_id", .string(call)), .init("whatsapp_api_key", filled(key)),
        .init("disconnect_reason", byUser ? .string("USER_INITIATED") : .null),
      ], .create)
  }

  public static func connectTwilio(isInbound: Bool, _ participant: ConnectorParticipant) -> APIRequest {
    APIRequest(
      "Connector", "ConnectTwilioCall",
      [
        .init(
          "twilio_call_direction",
          .string(isInbound ? "TWILIO_CALL_DIRECTION_INBOUND" : "TWILIO_CALL_DIRECTION_OUTBOUND"))
      ] + participant.members, .create)
  }

  private static func description(_ type: String, _ sdp: String) -> JSONValue {
    .object([.init("type", .string(type)), .init("sdp", .string(sdp))])
  }
}

/// `livekit.AgentDispatchService`.
public enum AgentDispatch {
  public static func create(
    agent: String, room: String, metadata: String? = nil, attributes: [(name: String, value: String)] = []
  ) -> APIRequest {
    APIRequest(
      "AgentDispatchService", "CreateDispatch",
      [
        .init("agent_name", .string(agent)), .init("room", .string(room)),
        .init("metadata", filled(metadata)),
        .init("attributes", map(attributes)),
      ], .admin(of: room), mayRing: true)
  }

  public static func list(room: String, id: String? = nil) -> APIRequest {
    APIRequest(
      "AgentDispatchService", "ListDispatch",
      [.init("dispatch_id", filled(id)), .init("room", .string(room))],
      .admin(of: room))
  }

  public static func delete(id: String, room: String) -> APIRequest {
    APIRequest(
      "AgentDispatchService", "DeleteDispatch",
      [.init("dispatch_id", .string(id)), .init("room", .string(room))],
      .admin(of: room))
  }
}

/// What of `livekit.RoomService` the device itself needs; the rest is asked for by name.
public enum RoomAPI {
  public static func remove(room: String, identity: String) -> APIRequest {
    APIRequest(
      "RoomService", "RemoveParticipant",
      [.init("room", .string(room)), .init("identity", .string(identity))], .admin(of: room))
  }

  public static func delete(room: String) -> APIRequest {
    APIRequest("RoomService", "DeleteRoom", [.init("room", .string(room))], .create)
  }
}
