import Base
import JSON
import LiveKit
import Testing

@testable import Telephony

@Suite struct LiveKitWebhookTests {
  /// As livekit-server 1.13.5 sent it for a telephone that calls in.
  static let joined = Array(
    (#"{"event":"participant_joined","room":{"sid":"RM_uUXxpD7rJqfU","name":"call_+15550100_BGV24w9DATVd","#
      + #""emptyTimeout":300,"departureTimeout":20,"creationTime":"1795722125","creationTimeMs":"1795722125533","#
      + #""turnPassword":"<secret>","enabledCodecs":[{"mime":"audio/PCMU"},{"mime":"audio/opus"}]},"#
      + #""participant":{"sid":"PA_cYJHL73EaC2N","identity":"sip_+15550100","state":"ACTIVE","metadata":"mm","#
      + #""joinedAt":"1795722125","joinedAtMs":"1795722125534","name":"Phone +15550100","version":2,"#
      + #""permission":{"canSubscribe":true,"canPublish":true},"kind":"SIP","attributes":{"door":"front","#
      + #""sip.callID":"SCL_wafFzJtCvv2s","sip.callStatus":"ringing","sip.phoneNumber":"+15550100","#
      + #""sip.trunkID":"ST_FVGL9xCumiDE","sip.trunkPhoneNumber":"+15550777"}},"#
      + #""id":"EV_uN26XsaygnPu","createdAt":"1795722125"}"#).utf8)
  static let left = Array(
    (#"{"event":"participant_left","room":{"sid":"RM_u","name":"hall"},"participant":{"sid":"PA_c","#
      + #""identity":"desk","state":"DISCONNECTED","disconnectReason":"CLIENT_INITIATED"},"#
      + #""id":"EV_R9ox6TUkY4wQ","createdAt":"1795722126"}"#).utf8)
  static let started = Array(
    #"{"event":"room_started","room":{"sid":"RM_LF5v6JFCzYe7","emptyTimeout":300},"id":"EV_x","createdAt":"1"}"#
      .utf8)

  private static let now: Int64 = 1_795_722_125

  private func token(
    _ body: [UInt8] = joined, key: String = "devkey", secret: String = "secret",
    expires: JSONValue = .integer(now + 300),
    begins: Int64 = now, digest: String? = nil
  ) -> String {
    AccessToken.signed(
      claims: [
        .init("iss", .string(key)), .init("exp", expires), .init("nbf", .integer(begins)),
        .init("iat", .integer(begins)), .init("sha256", .string(digest ?? Base64.encode(sha256(body)))),
      ], key: key, secret: secret)
  }

  private func fault(
    _ authorization: String?, _ body: [UInt8] = joined, at seconds: Int64 = now, secret: String = "secret"
  ) -> WebhookFault? {
    do throws(WebhookFault) {
      _ = try LiveKitWebhook(
        authorization: authorization, body: body, key: "devkey", secret: secret, unixSeconds: seconds)
      return nil
    } catch {
      return error
    }
  }

  /// FIPS 180-4's example.
  @Test func theDigest() {
    #expect(
      hexadecimal(sha256(Array("abc".utf8)))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test(arguments: ["", "Bearer ", "bearer  "]) func aTelephoneThatCallsIn(scheme: String) throws {
    let event = try LiveKitWebhook.read(
      authorization: scheme + token(), body: Self.joined, key: "devkey", secret: "secret",
      unixSeconds: Self.now)
    #expect(
      event.name == "participant_joined" && event.id == "EV_uN26XsaygnPu" && event.createdAt == Self.now)
    #expect(event.roomName == "call_+15550100_BGV24w9DATVd")
    let phone = try #require(event.participant)
    #expect(phone.identity == "sip_+15550100" && phone.sid == "PA_cYJHL73EaC2N" && phone.kind == "sip")
    #expect(phone.attributes["sip.callStatus"].string == "ringing" && phone.disconnectReason == nil)
  }

  @Test func whatIsLeftOutIsTheDefault() throws {
    let left = try LiveKitWebhook(Self.left)
    #expect(left.participant?.kind == "standard" && left.participant?.disconnectReason == "CLIENT_INITIATED")
    #expect(left.participant?.attributes.isNull == true)
    let started = try LiveKitWebhook(Self.started)
    #expect(started.participant == nil && started.roomName.isEmpty)
  }

  @Test func whatIsNotBelieved() {
    var changed = Self.joined
    changed[30] ^= 1
    let none = Base64.encode(Array(#"{"alg":"none","typ":"JWT"}"#.utf8), urlSafe: true, padding: false)
    let unsigned = none + token().drop { $0 != "." }
    #expect(fault(token()) == nil)
    #expect(fault(nil) == .unsigned && fault("") == .unsigned && fault("Bearer ") == .unsigned)
    #expect(fault(token(), changed) == .otherBody && fault(token(), []) == .otherBody)
    #expect(fault(token(digest: "")) == .otherBody && fault(token(digest: "?")) == .otherBody)
    #expect(fault(token(secret: "other")) == .wrongSignature)
    #expect(fault(token(key: "other")) == .otherKey)
    #expect(fault(unsigned) == .malformedToken)
    #expect(fault("a.b.c") == .malformedToken && fault("a.b") == .malformedToken)
    #expect(fault(String(repeating: "a", count: 10_000)) == .malformedToken)
    #expect(fault(token(), secret: "") == .noSecret)
    let large = [UInt8](repeating: 0x20, count: TelephonyLimits.webhookBytesMax + 1)
    #expect(fault(token(large), large) == .tooLarge(bytesMax: TelephonyLimits.webhookBytesMax))
  }

  /// | expires | valid from | now | fault |
  @Test(
    arguments: [
      (.integer(now + 300), now, now, nil), (.integer(now), now, now + 60, nil),
      (.integer(now), now, now + 61, .expired),
      (.integer(now + 300), now + 60, now, nil), (.integer(now + 300), now + 61, now, .notYet),
      (.null, now, now, .expired),
      (.string("x"), now, now, .expired), (.integer(.min), now, now, .expired),
      (.integer(.max), .min, now, nil),
      (.integer(now), now, .max, .expired), (.integer(.max), .max, .min, .notYet),
      (.real(1e300), now, now, .expired),
    ] as [(JSONValue, Int64, Int64, WebhookFault?)])
  func time(expires: JSONValue, begins: Int64, seconds: Int64, fault: WebhookFault?) {
    #expect(self.fault(token(expires: expires, begins: begins), at: seconds) == fault)
  }

  @Test(arguments: [
    "not json", "[]", "{}", #"{"event":"x"}"#, #"{"event":"x","id":""}"#, #"{"event":"x","id":"a\u0000b"}"#,
    #"{"event":"x","id":"1","participant":{"sid":"PA"}}"#,
    #"{"event":"x","id":"1","participant":{"sid":"PA","identity":"a\nb"}}"#,
    #"{"event":"x","id":"1","participant":1}"#, #"{"event":"x","id":"1","id":"2"}"#,
  ]) func bodiesOfNoUse(text: String) {
    let body = Array(text.utf8)
    guard case .malformed? = fault(token(body), body) else {
      Issue.record("\(String(describing: fault(token(body), body)))")
      return
    }
  }

  @Test func everyFaultHasWordsAndAnAnswer() {
    let faults: [WebhookFault] = [
      .noSecret, .unsigned, .malformedToken, .otherKey, .wrongSignature, .expired, .notYet, .otherBody,
      .malformed("x"), .tooLarge(bytesMax: 1), .tooMany(max: 1), .replayed, .tooOld, .otherVerifyToken,
    ]
    #expect(Set(faults.map { $0.code }).count == faults.count)
    for fault in faults {
      #expect(!fault.words.hasSuffix(".") && (200..<600).contains(fault.httpStatus))
      #expect((fault.httpStatus == 200) == (fault == .replayed))
    }
  }
}

@Suite struct ReplayGuardTests {
  private func fault(_ seen: inout ReplayGuard, _ id: Name, _ created: Int64?, _ now: Int64) -> WebhookFault?
  {
    do throws(WebhookFault) {
      try seen.admit(id, createdAt: created, unixSeconds: now)
      return nil
    } catch {
      return error
    }
  }

  @Test func once() {
    var seen = ReplayGuard()
    #expect(fault(&seen, "EV_1", 1_000, 1_000) == nil)
    #expect(fault(&seen, "EV_1", 1_000, 1_001) == .replayed)
    #expect(fault(&seen, "EV_2", 1_000, 1_001) == nil)
    #expect(fault(&seen, "EV_1", 1_000, 1_600) == .replayed)
    #expect(fault(&seen, "EV_1", 1_000, 1_601) == .tooOld)
    #expect(fault(&seen, "EV_1", nil, 1_601) == nil, "ten minutes later nothing tells them apart")
    #expect(fault(&seen, "EV_3", 399, 1_000) == .tooOld)
    #expect(fault(&seen, "EV_3", 400, 1_000) == nil)
    #expect(fault(&seen, "EV_4", .min, 1_000) == .tooOld && fault(&seen, "EV_5", .max, 1_000) == nil)
    #expect(fault(&seen, "EV_6", .min, .min) == nil && fault(&seen, "EV_7", 0, .max) == .tooOld)
  }

  /// Two spellings of one letter are two ids.
  @Test func idsAreBytes() {
    var seen = ReplayGuard()
    #expect(fault(&seen, "\u{E9}", nil, 0) == nil && fault(&seen, "e\u{301}", nil, 0) == nil)
  }

  @Test func athousandAtOnce() {
    var seen = ReplayGuard()
    for number in 0..<(2 * TelephonyLimits.replayEventsMax) {
      let id = Name("EV_\(number)") ?? ""
      #expect(fault(&seen, id, 0, 0) == nil && fault(&seen, id, 0, 0) == .replayed)
    }
    #expect(seen.count == TelephonyLimits.replayEventsMax)
    // The oldest was forgotten.
    #expect(fault(&seen, "EV_0", 0, 0) == nil && fault(&seen, "EV_0", 0, 0) == .replayed)
  }
}
