import Base
import JSON
import LiveKit

/// What a token has to allow for one request.
public struct APIGrants: Equatable, Sendable {
  /// To dial, and to hand a call on.
  public var sipCall = false
  /// Trunks, dispatch rules and numbers.
  public var sipAdmin = false
  /// Everything within `room`.
  public var roomAdmin = false
  /// To make and delete rooms, and to use the connectors.
  public var roomCreate = false
  public var roomList = false
  /// Of what room `roomAdmin` is.
  public var room: String?
  /// Where somebody is moved or forwarded to.
  public var destinationRoom: String?

  public init() {}

  static let call = APIGrants { $0.sipCall = true }
  static let trunks = APIGrants { $0.sipAdmin = true }
  static let create = APIGrants { $0.roomCreate = true }
  static let list = APIGrants { $0.roomList = true }
  static func admin(of room: String?) -> APIGrants {
    APIGrants {
      $0.roomAdmin = true
      $0.room = room
    }
  }

  init(_ change: (inout APIGrants) -> Void) {
    self.init()
    change(&self)
  }

  private var video: [JSONValue.Member] {
    present([
      .init("roomAdmin", yes(roomAdmin)), .init("roomCreate", yes(roomCreate)),
      .init("roomList", yes(roomList)), .init("room", .text(room)),
      .init("destinationRoom", .text(destinationRoom)),
    ])
  }

  private var sip: [JSONValue.Member] {
    present([.init("call", yes(sipCall)), .init("admin", yes(sipAdmin))])
  }

  /// A token with these rights and no others, for one request. It has no `nbf`, as a board's clock may be ahead.
  ///
  /// - Parameter expires: seconds since 1970 UTC.
  public static func token(
    key: String, secret: String, grants: APIGrants, identity: String = "", expires: Int64
  ) -> String {
    let (video, sip) = (grants.video, grants.sip)
    let claims: [JSONValue.Member] = [
      .init("iss", .string(key)), .init("sub", .string(identity)), .init("exp", .integer(expires)),
      .init("video", video.isEmpty ? .null : .object(video)),
      .init("sip", sip.isEmpty ? .null : .object(sip)),
    ]
    return AccessToken.signed(claims: claims, key: key, secret: secret)
  }

  /// What of these a token lacks, as the words that its maker knows; empty if nothing.
  public func missing(in token: AccessToken) -> [String] { missing(inClaims: token.claims) }

  /// The same of a token's claims as they stand in it.
  public func missing(inClaims claims: JSONValue) -> [String] {
    let video = claims["video"]
    let sip = claims["sip"]
    var words: [String] = []
    if sipCall, sip["call"].bool != true { words.append("sip.call") }
    if sipAdmin, sip["admin"].bool != true { words.append("sip.admin") }
    if roomCreate, video["roomCreate"].bool != true { words.append("roomCreate") }
    if roomList, video["roomList"].bool != true { words.append("roomList") }
    guard roomAdmin else { return words }
    if video["roomAdmin"].bool != true {
      words.append("roomAdmin")
    } else if let room, video["room"].string?.utf8.elementsEqual(room.utf8) != true {
      words.append("roomAdmin of the room \(printable(room))")
    }
    if let destinationRoom, video["destinationRoom"].string?.utf8.elementsEqual(destinationRoom.utf8) != true
    {
      words.append("destinationRoom \(printable(destinationRoom))")
    }
    return words
  }

  /// All of them in a sentence.
  var words: String {
    var all: [String] = []
    if sipCall { all.append("sip.call") }
    if sipAdmin { all.append("sip.admin") }
    if roomCreate { all.append("roomCreate") }
    if roomList { all.append("roomList") }
    if roomAdmin { all.append("roomAdmin of the room") }
    if destinationRoom != nil { all.append("destinationRoom") }
    return joined(all, by: " and ")
  }
}

/// Embedded Swift joins no texts by itself.
func joined(_ texts: [String], by separator: String) -> String {
  var whole = ""
  for (index, text) in texts.enumerated() { whole += (index == 0 ? "" : separator) + text }
  return whole
}
