import Base
import JSON
import LiveKit
import Testing

@testable import Telephony

/// What each method by its name alone asks of a token, and how long it may take.
@Suite struct RightsTests {
  private static let inHall = JSONValue.object([
    .init("room", .string("hall")), .init("destinationRoom", .string("attic")),
  ])

  /// | service | method | what an empty token lacks |
  @Test(
    arguments: [
      ("SIP", "CreateSIPParticipant", ["sip.call"]),
      ("SIP", "TransferSIPParticipant", ["sip.call", "roomAdmin"]),
      ("SIP", "ListSIPOutboundTrunk", ["sip.admin"]),
      ("PhoneNumberService", "ListPhoneNumbers", ["sip.admin"]),
      ("Connector", "ConnectTwilioCall", ["roomCreate"]), ("RoomService", "CreateRoom", ["roomCreate"]),
      ("RoomService", "DeleteRoom", ["roomCreate"]), ("RoomService", "ListRooms", ["roomList"]),
      ("RoomService", "MoveParticipant", ["roomAdmin", "destinationRoom attic"]),
      ("RoomService", "ForwardParticipant", ["roomAdmin", "destinationRoom attic"]),
      ("RoomService", "GetParticipant", ["roomAdmin"]),
      ("AgentDispatchService", "ListDispatch", ["roomAdmin"]),
      ("Other", "Method", ["roomAdmin"]),
    ] as [(String, String, [String])])
  func ofEachMethod(service: String, method: String, lacks: [String]) throws {
    let grants = APIRequest.raw(service: service, method: method, body: Self.inHall).grants
    #expect(grants.missing(inClaims: .object([])) == lacks)
    // The token that is made for it has all of them.
    let token = APIGrants.token(key: "k", secret: "s", grants: grants, identity: "door", expires: 9)
    let payload = try #require(Base64.decode(Array(token.utf8).split(separator: UInt8(ascii: "."))[1]))
    #expect(try grants.missing(inClaims: JSONValue.parse(payload)).isEmpty)
  }

  @Test func anotherRoomIsNotEnough() {
    let grants = APIRequest.raw(service: "RoomService", method: "MoveParticipant", body: Self.inHall).grants
    let video: [JSONValue.Member] = [
      .init("roomAdmin", .bool(true)), .init("room", .string("cellar")),
      .init("destinationRoom", .string("cellar")),
    ]
    #expect(
      grants.missing(inClaims: .object([.init("video", .object(video))]))
        == ["roomAdmin of the room hall", "destinationRoom attic"])
  }

  /// Where the body calls its room and its times as protobuf's other spelling does.
  @Test func theOtherSpelling() {
    let body = JSONValue.object([
      .init("roomName", .string("hall")), .init("waitUntilAnswered", .bool(true)),
      .init("ringingTimeout", .string("20.500s")), .init("responseTimeoutMs", .integer(20_000)),
    ])
    let call = APIRequest.raw(service: "SIP", method: "CreateSIPParticipant", body: body)
    #expect(call.timeoutMilliseconds == 22_000 && call.mayRing)
    let transfer = APIRequest.raw(service: "SIP", method: "TransferSIPParticipant", body: body)
    #expect(transfer.grants.room == "hall" && transfer.timeoutMilliseconds == 22_000)
    let rpc = APIRequest.raw(service: "RoomService", method: "PerformRpc", body: body)
    #expect(rpc.timeoutMilliseconds == 22_000 && rpc.mayRing)
  }

  /// | ringing_timeout | the request's time, where it waits |
  @Test(
    arguments: [
      ("30s", 32_000), ("0.5s", 2_000), ("86400s", 86_402_000), ("99999999999999999999s", 86_402_000),
      ("30", 82_000), ("-1s", 82_000), ("1 s", 82_000), ("", 82_000),
    ] as [(String, Int)])
  func durations(text: String, milliseconds: Int) {
    let body = JSONValue.object([
      .init("wait_until_answered", .bool(true)), .init("ringing_timeout", .string(text)),
    ])
    let request = APIRequest.raw(service: "SIP", method: "CreateSIPParticipant", body: body)
    #expect(request.timeoutMilliseconds == milliseconds)
  }
}

/// What others say is bounded, and so is what comes of it.
@Suite struct BoundTests {
  @Test func anAnswerOfMoreThanAMegabyte() {
    let large = [UInt8](repeating: 0x20, count: TelephonyLimits.answerBytesMax) + Array("{}".utf8)
    let answer = APIAnswer(RoomAPI.list(), status: 200, body: large)
    guard case .failed(let failure) = answer else {
      Issue.record("no failure")
      return
    }
    #expect(failure.words == "the server's answer is of no use: it has more than 1 MB")
    #expect(failure.httpStatus == 200 && "\(failure)" == failure.words)
    guard case .failed(let twilio) = APIAnswer(ofTwilio: 200, body: large) else {
      Issue.record("no failure")
      return
    }
    #expect(twilio.code == "unusable")
  }

  /// A letter that is cut is left away: one of two, three and four bytes.
  @Test(arguments: ["ü", "漢", "😀"]) func wholeLetters(letter: String) {
    for count in 0...4 {
      let cut = wholeCharacters((Array("a".utf8) + Array(letter.utf8)).prefix(1 + count))
      #expect(cut == (count >= letter.utf8.count ? "a" + letter : "a"))
    }
  }

  @Test func aFailureWithoutWords() {
    func words(_ code: String, _ request: APIRequest) -> String? {
      let answer = APIAnswer(request, status: 400, body: Array(#"{"code":"\#(code)"}"#.utf8))
      if case .failed(let failure) = answer { return failure.words }
      return nil
    }
    let call = APIRequest.raw(service: "SIP", method: "CreateSIPParticipant", body: .null)
    #expect(words("not_found", RoomAPI.list()) == "the server has nothing of that name")
    #expect(words("invalid_argument", RoomAPI.list()) == "the request")
    #expect(words("aborted", RoomAPI.list()) == "the server refuses it")
    #expect(words("failed_precondition", call) == "not reached")
    #expect(words("data_loss", call) == "the server cannot do it now: HTTP 400")
    #expect(words("canceled", call) == "did not answer")
  }

  /// White space and control characters in what a caller hears, which XML has its own ways for.
  @Test func whiteSpaceInXML() {
    #expect(TwiML.escaped("a\tb\nc\rd\u{B}e\u{FFFE}f") == "abcdef")
  }

  @Test(
    arguments: [
      (.busy, .busy), (.failed, .unreachable), (.noAnswer, .unanswered), (.completed, nil), (.canceled, nil),
      (.ringing, nil),
    ] as [(TwilioCallStatus, CallEnding?)])
  func endingsOfTwilio(status: TwilioCallStatus, ending: CallEnding?) {
    #expect(status.ending == ending)
  }

  /// Whoever calls may call himself anything.
  @Test func whoCallsByTwilio() throws {
    let name = String(repeating: "ü", count: 200)
    let call = try TwilioVoice(
      FormFields([
        .init("CallSid", "CA1"), .init("From", "\u{1B}[2J" + name), .init("Direction", "outbound-api"),
      ]))
    #expect(call.from.utf8.count <= TelephonyLimits.callIDBytesMax && !call.from.utf8.contains(0x1B))
    #expect(!call.isInbound && call.to.utf8.isEmpty && call.status == nil)
  }
}
