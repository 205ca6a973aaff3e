import Base
import JSON
import LiveKit

/// What a token has to allow for one request.
public struct APIGrants: Equatable, Sendable {
  public var sipCall = false
  public var sipAdmin = false
  public var roomAdmin = false
  public var roomCreate = false
  public var roomList = false
  /// Of what room `roomAdmin` is.
  public var room: String?

  public init() {}

  static let call = APIGrants { $0.sipCall = true }
  static let trunks = APIGrants { $0.sipAdmin = true }
  static let create = APIGrants { $0.roomCreate = true }
  static let list = APIGrants { $0.roomList = true }
  static func admin(of room: String) -> APIGrants {
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
    var members: [JSONValue.Member] = []
    if roomAdmin { members.append(.init("roomAdmin", .bool(true))) }
    if roomCreate { members.append(.init("roomCreate", .bool(true))) }
    if roomList { members.append(.init("roomList", .bool(true))) }
    if let room { members.append(.init("room", .string(room))) }
    return members
  }

  private var sip: [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    if sipCall { members.append(.init("call", .bool(true))) }
    if sipAdmin { members.append(.init("admin", .bool(true))) }
    return members
  }

  /// A token with these rights and no others, for one request. It has no `nbf`, as a board's clock may be ahead.
  public static func token(
    key: String, secret: String, grants: APIGrants, identity: String = "", expires: Int64
  ) -> String {
    var claims: [JSONValue.Member] = [
      .init("iss", .string(key)), .init("sub", .string(identity)), .init("exp", .integer(expires)),
    ]
    if !grants.video.isEmpty { claims.append(.init("video", .object(grants.video))) }
    if !grants.sip.isEmpty { claims.append(.init("sip", .object(grants.sip))) }
    return AccessToken.signed(claims: claims, key: key, secret: secret)
  }

  /// What of these a token lacks, as the words that its maker knows; empty if nothing.
  public func missing(in token: AccessToken) -> [String] {
    var words: [String] = []
    let video = token.claims["video"]
    let sip = token.claims["sip"]
    if sipCall, sip["call"].bool != true { words.append("sip.call") }
    if sipAdmin, sip["admin"].bool != true { words.append("sip.admin") }
    if roomCreate, video["roomCreate"].bool != true { words.append("video.roomCreate") }
    if roomList, video["roomList"].bool != true { words.append("video.roomList") }
    if roomAdmin, video["roomAdmin"].bool != true { words.append("video.roomAdmin") }
    if let room, roomAdmin, words.isEmpty, video["room"].string?.utf8.elementsEqual(room.utf8) != true {
      words.append("video.room = \(room)")
    }
    return words
  }
}
