import Base
import JSON
import LiveKit

/// A request to the server API, which is Twirp: POST, JSON both ways.
public struct APIRequest: Equatable, Sendable {
  public var service: String
  public var method: String
  public var body: JSONValue
  public var grants: APIGrants
  /// How long the server may take; it is told.
  public var timeoutMilliseconds: Int
  /// Somebody's phone may ring by it, so it is never sent twice.
  public var mayRing: Bool

  init(
    _ service: String, _ method: String, _ members: [JSONValue.Member], _ grants: APIGrants,
    timeoutMilliseconds: Int = TelephonyLimits.answerMilliseconds, mayRing: Bool = false
  ) {
    self.service = service
    self.method = method
    body = .object(members.filter { !$0.value.isNull })
    self.grants = grants
    self.timeoutMilliseconds = timeoutMilliseconds
    self.mayRing = mayRing
  }

  public var path: String { "/twirp/livekit.\(service)/\(method)" }

  /// `server` is the room server's address, or what stands in for it, with its own path.
  public func url(server: String) -> String {
    var bytes = Array(server.utf8)
    if bytes.starts(with: "ws".utf8) { bytes.replaceSubrange(0..<2, with: "http".utf8) }
    var query: [UInt8] = []
    if let mark = bytes.firstIndex(of: UInt8(ascii: "?")) {
      query = Array(bytes[mark...])
      bytes.removeSubrange(mark...)
    }
    while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    return String(decoding: bytes + Array(path.utf8) + query, as: UTF8.self)
  }

  /// `requestID` is the same whenever one request is sent again, and another for each other one.
  public func headers(requestID: String) -> [(name: String, value: String)] {
    [
      ("Content-Type", "application/json"), ("Accept", "application/json"),
      ("X-Twirp-Timeout-Ms", "\(timeoutMilliseconds)"), ("X-Livekit-Request-Id", requestID),
    ]
  }

  /// Any method by its name, with the rights that it is known to want.
  public static func raw(service: String, method: String, body: JSONValue) -> APIRequest {
    var room = ""
    for name in ["room", "room_name", "roomName", "name"] {
      if room.utf8.isEmpty { room = body[name].string ?? "" }
    }
    let grants: APIGrants =
      switch (service, method) {
      case ("SIP", "CreateSIPParticipant"): .call
      case ("SIP", "TransferSIPParticipant"):
        APIGrants {
          $0 = .admin(of: room)
          $0.sipCall = true
        }
      case ("SIP", _): .trunks
      case ("Connector", _), ("RoomService", "CreateRoom"), ("RoomService", "DeleteRoom"): .create
      case ("RoomService", "ListRooms"): .list
      default: .admin(of: room)
      }
    let members: [JSONValue.Member] = if case .object(let members) = body { members } else { [] }
    let rings = ["CreateSIPParticipant", "TransferSIPParticipant", "DialWhatsAppCall", "CreateDispatch"]
    return APIRequest(
      service, method, members, grants, timeoutMilliseconds: TelephonyLimits.commandMilliseconds,
      mayRing: rings.contains(method))
  }
}

/// How long servers may take, and how much they may say.
public enum TelephonyLimits {
  public static let answerMilliseconds = 10_000
  /// Of what an administrator asks by name, which may ring.
  public static let commandMilliseconds = 35_000
  /// What is added to the time that somebody is rung.
  public static let ringGraceMilliseconds = 2_000
  public static let wordsBytesMax = 300
  /// Of a webhook's token, which claims a digest and little else.
  public static let webhookTokenBytesMax = 4_096
  public static let callIDBytesMax = 256
  /// Events whose ids are kept, so that one that is sent again is known.
  public static let replayEventsMax = 128
}

/// `"30s"`, as protobuf's JSON writes it.
func duration(_ seconds: Int) -> JSONValue { .string("\(seconds)s") }

/// A map of texts; null if there is none.
func map(_ pairs: [(name: String, value: String)]) -> JSONValue {
  pairs.isEmpty ? .null : .object(pairs.map { .init($0.name, .string($0.value)) })
}

func filled(_ text: String?) -> JSONValue {
  guard let text, !text.utf8.isEmpty else { return .null }
  return .string(text)
}

func yes(_ flag: Bool) -> JSONValue { flag ? .bool(true) : .null }
