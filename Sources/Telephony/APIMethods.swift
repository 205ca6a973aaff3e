import Base
import JSON

extension APIRequest {
  /// Any method by its name, with the rights that it is known to want (`telephony.md` 3).
  ///
  /// | service | method | rights |
  /// |---|---|---|
  /// | SIP | CreateSIPParticipant | sip.call |
  /// | SIP | TransferSIPParticipant | sip.call, roomAdmin of the room |
  /// | SIP, PhoneNumberService | all others | sip.admin |
  /// | Connector | all | roomCreate |
  /// | RoomService | CreateRoom, DeleteRoom | roomCreate |
  /// | RoomService | ListRooms | roomList |
  /// | RoomService | MoveParticipant, ForwardParticipant | roomAdmin of the room, destinationRoom |
  /// | all others | | roomAdmin of the room |
  ///
  /// The room is what the body calls `room`, `room_name` or `roomName`.
  public static func raw(service: String, method: String, body: JSONValue) -> APIRequest {
    let members: [JSONValue.Member] = if case .object(let members) = body { members } else { [] }
    return APIRequest(
      service, method, members, grants(service, method, body), timeoutMilliseconds: time(method, body),
      mayRing: isDoneTwice(method, body))
  }

  private static func grants(_ service: String, _ method: String, _ body: JSONValue) -> APIGrants {
    let room = first(["room", "room_name", "roomName"], body)
    switch service {
    case "SIP" where method == "CreateSIPParticipant": return .call
    case "SIP" where method == "TransferSIPParticipant":
      var grants = APIGrants.admin(of: room)
      grants.sipCall = true
      return grants
    case "SIP", "PhoneNumberService": return .trunks
    case "Connector": return .create
    case "RoomService":
      switch method {
      case "CreateRoom", "DeleteRoom": return .create
      case "ListRooms": return .list
      case "MoveParticipant", "ForwardParticipant":
        var grants = APIGrants.admin(of: room)
        grants.destinationRoom = first(["destination_room", "destinationRoom"], body)
        return grants
      default: return .admin(of: room)
      }
    default: return .admin(of: room)
    }
  }

  /// A second phone rings, a second agent comes, a second call is made; a text with a nonce comes once.
  private static func isDoneTwice(_ method: String, _ body: JSONValue) -> Bool {
    switch method {
    case "CreateSIPParticipant", "TransferSIPParticipant", "DialWhatsAppCall", "AcceptWhatsAppCall",
      "CreateDispatch", "PerformRpc", "PurchasePhoneNumber", "CreateSIPDispatchRule", "CreateSIPInboundTrunk",
      "CreateSIPOutboundTrunk":
      true
    case "SendData": body["nonce"].string?.utf8.isEmpty != false
    default: false
    }
  }

  private static func time(_ method: String, _ body: JSONValue) -> Int {
    let ring = seconds(of: body["ringing_timeout"]) ?? seconds(of: body["ringingTimeout"])
    let waits = body["wait_until_answered"].bool ?? body["waitUntilAnswered"].bool ?? false
    switch method {
    case "TransferSIPParticipant": return ringMilliseconds(ring)
    case "CreateSIPParticipant" where waits:
      return ringMilliseconds(ring ?? TelephonyLimits.serverRingSecondsMax, keys: body["dtmf"].string)
    case "AcceptWhatsAppCall" where waits, "ConnectWhatsAppCall" where waits: return ringMilliseconds(ring)
    case "PerformRpc":
      let asked = body["response_timeout_ms"].integer ?? body["responseTimeoutMs"].integer ?? 0
      return RoomAPI.rpcMilliseconds(Int(min(max(asked, 0), 86_400_000)))
    default: return TelephonyLimits.answerMilliseconds
    }
  }

  /// The time for a request that waits until somebody who is rung for so long answers, and the keys are typed: one that
  /// ends before them ends the call.
  static func ringMilliseconds(_ seconds: Int?, keys: String? = nil) -> Int {
    let ring = min(max(seconds ?? TelephonyLimits.ringSecondsDefault, 0), TelephonyLimits.ringSecondsMax)
    let typing = min(keys?.utf8.count ?? 0, TelephonyLimits.keysMax) * TelephonyLimits.keyMilliseconds
    return ring * 1000 + TelephonyLimits.ringGraceMilliseconds + typing
  }

  private static func first(_ names: [String], _ body: JSONValue) -> String? {
    for name in names {
      if let text = body[name].string, !text.utf8.isEmpty { return text }
    }
    return nil
  }
}
