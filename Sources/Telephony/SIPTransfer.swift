import Base
import JSON

/// A telephone that is in a room is handed on to another number: TransferSIPParticipant, whose fields these are.
public struct SIPTransfer: Sendable {
  public var identity: String
  public var room: String
  /// `tel:`, `sip:` or `sips:`.
  public var to: String
  /// The one who is handed on hears a ringing tone instead of the room.
  public var playDialtone = false
  public var headers: [(name: String, value: String)] = []
  /// Always sent, as the request takes as long.
  public var ringingTimeoutSeconds = TelephonyLimits.ringSecondsDefault

  public init(identity: String, room: String, to: String) {
    self.identity = identity
    self.room = room
    self.to = to
  }

  /// Throws what the server would refuse, naming the field.
  public func request() throws(TelephonyFault) -> APIRequest {
    guard !room.utf8.isEmpty else { throw .init("room_name", "is missing") }
    guard !identity.utf8.isEmpty else { throw .init("participant_identity", "is missing") }
    guard !to.utf8.isEmpty else { throw .init("transfer_to", "is missing") }
    var target = to.utf8[...]
    if target.first == UInt8(ascii: "<") { target = target.dropFirst() }
    let isAddress = ["tel:", "sip:", "sips:"].contains { target.starts(with: $0.utf8) }
    guard isAddress else {
      throw .init("transfer_to", "must begin with tel:, sip: or sips:, as in tel:+15550123")
    }
    for byte in to.utf8 where byte <= 0x20 || byte == 0x7F {
      throw .init("transfer_to", "has a blank or a control character in it")
    }
    for header in headers { try checkHeader(header) }
    try checkDuration("ringing_timeout", ringingTimeoutSeconds)
    var grants = APIGrants.admin(of: room)
    grants.sipCall = true
    return APIRequest(
      "SIP", "TransferSIPParticipant",
      [
        .init("participant_identity", .string(identity)), .init("room_name", .string(room)),
        .init("transfer_to", .string(to)), .init("play_dialtone", yes(playDialtone)),
        .init("headers", map(headers)), .init("ringing_timeout", duration(ringingTimeoutSeconds)),
      ], grants, timeoutMilliseconds: APIRequest.ringMilliseconds(ringingTimeoutSeconds), mayRing: true)
  }
}
