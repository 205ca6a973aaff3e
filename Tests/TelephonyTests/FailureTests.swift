import Base
import JSON
import LiveKit
import Testing

@testable import Telephony

/// Failures by their kind, for requests that ring somebody and for those that do not.
@Suite struct FailureTests {
  enum Asked: Sendable {
    case call, transfer, whatsApp, dispatch, room, rooms, trunks

    var request: APIRequest {
      switch self {
      case .call: .raw(service: "SIP", method: "CreateSIPParticipant", body: .null)
      case .transfer:
        .raw(
          service: "SIP", method: "TransferSIPParticipant", body: .object([.init("room_name", .string("r"))]))
      case .whatsApp: .raw(service: "Connector", method: "DialWhatsAppCall", body: .null)
      case .dispatch: AgentDispatch.list(room: "r")
      case .room: RoomAPI.remove(room: "r", identity: "i")
      case .rooms: RoomAPI.list()
      case .trunks: .raw(service: "SIP", method: "ListSIPOutboundTrunk", body: .null)
      }
    }
  }

  struct Row: Sendable, CustomTestStringConvertible {
    let asked: Asked
    let status: Int
    let body: String
    let kind: APIFailure.Kind
    let code: String
    let words: String

    init(
      _ asked: Asked, _ status: Int, _ body: String, _ kind: APIFailure.Kind, _ code: String, _ words: String
    ) {
      (self.asked, self.status, self.body) = (asked, status, body)
      (self.kind, self.code, self.words) = (kind, code, words)
    }

    var testDescription: String { "\(asked) \(status) \(body)" }
  }

  @Test(arguments: server + phone + text) func oneByOne(row: Row) throws {
    let answer = APIAnswer(row.asked.request, status: row.status, body: Array(row.body.utf8), ringSeconds: 30)
    guard case .failed(let failure) = answer else {
      Issue.record("no failure")
      return
    }
    #expect(failure.kind == row.kind && failure.code == row.code && failure.words == row.words)
    #expect(failure.httpStatus == row.status && failure.ringSeconds == 30)
  }

  private static func twirp(_ code: String, _ message: String, sip: Int? = nil, said: String = "") -> String {
    let meta = sip.map { #","meta":{"sip_status_code":"\#($0)","sip_status":"\#(said)"}"# } ?? ""
    return #"{"code":"\#(code)","msg":"\#(message)"\#(meta)}"#
  }

  static let server: [Row] = [
    Row(
      .call, 401, twirp("unauthenticated", "permissions denied"), .notAllowed(missing: "sip.call"),
      "not-allowed",
      "the server does not allow it; needed is sip.call: permissions denied"),
    Row(
      .transfer, 401, twirp("unauthenticated", "permissions denied"),
      .notAllowed(missing: "sip.call and roomAdmin of the room"), "not-allowed",
      "the server does not allow it; needed is sip.call and roomAdmin of the room: permissions denied"),
    Row(
      .trunks, 401, twirp("unauthenticated", "permissions denied"), .notAllowed(missing: "sip.admin"),
      "not-allowed",
      "the server does not allow it; needed is sip.admin: permissions denied"),
    Row(
      .call, 503, twirp("unavailable", "twirp error unknown: no response from servers"), .noBridge,
      "no-bridge",
      "this server has no SIP bridge that runs"),
    Row(
      .dispatch, 503, twirp("unavailable", "twirp error unknown: no response from servers"),
      .unavailable("nobody answers for the room, as where there is no such room"), "unavailable",
      "the server cannot do it now: nobody answers for the room, as where there is no such room"),
    Row(
      .call, 503, twirp("unavailable", "cpu exhausted"), .unavailable("cpu exhausted"), "unavailable",
      "the server cannot do it now: cpu exhausted"),
    Row(
      .call, 500, twirp("internal", "twirp error unknown: sip not connected (redis required)"), .noRedis,
      "no-bridge",
      "this server has no telephone: it runs without redis and a SIP bridge"),
    Row(
      .room, 404, twirp("not_found", "twirp error unknown: participant does not exist"),
      .notFound("participant does not exist"), "not-found", "participant does not exist"),
    Row(
      .rooms, 404, twirp("bad_route", "no handler for path"), .noSuchMethod, "no-such-method",
      "the server has no such service or method (HTTP 404): no handler for path"),
    Row(
      .rooms, 500, twirp("unknown", "twirp error unknown: not implemented"), .noSuchMethod, "no-such-method",
      "the server has no such service or method (HTTP 500): not implemented"),
    Row(
      .room, 412, twirp("failed_precondition", "remote unmute not enabled"),
      .invalid("remote unmute not enabled"),
      "invalid", "remote unmute not enabled"),
    Row(
      .room, 408, twirp("deadline_exceeded", "request timed out"), .unavailable("it took too long"),
      "unavailable",
      "the server cannot do it now: it took too long"),
    Row(.room, 408, twirp("canceled", "x"), .cancelled, "cancelled", "taken back"),
  ]

  static let phone: [Row] = [
    Row(
      .call, 429, twirp("resource_exhausted", "m", sip: 486, said: "Busy Here"), .busy, "busy", "busy (486)"),
    Row(.transfer, 429, twirp("resource_exhausted", "m", sip: 486), .busy, "busy", "busy (486)"),
    Row(.call, 403, twirp("permission_denied", "m", sip: 603), .refused, "refused", "refused (603)"),
    Row(.whatsApp, 403, twirp("permission_denied", "no call permission"), .refused, "refused", "refused"),
    Row(
      .call, 404, twirp("not_found", "m", sip: 404), .unknownNumber, "no-such-number", "no such number (404)"),
    Row(
      .call, 408, twirp("deadline_exceeded", "m", sip: 408), .unanswered, "unanswered",
      "did not answer in 30 s (408)"),
    Row(
      .call, 408, twirp("canceled", "transaction failed to complete (2 intermediate responses)"), .unanswered,
      "unanswered", "did not answer in 30 s"),
    Row(
      .call, 401, twirp("unauthenticated", "m", sip: 407), .trunk(""), "trunk",
      "the trunk's user name or password is wrong (407)"),
    Row(
      .call, 412, twirp("failed_precondition", "m", sip: 503, said: "concurrent call limit exceeded"),
      .trunk("concurrent call limit exceeded"), "trunk",
      "the carrier takes no call now (503): concurrent call limit exceeded"),
    Row(
      .call, 412, twirp("failed_precondition", "m", sip: 500, said: "SIP_STATUS_INTERNAL"), .unreachable(""),
      "unreachable", "the carrier has a fault (500)"),
    Row(
      .call, 412, twirp("failed_precondition", "twirp error unknown: no numbers on outbound trunk"),
      .trunk("the trunk has no number to call from"), "trunk", "the trunk has no number to call from"),
    Row(
      .call, 412, twirp("failed_precondition", "transport<TCP> dial err=connection refused"),
      .unreachable("not reached: transport<TCP> dial err=connection refused"), "unreachable",
      "not reached: transport<TCP> dial err=connection refused"),
    Row(
      .call, 400, twirp("invalid_argument", "missing room name", sip: 9999), .invalid("missing room name"),
      "invalid",
      "missing room name"),
  ]

  /// What is no JSON. The first three repeat the token, as the real server does.
  static let text: [Row] = [
    Row(
      .call, 401, "invalid token: eyJ0.eyJ1.c2ln, error: token signature is invalid: signature is invalid",
      .notAllowed(missing: "the API secret that belongs to the key"), "not-allowed",
      "the server does not allow it; needed is the API secret that belongs to the key"),
    Row(
      .call, 401, "invalid token: eyJ0.eyJ1.c2ln, error: token has invalid claims: token is expired",
      .notAllowed(missing: "a token that has not expired; is the clock right?"), "not-allowed",
      "the server does not allow it; needed is a token that has not expired; is the clock right?"),
    Row(
      .call, 401, "invalid API key: otherkey", .notAllowed(missing: "an API key that the server knows"),
      "not-allowed",
      "the server does not allow it; needed is an API key that the server knows"),
    Row(
      .whatsApp, 404, "404 page not found\n", .noConnectors, "no-connectors",
      "this server has no telephone connectors (they are LiveKit Cloud's)"),
    Row(
      .call, 500, #"{"code":"inter"#, .unusable("it is no JSON object (HTTP 500)"), "unusable",
      "the server's answer is of no use: it is no JSON object (HTTP 500)"),
    Row(
      .call, 418, "<html>teapot", .unusable("it is a web page and no JSON object (HTTP 418)"), "unusable",
      "the server's answer is of no use: it is a web page and no JSON object (HTTP 418)"),
    Row(
      .call, 307, "", .redirected, "redirected",
      "the server redirects (HTTP 307); set the address to that one"),
  ]

  @Test func tenMegabytes() {
    let body = [UInt8](repeating: UInt8(ascii: " "), count: 10 << 20)
    for status in [200, 500] {
      guard case .failed(let failure) = APIAnswer(RoomAPI.list(), status: status, body: body) else {
        Issue.record("no failure")
        continue
      }
      #expect(failure.code == "unusable" && failure.words.contains("more than 1 MB"), "\(failure.words)")
    }
  }

  /// A server that repeats the request tells nobody its keys.
  @Test func whatWasSentIsNotShown() {
    let request = APIRequest.raw(
      service: "Connector", method: "DialWhatsAppCall",
      body: .object([.init("whatsapp_api_key", .string("META_TOKEN"))]))
    let body = Array(#"{"code":"invalid_argument","msg":"bad META_TOKEN, META_TOKEN"}"#.utf8)
    guard case .failed(let failure) = APIAnswer(request, status: 400, body: body) else { return }
    #expect(failure.words == "bad ***, ***")
  }

  /// A letter is whole or not there.
  @Test(arguments: [297, 298, 299, 300]) func wordsAreCutBetweenLetters(letters: Int) {
    let text = String(repeating: "x", count: letters) + "üßx😀"
    let cut = shown(text)
    #expect(text.hasPrefix(cut) && cut.utf8.count <= 300 && cut.utf8.count > 296, "\(cut.utf8.count)")
  }

  /// | what the I/O saw | sent | the words' beginning |
  @Test(
    arguments: [
      (.resolve("no such host"), true, "the server's name was not found: no such host"),
      (.refused("x"), true, "the server refuses the connection"),
      (.tls("expired"), true, "TLS with the server failed"),
      (.timeout, false, "the server did not answer in time"),
      (.other("reset"), false, "the server was not reached"),
      (.http(status: 500, body: []), false, "the server answered with HTTP status 500"),
    ] as [(TransportFailure, Bool, String)])
  func transport(failure: TransportFailure, isUnsent: Bool, words: String) {
    let found = APIFailure(failure)
    #expect(found.code == "server-unreachable" && found.isUnsent == isUnsent && found.words.hasPrefix(words))
    #expect(found.kind == .unreachableServer(failure) && !found.isAbsence)
  }

  @Test func whatIsSaidBeforeAnythingIsAsked() {
    #expect(APIFailure.lacks(["sip.call", "roomAdmin"]).words.hasSuffix("it lacks sip.call and roomAdmin"))
    #expect(APIFailure.notConfigured("[phone] trunk").words == "[phone] trunk is not set")
    #expect(APIFailure.noRight.code == "not-allowed" && APIFailure.noRight.isUnsent)
    #expect(APIFailure(TelephonyFault("dtmf", "has a key")).words == "dtmf has a key")
  }

  /// | server | the whole address |
  @Test(arguments: [
    ("WSS://h:7880/rtc", "https://h:7880"), ("ws://h/base/rtc/", "http://h/base"),
    ("https://h/rtc", "https://h/rtc"), ("https://h/p/?a=1#b", "https://h/p"), ("wss://h#x", "https://h"),
    ("HTTPS://H", "https://H"),
  ])
  func addresses(server: String, base: String) {
    let query = server.contains("?") ? "?a=1" : ""
    let url = RoomAPI.list().url(server: server)
    #expect(url == base + "/twirp/livekit.RoomService/ListRooms" + query)
  }
}
