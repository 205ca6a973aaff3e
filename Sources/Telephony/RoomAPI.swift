import Base
import JSON

/// `livekit.RoomService`: rooms and who is in them.
public enum RoomAPI {
  private static let service = "RoomService"

  private static func within(
    _ room: String, _ method: String, _ members: [JSONValue.Member], mayRing: Bool = false
  ) -> APIRequest {
    APIRequest(
      service, method, [.init("room", .string(room))] + members, .admin(of: room), mayRing: mayRing)
  }

  /// - Parameters:
  ///   - emptySeconds: how long it stays with nobody ever in it.
  ///   - departureSeconds: how long it stays after the last one left.
  public static func create(
    name: String, emptySeconds: Int? = nil, departureSeconds: Int? = nil, participantsMax: Int? = nil,
    metadata: String? = nil, agents: [RoomAgent] = []
  ) -> APIRequest {
    APIRequest(
      service, "CreateRoom",
      [
        .init("name", .string(name)), .init("empty_timeout", .number(emptySeconds)),
        .init("departure_timeout", .number(departureSeconds)),
        .init("max_participants", .number(participantsMax)), .init("metadata", filled(metadata)),
        .init("agents", RoomAgent.list(agents)),
      ], .create)
  }

  /// Without names all rooms.
  public static func list(names: [String] = []) -> APIRequest {
    APIRequest(service, "ListRooms", [.init("names", Telephony.list(names))], .list)
  }

  /// Everybody has to leave, and telephones that ring are let go.
  public static func delete(room: String) -> APIRequest {
    APIRequest(service, "DeleteRoom", [.init("room", .string(room))], .create)
  }

  public static func participants(room: String) -> APIRequest { within(room, "ListParticipants", []) }

  public static func participant(room: String, identity: String) -> APIRequest {
    within(room, "GetParticipant", [.init("identity", .string(identity))])
  }

  /// What ends a telephone call in every state, ringing or not.
  public static func remove(room: String, identity: String) -> APIRequest {
    within(room, "RemoveParticipant", [.init("identity", .string(identity))])
  }

  public static func mute(room: String, identity: String, trackSID: String, isMuted: Bool) -> APIRequest {
    within(
      room, "MutePublishedTrack",
      [
        .init("identity", .string(identity)), .init("track_sid", .string(trackSID)),
        .init("muted", .bool(isMuted)),
      ])
  }

  /// What is nil stays as it is, as the server takes an empty name or metadata for an absent one. An attribute with an
  /// empty value is taken away.
  public static func updateParticipant(
    room: String, identity: String, name: String? = nil, metadata: String? = nil,
    attributes: [(name: String, value: String)] = [], permission: JSONValue = .null
  ) -> APIRequest {
    within(
      room, "UpdateParticipant",
      [
        .init("identity", .string(identity)), .init("metadata", .text(metadata)),
        .init("permission", permission), .init("name", .text(name)), .init("attributes", map(attributes)),
      ])
  }

  public static func updateMetadata(room: String, metadata: String) -> APIRequest {
    within(room, "UpdateRoomMetadata", [.init("metadata", .string(metadata))])
  }

  /// - Parameters:
  ///   - identities: to whom; empty is everybody.
  ///   - nonce: 16 bytes that nobody can guess, by which the server sends it once however often it is asked; without one
  ///     the request is never repeated.
  public static func sendData(
    room: String, data: [UInt8], isReliable: Bool = true, topic: String? = nil, to identities: [String] = [],
    nonce: [UInt8] = []
  ) -> APIRequest {
    within(
      room, "SendData",
      [
        .init("data", .string(Base64.encode(data))), .init("kind", isReliable ? .null : .string("LOSSY")),
        .init("topic", .text(topic)), .init("destination_identities", Telephony.list(identities)),
        .init("nonce", nonce.isEmpty ? .null : .string(Base64.encode(nonce))),
      ], mayRing: nonce.isEmpty)
  }

  public static func performRPC(
    room: String, identity: String, rpc: String, payload: String, timeoutMilliseconds: Int? = nil
  ) -> APIRequest {
    var request = within(
      room, "PerformRpc",
      [
        .init("destination_identity", .string(identity)), .init("method", .string(rpc)),
        .init("payload", .string(payload)), .init("response_timeout_ms", .number(timeoutMilliseconds)),
      ], mayRing: true)
    request.timeoutMilliseconds = rpcMilliseconds(timeoutMilliseconds ?? 0)
    return request
  }

  public static func updateSubscriptions(
    room: String, identity: String, trackSIDs: [String], subscribe: Bool
  ) -> APIRequest {
    within(
      room, "UpdateSubscriptions",
      [
        .init("identity", .string(identity)), .init("track_sids", Telephony.list(trackSIDs)),
        .init("subscribe", .bool(subscribe)),
      ])
  }

  /// The server gives up later than the one who was called.
  static func rpcMilliseconds(_ asked: Int) -> Int {
    max(
      TelephonyLimits.answerMilliseconds,
      min(max(asked, 0), 86_400_000) + TelephonyLimits.ringGraceMilliseconds)
  }
}
