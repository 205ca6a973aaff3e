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
  /// It does something that is done twice if it is sent twice, such as ringing a phone: once it was written, it is
  /// never repeated.
  public var mayRing: Bool

  init(
    _ service: String, _ method: String, _ members: [JSONValue.Member], _ grants: APIGrants,
    timeoutMilliseconds: Int = TelephonyLimits.answerMilliseconds, mayRing: Bool = false
  ) {
    self.service = service
    self.method = method
    body = message(members)
    self.grants = grants
    self.timeoutMilliseconds = timeoutMilliseconds
    self.mayRing = mayRing
  }

  public var path: String { "/twirp/livekit.\(service)/\(method)" }

  /// The whole http or https address. `server` is the room server's, which may begin with ws or wss and end with `/rtc`,
  /// or that of an endpoint which stands in for it, with a path and a query of its own.
  public func url(server: String) -> String { APIRequest.address(of: path, at: server) }

  static func address(of path: String, at server: String) -> String {
    var bytes = Array(server.utf8)
    let isSignalling = bytes.count > 2 && lowercased(bytes[0]) == 0x77 && lowercased(bytes[1]) == 0x73
    if isSignalling { bytes.replaceSubrange(0..<2, with: "http".utf8) }
    for index in bytes.indices.prefix(while: { bytes[$0] != UInt8(ascii: ":") }) {
      bytes[index] = lowercased(bytes[index])
    }
    if let fragment = bytes.firstIndex(of: UInt8(ascii: "#")) { bytes.removeSubrange(fragment...) }
    var query: [UInt8] = []
    if let mark = bytes.firstIndex(of: UInt8(ascii: "?")) {
      query = Array(bytes[mark...])
      bytes.removeSubrange(mark...)
    }
    while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    // Some write the signalling path themselves.
    if isSignalling, bytes.suffix(4).elementsEqual("/rtc".utf8) { bytes.removeLast(4) }
    return String(decoding: bytes + Array(path.utf8) + query, as: UTF8.self)
  }

  /// `requestID` is the same whenever one request is sent again, and another for each other one. The Authorization is
  /// not among them.
  public func headers(requestID: String) -> [(name: String, value: String)] {
    [
      ("Content-Type", "application/json"), ("Accept", "application/json"),
      ("X-Twirp-Timeout-Ms", "\(timeoutMilliseconds)"), ("X-Livekit-Request-Id", requestID),
    ]
  }

  /// Whether a phone is to ring by it, or one that speaks is to be handed on.
  var isCall: Bool {
    ["CreateSIPParticipant", "TransferSIPParticipant", "DialWhatsAppCall", "AcceptWhatsAppCall"].contains {
      $0.utf8.elementsEqual(method.utf8)
    }
  }
}

extension APIRequest: CustomStringConvertible {
  /// Without the body, which may hold keys and passwords.
  public var description: String { "POST \(path)" }
}
