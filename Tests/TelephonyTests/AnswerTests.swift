import Base
import JSON
import LiveKit
import Testing

@testable import Telephony

@Suite struct APIAnswerTests {
  private var call: APIRequest { APIRequest("SIP", "CreateSIPParticipant", [], .call, mayRing: true) }

  private func failure(_ status: Int, _ body: String, _ request: APIRequest? = nil) -> APIFailure? {
    let answer = APIAnswer(request ?? call, status: status, body: Array(body.utf8), ringSeconds: 30)
    guard case .failed(let failure) = answer else { return nil }
    return failure
  }

  /// What a real server and bridge answered, word by word.
  @Test(arguments: [
    (429, sip("resource_exhausted", 486, "Busy Here"), "busy", "busy (486)"),
    (429, sip("resource_exhausted", 600, "Busy"), "busy", "busy (600)"),
    (403, sip("permission_denied", 603, "Decline"), "refused", "refused (603)"),
    (403, sip("permission_denied", 403, "Forbidden"), "refused", "refused by the carrier (403)"),
    (404, sip("not_found", 404, "Not Found"), "no-such-number", "no such number (404)"),
    (429, sip("resource_exhausted", 480, "Gone"), "unanswered", "not available now (480)"),
    (400, sip("invalid_argument", 488, "x"), "unreachable", "the other side takes none of the codecs (488)"),
    (
      412, sip("failed_precondition", 500, "cps limit exceeded"), "trunk",
      "the carrier has a fault (500): cps limit"
    ),
    (412, sip("failed_precondition", 503, "x"), "unreachable", "the carrier takes no call now (503)"),
    (
      408, #"{"code":"canceled","msg":"twirp error unknown: sip request timed out"}"#, "unanswered",
      "did not answer in 30 s"
    ),
    (408, #"{"code":"deadline_exceeded","msg":"request timed out"}"#, "unanswered", "did not answer in 30 s"),
    (
      412, #"{"code":"failed_precondition","msg":"twirp error unknown: no common encryption profiles"}"#,
      "unreachable",
      "no common encryption profiles"
    ),
    (
      400, #"{"code":"invalid_argument","msg":"twirp error unknown: fail to resolve target for \"a\""}"#,
      "unreachable",
      "the trunk's host was not found"
    ),
    (
      404, #"{"code":"not_found","msg":"requested sip trunk does not exist"}"#, "no-such-trunk",
      "check [phone] trunk"
    ),
    (401, #"{"code":"unauthenticated","msg":"permissions denied"}"#, "not-allowed", "needed is sip.call"),
    (
      503, #"{"code":"unavailable","msg":"twirp error unknown: no response from servers"}"#, "no-bridge",
      "no SIP bridge"
    ),
    (
      500, #"{"code":"internal","msg":"twirp error unknown: sip not connected (redis required)"}"#,
      "no-bridge", "redis"
    ),
    (
      400, #"{"code":"malformed","msg":"the json request could not be decoded"}"#, "invalid",
      "could not be decoded"
    ),
    (404, "404 page not found\n", "no-such-method", "HTTP 404"),
    (502, "<html>Bad Gateway</html>", "unusable", "502"),
    (413, "too large", "invalid", "413"), (302, "", "redirected", "302"),
    (500, "{\"code\":", "unusable", "500"),
    (200, "<html>", "unusable", "no JSON object"), (200, "[1]", "unusable", "no JSON object"),
  ])
  func failures(status: Int, body: String, code: String, words: String) throws {
    let failure = try #require(self.failure(status, body))
    #expect(failure.code == code)
    #expect(failure.words.contains(words), "\(failure.words)")
  }

  @Test func aServerWithoutConnectorsIsCalledSo() {
    let dial = APIRequest("Connector", "DialWhatsAppCall", [], .create)
    #expect(failure(404, "404 page not found\n", dial)?.code == "no-connectors")
  }

  @Test func whoIsGoneIsNoTrouble() {
    let remove = RoomAPI.remove(room: "r", identity: "i")
    let body = #"{"code":"not_found","msg":"twirp error unknown: participant does not exist"}"#
    #expect(failure(404, body, remove)?.isAbsence == true)
    #expect(failure(404, body, remove)?.words == "participant does not exist")
  }

  /// The real server repeats the whole token in its 401.
  @Test func noTokenIsShown() {
    let secret = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
    for status in [401, 400, 500] {
      for body in ["invalid token: \(secret), error", #"{"code":"invalid_argument","msg":"bad \#(secret)"}"#]
      {
        #expect(failure(status, body)?.words.contains("c2lnbmF0dXJl") == false)
      }
    }
  }

  @Test func tenMegabytesOfAnswerAreCut() {
    let body = #"{"code":"invalid_argument","msg":""# + String(repeating: "x", count: 100_000) + "\"}"
    #expect((failure(400, body)?.words.utf8.count ?? 0) <= TelephonyLimits.wordsBytesMax)
  }

  @Test func anEmptyAnswerIsDone() {
    #expect(APIAnswer(call, status: 200, body: []) == .done(.object([])))
    #expect(
      APIAnswer(call, status: 200, body: Array(#"{"a":1}"#.utf8)) == .done(.object([.init("a", .integer(1))]))
    )
  }

  /// | reason | last status | what it was |
  @Test(arguments: [
    (DisconnectReason.clientInitiated, "hangup", RoomEnding.hungUp), (.clientInitiated, "active", .hungUp),
    (.clientInitiated, "ringing", .ended(.unreachable)), (.clientInitiated, "dialing", .ended(.unreachable)),
    (.userRejected, "ringing", .ended(.refused)), (.userUnavailable, "ringing", .ended(.unanswered)),
    (.userUnavailable, "dialing", .ended(.unknownNumber)), (.participantRemoved, "ringing", .takenBack),
    (.roomDeleted, "dialing", .takenBack), (.connectionTimeout, "active", .hungUp),
  ])
  func inTheRoom(reason: DisconnectReason, last: String, ending: RoomEnding) {
    #expect(RoomEnding(reason, lastStatus: last) == ending)
  }

  @Test func everyStatusHasWords() {
    for code in 300...699 { #expect(SIPStatus(code).words(seconds: nil).contains("(\(code))")) }
  }
}

private func sip(_ code: String, _ status: Int, _ reason: String) -> String {
  #"{"code":"\#(code)","msg":"twirp error unknown: INVITE failed: sip status: \#(status): \#(reason)","#
    + #""meta":{"sip_status_code":"\#(status)","sip_status":"\#(reason)","error_details":"AA=="}}"#
}
