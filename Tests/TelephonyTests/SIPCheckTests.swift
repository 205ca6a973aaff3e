import JSON
import Testing

@testable import Telephony

/// What the server refuses, and what it takes.
@Suite struct SIPCheckTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let change: @Sendable (inout SIPCall) -> Void
    /// The fault's beginning; nil: it passes.
    let fault: String?

    init(_ fault: String?, _ change: @escaping @Sendable (inout SIPCall) -> Void) {
      self.change = change
      self.fault = fault
    }

    var testDescription: String { fault ?? "passes" }
  }

  @Test(arguments: faults + passes) func aCall(row: Row) throws {
    var call = filledCall()
    row.change(&call)
    do throws(TelephonyFault) {
      _ = try call.request()
      #expect(row.fault == nil)
    } catch {
      #expect(row.fault.map { error.words.hasPrefix($0) } == true, "\(error.words)")
      #expect(!error.words.contains("PW"))
    }
  }

  static let faults: [Row] = [
    Row("room_name is missing") { $0.roomName = "" },
    Row("sip_call_to is missing") { $0.callTo = "" },
    Row("sip_call_to has an @") { $0.callTo = "anna@example.org" },
    Row("sip_trunk_id is missing") { ($0.trunkID, $0.trunk, $0.number) = (nil, nil, nil) },
    Row("trunk.hostname is missing") { $0.trunk = .init(hostname: "") },
    Row("trunk.hostname must be") { $0.trunk = .init(hostname: "sip:a.example") },
    Row("trunk.hostname must be") { $0.trunk = .init(hostname: "SIPS:a.example") },
    Row("trunk.hostname must be") { $0.trunk = .init(hostname: "u@a.example") },
    Row("trunk.hostname must be") { $0.trunk = .init(hostname: "a.example;lr") },
    Row("trunk.hostname must be") { $0.trunk = .init(hostname: "a.example?transport=tcp") },
    Row("trunk.from_host must be") { $0.trunk?.fromHost = "a;b" },
    Row("to_user_override has") { $0.toUserOverride = "a@b" },
    Row("to_user_override has") { $0.toUserOverride = "ü" },
    Row("display_name is longer than 128") { $0.displayName = String(repeating: "x", count: 129) },
    Row("display_name is longer than 128") { $0.displayName = String(repeating: "ü", count: 65) },
    Row("display_name has a quote") { $0.displayName = "a\"b" },
    Row("display_name has a backslash") { $0.displayName = #"a\"# },
    Row("display_name has a backslash") { $0.displayName = #"\q"# },
    Row("display_name has a backslash") { $0.displayName = #"\x4"# },
    Row("display_name has a backslash") { $0.displayName = #"\ud800"# },
    Row("display_name has a backslash") { $0.displayName = #"\400"# },
    Row("display_name has a control") { $0.displayName = "a\nb" },
    Row("dtmf has a key") { $0.keys = "1A" },
    Row("dtmf has more than 64") { $0.keys = String(repeating: "1", count: 65) },
    Row("destination has a city") { $0.destination = .init(city: "Bern") },
    Row("destination.country is not") { $0.destination?.country = "fr" },
    Row("destination.country is not") { $0.destination?.country = "FRA" },
    Row("headers has a name of 0") { $0.headers = [("", "x")] },
    Row("headers has a name of 256") { $0.headers = [(String(repeating: "x", count: 256), "x")] },
    Row("headers has a name with") { $0.headers = [("X Y", "x")] },
    Row("headers has a name with") { $0.headers = [("X:", "x")] },
    Row("headers has CALL-ID,") { $0.headers = [("CALL-ID", "x")] },
    Row("headers has t,") { $0.headers = [("X", "x"), ("t", "x")] },
    Row("headers has a value of more") { $0.headers = [("X", String(repeating: "x", count: 1025))] },
    Row("headers has a value with") { $0.headers = [("X", "a\r\nVia: b")] },
    Row("media.encryption is none") { $0.media?.encryption = "SRTP" },
    Row("media.codecs has a name") { $0.media?.codecs = [("", 8000)] },
    Row("media.codecs has a name") { $0.media?.codecs = [("PCMU/8000", 8000)] },
    Row("media.codecs has a rate") { $0.media?.codecs = [("PCMU", -1)] },
    Row("media.media_timeout is not") { $0.media?.timeoutSeconds = 601 },
    Row("media.media_timeout is not") { $0.media?.timeoutSeconds = -1 },
    Row("ringing_timeout is a time") { $0.ringingTimeoutSeconds = .max },
    Row("max_call_duration is a time") { $0.maxCallDurationSeconds = .min },
    Row("sip_to_header cannot") { $0.toHeader = .init(raw: "sip:a@b") },
  ]

  static let passes: [Row] = [
    Row(nil) { _ in },
    Row(nil) { ($0.trunkID, $0.number) = (nil, nil) },
    Row(nil) { ($0.trunkID, $0.trunk) = (nil, nil) },
    Row(nil) { $0.displayName = "" },
    Row(nil) { $0.displayName = "Tür 1" },
    Row(nil) { $0.displayName = #"a \"b\" \\ \x41 \101 ü \U0001F600"# },
    Row(nil) { $0.displayName = String(repeating: "x", count: 128) },
    Row(nil) { $0.destination = .init() },
    Row(nil) { $0.destination = .init(country: "UK") },
    Row(nil) { $0.headers = [("To", "x"), ("via", "y"), ("X-Tür".replacing("ü", with: "u"), "ü\tz")] },
    Row(nil) { $0.ringingTimeoutSeconds = -1 },
    Row(nil) { $0.ringingTimeoutSeconds = 100_000 },
    Row(nil) { $0.media?.timeoutSeconds = 0 },
    Row(nil) { $0.toUserOverride = "a-b.c!d%e*f_g+h`i'j~k" },
    Row(nil) { $0.callTo = "concierge" },
  ]

  /// | waits | rung for | keys after the answer | the request's time |
  @Test(
    arguments: [
      (false, nil, nil, 10_000), (false, 60, "1ww2#", 10_000), (true, nil, nil, 32_000),
      (true, 60, nil, 62_000), (true, 0, nil, 2_000), (true, -1, nil, 2_000),
      (true, 1_000_000, nil, 86_402_000), (true, 20, "1ww2#", 24_600),
    ] as [(Bool, Int?, String?, Int)])
  func time(waits: Bool, ring: Int?, keys: String?, milliseconds: Int) throws {
    var call = filledCall()
    (call.waitUntilAnswered, call.ringingTimeoutSeconds, call.keys) = (waits, ring, keys)
    let request = try call.request()
    #expect(request.timeoutMilliseconds == milliseconds && request.mayRing)
    let header = request.headers(requestID: "id-1").first { $0.name == "X-Twirp-Timeout-Ms" }
    #expect(header?.value == "\(milliseconds)")
    #expect(
      request.headers(requestID: "id-1").contains { $0.name == "X-Livekit-Request-Id" && $0.value == "id-1" })
  }

  @Test func anEmptyDestinationIsThere() throws {
    var call = filledCall()
    call.destination = .init()
    #expect(try call.request().body["destination"] == .object([]))
    call.destination = nil
    #expect(try call.request().body["destination"].isNull)
  }

  @Test func noSecretIsInADescription() throws {
    let call = filledCall()
    let request = try call.request()
    for text in ["\(call)", "\(request)", "\(try #require(call.trunk))"] {
      #expect(!text.contains("PW") && !text.contains("1w2") && !text.contains("555"), "\(text)")
    }
  }

  /// | transfer_to | the fault's beginning |
  @Test(
    arguments: [
      ("tel:+15550999", nil), ("sip:a@b", nil), ("<sips:a@b>", nil), ("", "transfer_to is missing"),
      ("+15550999", "transfer_to must begin"), ("sip:a b", "transfer_to has a blank"),
      ("sip:a\r\nb", "transfer_to has a blank"),
    ] as [(String, String?)])
  func transfers(to: String, fault: String?) {
    do throws(TelephonyFault) {
      _ = try SIPTransfer(identity: "a", room: "r", to: to).request()
      #expect(fault == nil)
    } catch {
      #expect(fault.map { error.words.hasPrefix($0) } == true, "\(error.words)")
    }
  }

  @Test func whatsAppChecks() {
    let account = WhatsAppAccount(numberID: "1", key: "META_TOKEN", version: "24.0")
    let participant = ConnectorParticipant(room: "r", identity: "i")
    let long = SessionDescription(.offer, String(repeating: "x", count: 100_000))
    #expect(throws: TelephonyFault("sdp", "has more than 32768 bytes")) {
      try WhatsAppAccept(account, call: "w", offer: long, participant).request()
    }
    #expect(throws: TelephonyFault("whatsapp_call_id", "is no id of a call")) {
      try WhatsAppConnect(call: "", answer: SessionDescription(.answer, "v=0")).request()
    }
    #expect(throws: TelephonyFault("whatsapp_api_key", "is missing")) {
      try WhatsAppDisconnect(call: "w", reason: .business).request()
    }
    #expect(throws: TelephonyFault.self) { try WhatsAppDial(account, to: "concierge", participant).request() }
    #expect("\(account)" == "the WhatsApp number 1")
  }
}
