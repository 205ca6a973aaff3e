import Base
import JSON
import LiveKit
import Testing

@testable import Telephony

@Suite struct APIRequestTests {
  private var call: SIPCall {
    var call = SIPCall(callTo: "+15550100", roomName: "hall", participantIdentity: "anna-1")
    call.trunkID = "ST_a"
    return call
  }

  @Test func aShortCallHasNoFieldThatNobodySet() throws {
    #expect(
      try call.request().body.text
        == #"{"sip_trunk_id":"ST_a","sip_call_to":"+15550100","room_name":"hall","participant_identity":"anna-1"}"#
    )
  }

  /// Absent, empty and filled are three things on the wire.
  @Test(arguments: [nil, "", "Front door"] as [String?]) func displayNames(name: String?) throws {
    var call = call
    call.displayName = name
    #expect(try call.request().body["display_name"] == .text(name))
  }

  @Test func everyField() throws {
    var call = call
    call.number = "+15550199"
    call.participantName = "Anna"
    call.participantMetadata = "m"
    call.participantAttributes = [("k", "v")]
    call.keys = "1ww2#"
    call.playDialtone = true
    call.hidePhoneNumber = true
    call.displayName = "Front door"
    call.ringingTimeoutSeconds = 20
    call.maxCallDurationSeconds = 600
    call.krispEnabled = true
    call.headers = [("X-Door", "north")]
    call.includeHeaders = .extensions
    var media = SIPCall.Media()
    media.encryption = "SIP_MEDIA_ENCRYPT_REQUIRE"
    media.timeoutSeconds = 30
    media.onlyListedCodecs = true
    media.codecs = [("PCMU", 8000)]
    call.media = media
    call.waitUntilAnswered = true
    var destination = SIPCall.Destination()
    destination.country = "GB"
    call.destination = destination
    call.requestURI = "sip:a@b"
    var from = SIPCall.NamedAddress(raw: "sip:c@d")
    from.displayName = "C"
    call.fromHeader = from
    var trunk = SIPCall.Trunk(hostname: "sip.example")
    trunk.transport = .tls
    trunk.username = "u"
    trunk.password = "p"
    call.trunk = trunk
    let request = try call.request()
    #expect(
      request.body.text == """
        {"sip_trunk_id":"ST_a","trunk":{"hostname":"sip.example","transport":"SIP_TRANSPORT_TLS","auth_username":"u",\
        "auth_password":"p"},"sip_number":"+15550199","sip_call_to":"+15550100","room_name":"hall",\
        "participant_identity":"anna-1","participant_name":"Anna","participant_metadata":"m",\
        "participant_attributes":{"k":"v"},"dtmf":"1ww2#","play_dialtone":true,"hide_phone_number":true,\
        "display_name":"Front door","ringing_timeout":"20s","max_call_duration":"600s","krisp_enabled":true,\
        "headers":{"X-Door":"north"},"include_headers":"SIP_X_HEADERS","media":{"only_listed_codecs":true,\
        "codecs":[{"name":"PCMU","rate":8000}],"encryption":"SIP_MEDIA_ENCRYPT_REQUIRE","media_timeout":"30s"},\
        "wait_until_answered":true,"destination":{"country":"GB"},"sip_request_uri":{"raw":"sip:a@b"},\
        "sip_from_header":{"raw":"sip:c@d","display_name":"C"}}
        """)
    #expect(request.timeoutMilliseconds == 24_600 && request.mayRing)
  }

  @Test func refused() {
    let rows: [((inout SIPCall) -> Void, String)] = [
      ({ $0.callTo = "" }, "sip_call_to is missing"), ({ $0.callTo = "a@b" }, "sip_call_to has an @"),
      ({ $0.roomName = "" }, "room_name is missing"), ({ $0.trunkID = nil }, "sip_trunk_id is missing"),
      ({ $0.displayName = String(repeating: "x", count: 129) }, "display_name is longer than 128 bytes"),
      ({ $0.displayName = "a\"b" }, "display_name has a quote"), ({ $0.keys = "1x" }, "dtmf has a key"),
      ({ $0.headers = [("Call-ID", "1")] }, "headers has Call-ID"),
      ({ $0.headers = [("R", "1")] }, "headers has R"),
      ({ $0.headers = [("X Y", "1")] }, "headers has a name with"),
      ({ $0.headers = [("", "1")] }, "a name of 0 bytes"),
      ({ $0.headers = [("X-Y", "a\r\nb")] }, "a value with a control character"),
      ({ $0.headers = [("X-Y", String(repeating: "x", count: 1025))] }, "more than 1024 bytes"),
      ({ $0.destination = Self.city }, "destination has a city"),
    ]
    for (change, words) in rows {
      var call = call
      change(&call)
      do throws(TelephonyFault) {
        _ = try call.request()
        Issue.record("not refused: \(words)")
      } catch {
        #expect(error.words.contains(words), "\(error.words)")
      }
    }
  }

  private static var city: SIPCall.Destination {
    var place = SIPCall.Destination()
    place.city = "Bern"
    return place
  }

  @Test(arguments: [
    ("ws://h:7880", "http://h:7880/twirp/livekit.RoomService/RemoveParticipant"),
    ("wss://h/", "https://h/twirp/livekit.RoomService/RemoveParticipant"),
    ("https://t.example/phone", "https://t.example/phone/twirp/livekit.RoomService/RemoveParticipant"),
    (
      "https://t.example/phone?code=1",
      "https://t.example/phone/twirp/livekit.RoomService/RemoveParticipant?code=1"
    ),
  ])
  func addresses(server: String, url: String) {
    #expect(RoomAPI.remove(room: "r", identity: "i").url(server: server) == url)
  }

  /// | service | method | rights |
  @Test(arguments: [
    ("SIP", "CreateSIPParticipant", "sip.call"),
    ("SIP", "TransferSIPParticipant", "sip.call and roomAdmin of the room"),
    ("SIP", "ListSIPOutboundTrunk", "sip.admin"), ("SIP", "CreateSIPDispatchRule", "sip.admin"),
    ("Connector", "DialWhatsAppCall", "roomCreate"), ("Connector", "ConnectTwilioCall", "roomCreate"),
    ("RoomService", "CreateRoom", "roomCreate"), ("RoomService", "DeleteRoom", "roomCreate"),
    ("RoomService", "ListRooms", "roomList"), ("RoomService", "ListParticipants", "roomAdmin of the room"),
    ("RoomService", "RemoveParticipant", "roomAdmin of the room"),
    ("AgentDispatchService", "CreateDispatch", "roomAdmin of the room"),
  ])
  func rights(service: String, method: String, rights: String) {
    let body = JSONValue.object([.init("room", .string("hall"))])
    let request = APIRequest.raw(service: service, method: method, body: body)
    #expect(request.grants.words == rights)
    if request.grants.roomAdmin { #expect(request.grants.room == "hall") }
  }

  @Test func aTokenHasTheseRightsAndNoOthers() throws {
    let token = APIGrants.token(key: "k", secret: "s", grants: .call, expires: 99)
    let payload = Base64.decode(Array(token.utf8).split(separator: UInt8(ascii: "."))[1]) ?? []
    #expect(
      String(decoding: payload, as: UTF8.self) == #"{"iss":"k","sub":"","exp":99,"sip":{"call":true}}"#)
  }

  @Test func whatARoomTokenLacksIsNamed() throws {
    func token(_ more: String) throws -> AccessToken {
      let claims = #"{"sub":"door","video":{"roomJoin":true,"room":"hall"\#(more)}"#
      let text = Base64.encode(Array(claims.utf8), urlSafe: true, padding: false)
      return try AccessToken("e30.\(text).c2ln")
    }
    let plain = try token("}")
    #expect(APIGrants.call.missing(in: plain) == ["sip.call"])
    #expect(APIGrants.admin(of: "hall").missing(in: plain) == ["roomAdmin"])
    let able = try token(#","roomAdmin":true},"sip":{"call":true}"#)
    #expect(APIGrants.call.missing(in: able).isEmpty && APIGrants.admin(of: "hall").missing(in: able).isEmpty)
    #expect(APIGrants.admin(of: "other").missing(in: able) == ["roomAdmin of the room other"])
  }

  @Test func aTransferNamesAnAddress() throws {
    #expect(throws: TelephonyFault.self) {
      try SIPTransfer(identity: "a", room: "r", to: "+15550199").request()
    }
    let request = try SIPTransfer(identity: "a", room: "r", to: "tel:+15550199").request()
    #expect(request.body["transfer_to"] == .string("tel:+15550199") && request.timeoutMilliseconds == 32_000)
    #expect(request.grants.sipCall && request.grants.roomAdmin)
  }

  @Test func connectors() {
    let account = Connector.WhatsApp(numberID: "1", key: "k", version: "24.0")
    let participant = ConnectorParticipant(room: "hall", identity: "bert-1")
    #expect(
      Connector.dialWhatsApp(account, to: "15550101", participant, ringSeconds: 20).body.text
        == #"{"whatsapp_phone_number_id":"1","whatsapp_api_key":"k","whatsapp_cloud_api_version":"24.0","#
        + #""whatsapp_to_phone_number":"15550101","room_name":"hall","participant_identity":"bert-1","#
        + #""ringing_timeout":"20s"}"#)
    #expect(
      Connector.connectWhatsApp(call: "w", answer: "v=0").body.text
        == #"{"whatsapp_call_id":"w","sdp":{"type":"answer","sdp":"v=0"}}"#)
    #expect(
      Connector.acceptWhatsApp(account, call: "w", offer: "v=0", participant).body["sdp"].text
        == #"{"type":"offer","sdp":"v=0"}"#)
    #expect(
      Connector.disconnectWhatsApp(call: "w", key: nil, byUser: true).body.text
        == #"{"whatsapp_call_id":"w","disconnect_reason":"USER_INITIATED"}"#)
    #expect(
      Connector.connectTwilio(isInbound: false, participant).body["twilio_call_direction"]
        == .string("TWILIO_CALL_DIRECTION_OUTBOUND"))
    #expect(
      AgentDispatch.create(agent: "a", room: "hall", metadata: "m").body.text
        == #"{"agent_name":"a","room":"hall","metadata":"m"}"#)
  }
}
