import Base
import JSON
import LiveKit
import Testing

@testable import Telephony

/// What LiveKit's own Python client sends for the same fields, in protobuf's JSON with the names of the fields, as it was
/// captured from livekit-api 1.2.2; and what its token allows.
@Suite struct MethodTableTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let method: String
    let request: @Sendable () throws -> APIRequest
    let json: String
    let claims: String

    var testDescription: String { method }
  }

  @Test(arguments: calls + connectors + agents + rooms)
  func theSameAsTheOfficialClient(row: Row) throws {
    let request = try row.request()
    #expect(request.path == "/twirp/livekit." + row.method)
    let wanted = try JSONValue.parse(Array(row.json.utf8))
    #expect(sorted(request.body) == sorted(wanted), "\(request.body.text)")
    let token = APIGrants.token(key: "k", secret: "s", grants: request.grants, expires: 9)
    let claims = Base64.decode(Array(token.utf8).split(separator: 0x2E)[1]) ?? []
    #expect(String(decoding: claims, as: UTF8.self) == #"{"iss":"k","sub":"","exp":9,"# + row.claims + "}")
    // The same by its name alone.
    let parts = row.method.utf8.split(separator: UInt8(ascii: "/")).map { String($0) ?? "" }
    let raw = APIRequest.raw(service: parts[0], method: parts[1], body: request.body)
    #expect(raw.grants == request.grants && raw.mayRing == request.mayRing && raw.body == request.body)
    #expect(raw.timeoutMilliseconds == request.timeoutMilliseconds)
  }

  static let call = #""sip":{"call":true}"#
  static let create = #""video":{"roomCreate":true}"#
  static let admin = #""video":{"roomAdmin":true,"room":"front-door"}"#

  static let calls: [Row] = [
    Row(
      method: "SIP/CreateSIPParticipant", request: { try filledCall().request() },
      json: #"{"sip_trunk_id":"ST_1","sip_call_to":"+15550123","room_name":"front-door","#
        + #""participant_identity":"callee","dtmf":"*1w2#","play_ringtone":true,"participant_name":"Callee","#
        + #""participant_metadata":"md","participant_attributes":{"k":"v"},"hide_phone_number":true,"#
        + #""ringing_timeout":"30s","max_call_duration":"600s","play_dialtone":true,"krisp_enabled":true,"#
        + #""sip_number":"+15550199","headers":{"X-H":"h"},"include_headers":"SIP_X_HEADERS","#
        + #""media_encryption":"SIP_MEDIA_ENCRYPT_ALLOW","wait_until_answered":true,"#
        + #""trunk":{"hostname":"sip.example","transport":"SIP_TRANSPORT_TLS","auth_username":"u","#
        + #""auth_password":"PW","headers_to_attributes":{"X-A":"a"},"attributes_to_headers":{"b":"X-B"},"#
        + #""destination_country":"US","from_host":"from.example"},"display_name":"Front door","#
        + #""destination":{"city":"Paris","country":"FR","region":"IDF"},"media":{"only_listed_codecs":true,"#
        + #""codecs":[{"name":"PCMU","rate":8000}],"encryption":"SIP_MEDIA_ENCRYPT_REQUIRE","#
        + #""media_timeout":"20s"},"sip_request_uri":{"values":{"user":"u","host":"h","ip":"127.0.0.1","#
        + #""port":5060,"transport":"SIP_TRANSPORT_UDP"}},"#
        + #""sip_from_header":{"values":{"user":"u","host":"h"},"display_name":"From"},"#
        + #""to_user_override":"+15550124"}"#, claims: call),
    Row(
      method: "SIP/CreateSIPParticipant",
      request: {
        var call = SIPCall(callTo: "+15550123", roomName: "front-door", participantIdentity: "callee")
        call.trunkID = "ST_1"
        call.displayName = ""
        return try call.request()
      },
      json: #"{"sip_trunk_id":"ST_1","sip_call_to":"+15550123","room_name":"front-door","#
        + #""participant_identity":"callee","display_name":""}"#, claims: call),
    Row(
      method: "SIP/CreateSIPParticipant",
      request: {
        var call = SIPCall(callTo: "+1 (555) 01-23", roomName: "front-door", participantIdentity: "callee")
        call.trunkID = "ST_1"
        call.waitUntilAnswered = true
        return try call.request()
      },
      json: #"{"sip_trunk_id":"ST_1","sip_call_to":"+15550123","room_name":"front-door","#
        + #""participant_identity":"callee","ringing_timeout":"30s","wait_until_answered":true}"#,
      claims: call),
    Row(
      method: "SIP/TransferSIPParticipant",
      request: {
        var transfer = SIPTransfer(identity: "callee", room: "front-door", to: "tel:+15550999")
        transfer.playDialtone = true
        transfer.headers = [("X-W", "w")]
        transfer.ringingTimeoutSeconds = 20
        return try transfer.request()
      },
      json: #"{"participant_identity":"callee","room_name":"front-door","transfer_to":"tel:+15550999","#
        + #""play_dialtone":true,"headers":{"X-W":"w"},"ringing_timeout":"20s"}"#,
      claims: admin + "," + call),
  ]

  static let connectors: [Row] = [
    Row(
      method: "Connector/ConnectTwilioCall",
      request: { TwilioConnect(.outbound, participant("phone-1", "Phone")).request() },
      json: #"{"twilio_call_direction":"TWILIO_CALL_DIRECTION_OUTBOUND","room_name":"front-door","#
        + agentsJSON
        + #""participant_identity":"phone-1","participant_name":"Phone","participant_metadata":"md","#
        + #""participant_attributes":{"k":"v"},"destination_country":"US"}"#, claims: create),
    Row(
      method: "Connector/DialWhatsAppCall",
      request: {
        var dial = WhatsAppDial(account, to: "+1 555 0100", participant("wa-1", "WA"))
        dial.ringingTimeoutSeconds = 30
        dial.callbackData = "cb"
        return try dial.request()
      },
      json: #"{"whatsapp_phone_number_id":"100000000000001","whatsapp_to_phone_number":"15550100","#
        + #""whatsapp_api_key":"META_TOKEN","whatsapp_biz_opaque_callback_data":"cb","room_name":"front-door","#
        + agentsJSON
        + #""participant_identity":"wa-1","participant_name":"WA","participant_metadata":"md","#
        + #""participant_attributes":{"k":"v"},"destination_country":"US","whatsapp_cloud_api_version":"24.0","#
        + #""ringing_timeout":"30s"}"#, claims: create),
    Row(
      method: "Connector/AcceptWhatsAppCall",
      request: {
        var accept = WhatsAppAccept(
          account, call: "wacid.1", offer: description(.offer), participant("wa-1", "WA"))
        accept.ringingTimeoutSeconds = 30
        accept.callbackData = "cb"
        accept.waitUntilAnswered = true
        return try accept.request()
      },
      json: #"{"whatsapp_phone_number_id":"100000000000001","whatsapp_api_key":"META_TOKEN","#
        + #""whatsapp_call_id":"wacid.1","whatsapp_biz_opaque_callback_data":"cb","sdp":{"type":"offer","#
        + #""sdp":"v=0\r\n","id":7,"mid_to_track_id":{"0":"TR_1"}},"room_name":"front-door","# + agentsJSON
        + #""participant_identity":"wa-1","participant_name":"WA","participant_metadata":"md","#
        + #""participant_attributes":{"k":"v"},"destination_country":"US","whatsapp_cloud_api_version":"24.0","#
        + #""ringing_timeout":"30s","wait_until_answered":true}"#, claims: create),
    Row(
      method: "Connector/ConnectWhatsAppCall",
      request: {
        var connect = WhatsAppConnect(call: "wacid.1", answer: description(.answer))
        connect.waitUntilAnswered = true
        return try connect.request()
      },
      json: #"{"whatsapp_call_id":"wacid.1","sdp":{"type":"answer","sdp":"v=0\r\n","id":7,"#
        + #""mid_to_track_id":{"0":"TR_1"}},"wait_until_answered":true}"#, claims: create),
    Row(
      method: "Connector/DisconnectWhatsAppCall",
      request: { try WhatsAppDisconnect(call: "wacid.1", reason: .user, key: "META_TOKEN").request() },
      json: #"{"whatsapp_call_id":"wacid.1","whatsapp_api_key":"META_TOKEN","#
        + #""disconnect_reason":"USER_INITIATED"}"#, claims: create),
  ]

  static let agents: [Row] = [
    Row(
      method: "AgentDispatchService/CreateDispatch",
      request: {
        var agent = concierge()
        agent.attributes = [("k", "v")]
        return AgentDispatch.create(agent, room: "front-door")
      },
      json: #"{"agent_name":"concierge","room":"front-door","metadata":"{\"l\":\"de\"}","#
        + #""restart_policy":"JRP_NEVER","deployment":"blue","attributes":{"k":"v"}}"#, claims: admin),
    Row(
      method: "AgentDispatchService/ListDispatch", request: { AgentDispatch.list(room: "front-door") },
      json: #"{"room":"front-door"}"#, claims: admin),
    Row(
      method: "AgentDispatchService/DeleteDispatch",
      request: { AgentDispatch.delete(id: "AD_1", room: "front-door") },
      json: #"{"dispatch_id":"AD_1","room":"front-door"}"#, claims: admin),
  ]

  static let rooms: [Row] = [
    Row(
      method: "RoomService/CreateRoom",
      request: {
        RoomAPI.create(
          name: "hall", emptySeconds: 60, departureSeconds: 5, participantsMax: 4, metadata: "md",
          agents: [RoomAgent("concierge")])
      },
      json: #"{"name":"hall","empty_timeout":60,"departure_timeout":5,"max_participants":4,"metadata":"md","#
        + #""agents":[{"agent_name":"concierge"}]}"#, claims: create),
    Row(
      method: "RoomService/ListRooms", request: { RoomAPI.list(names: ["hall"]) },
      json: #"{"names":["hall"]}"#,
      claims: #""video":{"roomList":true}"#),
    Row(
      method: "RoomService/DeleteRoom", request: { RoomAPI.delete(room: "front-door") },
      json: #"{"room":"front-door"}"#, claims: create),
    room("ListParticipants", #""#) { RoomAPI.participants(room: "front-door") },
    room("GetParticipant", #","identity":"callee""#) {
      RoomAPI.participant(room: "front-door", identity: "callee")
    },
    room("RemoveParticipant", #","identity":"callee""#) {
      RoomAPI.remove(room: "front-door", identity: "callee")
    },
    room("MutePublishedTrack", #","identity":"a","track_sid":"TR_1","muted":false"#) {
      RoomAPI.mute(room: "front-door", identity: "a", trackSID: "TR_1", isMuted: false)
    },
    room("UpdateParticipant", #","identity":"a","metadata":"m","name":"n","attributes":{"k":""}"#) {
      RoomAPI.updateParticipant(
        room: "front-door", identity: "a", name: "n", metadata: "m", attributes: [("k", "")])
    },
    room("UpdateRoomMetadata", #","metadata":"""#) {
      RoomAPI.updateMetadata(room: "front-door", metadata: "")
    },
    room(
      "SendData",
      #","data":"aGk=","topic":"t","destination_identities":["a"],"nonce":"oGxB13vYS+mDZ5e4lfCA9Q==""#
    ) {
      RoomAPI.sendData(
        room: "front-door", data: Array("hi".utf8), topic: "t", to: ["a"],
        nonce: Base64.decode("oGxB13vYS+mDZ5e4lfCA9Q==".utf8) ?? [])
    },
    room("SendData", #","data":"","kind":"LOSSY""#) {
      RoomAPI.sendData(room: "front-door", data: [], isReliable: false)
    },
    room(
      "PerformRpc", #","destination_identity":"a","method":"m","payload":"{}","response_timeout_ms":20000"#
    ) {
      RoomAPI.performRPC(
        room: "front-door", identity: "a", rpc: "m", payload: "{}", timeoutMilliseconds: 20_000)
    },
    room("UpdateSubscriptions", #","identity":"a","track_sids":["TR_1"],"subscribe":true"#) {
      RoomAPI.updateSubscriptions(room: "front-door", identity: "a", trackSIDs: ["TR_1"], subscribe: true)
    },
  ]

  private static func room(
    _ method: String, _ more: String, _ request: @escaping @Sendable () -> APIRequest
  ) -> Row {
    Row(
      method: "RoomService/" + method, request: request, json: #"{"room":"front-door""# + more + "}",
      claims: admin)
  }

  private static let agentsJSON =
    #""agents":[{"agent_name":"concierge","metadata":"{\"l\":\"de\"}","restart_policy":"JRP_NEVER","#
    + #""deployment":"blue","attributes":{"ka":"va"}}],"#

  private static let account = WhatsAppAccount(
    numberID: "100000000000001", key: "META_TOKEN", version: "24.0")

  private static func concierge() -> RoomAgent {
    var agent = RoomAgent("concierge", metadata: #"{"l":"de"}"#)
    agent.restartPolicy = .never
    agent.deployment = "blue"
    agent.attributes = [("ka", "va")]
    return agent
  }

  private static func participant(_ identity: String, _ name: String) -> ConnectorParticipant {
    var participant = ConnectorParticipant(room: "front-door", identity: identity)
    participant.name = name
    participant.metadata = "md"
    participant.attributes = [("k", "v")]
    participant.destinationCountry = "US"
    participant.agents = [concierge()]
    return participant
  }

  private static func description(_ kind: SessionDescription.Kind) -> SessionDescription {
    var description = SessionDescription(kind, "v=0\r\n")
    description.id = 7
    description.midToTrackID = [("0", "TR_1")]
    return description
  }
}

/// Every field of a call that can be sent.
func filledCall() -> SIPCall {
  var call = SIPCall(callTo: "+15550123", roomName: "front-door", participantIdentity: "callee")
  call.trunkID = "ST_1"
  call.number = "+15550199"
  call.toUserOverride = "+15550124"
  call.participantName = "Callee"
  call.participantMetadata = "md"
  call.participantAttributes = [("k", "v")]
  call.keys = "*1w2#"
  call.playRingtone = true
  call.playDialtone = true
  call.hidePhoneNumber = true
  call.displayName = "Front door"
  call.ringingTimeoutSeconds = 30
  call.maxCallDurationSeconds = 600
  call.krispEnabled = true
  call.headers = [("X-H", "h")]
  call.includeHeaders = .extensions
  call.mediaEncryption = .allow
  call.waitUntilAnswered = true
  var trunk = SIPCall.Trunk(hostname: "sip.example")
  trunk.transport = .tls
  trunk.username = "u"
  trunk.password = "PW"
  trunk.headersToAttributes = [("X-A", "a")]
  trunk.attributesToHeaders = [("b", "X-B")]
  trunk.destinationCountry = "US"
  trunk.fromHost = "from.example"
  call.trunk = trunk
  var destination = SIPCall.Destination()
  (destination.city, destination.country, destination.region) = ("Paris", "FR", "IDF")
  call.destination = destination
  var media = SIPCall.Media()
  media.onlyListedCodecs = true
  media.codecs = [("PCMU", 8000)]
  media.encryption = MediaEncryption.require.rawValue
  media.timeoutSeconds = 20
  call.media = media
  var uri = SIPCall.URI()
  (uri.user, uri.host) = ("u", "h")
  call.fromHeader = SIPCall.NamedAddress(.values(uri), displayName: "From")
  (uri.ip, uri.port, uri.transport) = ("127.0.0.1", 5060, .udp)
  call.requestURI = .values(uri)
  return call
}

/// Members by their names, as their order says nothing.
func sorted(_ value: JSONValue) -> JSONValue {
  switch value {
  case .object(let members):
    .object(members.map { .init($0.name, sorted($0.value)) }.sorted { $0.name < $1.name })
  case .array(let values): .array(values.map { sorted($0) })
  default: value
  }
}
