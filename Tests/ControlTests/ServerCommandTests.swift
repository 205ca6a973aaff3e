import Base
import JSON
import Testing

@testable import Control

private func parse(_ line: String) throws -> Action {
  try Invocation.parse(line.split(separator: " ").map(String.init), defaultSocket: "/d").action
}

private func call(_ line: String) throws -> ServerCall {
  guard case .server(let call) = try parse(line) else { throw NoCall() }
  return call
}

private struct NoCall: Error {}

@Suite("Commands that stand for a call of the server API")
struct ServerCommandTests {
  @Test(
    "each is one call, without the room if none is named",
    arguments: [
      (
        "twilio connect", "Connector/ConnectTwilioCall",
        #"{"twilio_call_direction":"TWILIO_CALL_DIRECTION_OUTBOUND"}"#
      ),
      (
        "twilio connect --inbound --room r --identity i", "Connector/ConnectTwilioCall",
        #"{"twilio_call_direction":"TWILIO_CALL_DIRECTION_INBOUND","room_name":"r","participant_identity":"i"}"#
      ),
      (
        "twilio twiml", "Connector/ConnectTwilioCall",
        #"{"twilio_call_direction":"TWILIO_CALL_DIRECTION_INBOUND"}"#
      ),
      (
        "twilio twiml --outbound", "Connector/ConnectTwilioCall",
        #"{"twilio_call_direction":"TWILIO_CALL_DIRECTION_OUTBOUND"}"#
      ),
      (
        "whatsapp accept c --sdp-file f --room r", "Connector/AcceptWhatsAppCall",
        #"{"whatsapp_call_id":"c","room_name":"r"}"#
      ),
      ("whatsapp connect c --sdp-file -", "Connector/ConnectWhatsAppCall", #"{"whatsapp_call_id":"c"}"#),
      (
        "whatsapp disconnect c", "Connector/DisconnectWhatsAppCall",
        #"{"whatsapp_call_id":"c","disconnect_reason":"BUSINESS_INITIATED"}"#
      ),
      (
        "whatsapp disconnect c --by-user", "Connector/DisconnectWhatsAppCall",
        #"{"whatsapp_call_id":"c","disconnect_reason":"USER_INITIATED"}"#
      ),
      (
        "dispatch create a --metadata m --room r", "AgentDispatchService/CreateDispatch",
        #"{"agent_name":"a","room":"r","metadata":"m"}"#
      ),
      ("dispatch create a", "AgentDispatchService/CreateDispatch", #"{"agent_name":"a"}"#),
      ("dispatch list", "AgentDispatchService/ListDispatch", "{}"),
      ("dispatch list --room r", "AgentDispatchService/ListDispatch", #"{"room":"r"}"#),
      ("dispatch delete d", "AgentDispatchService/DeleteDispatch", #"{"dispatch_id":"d"}"#),
      ("rooms list", "RoomService/ListRooms", "{}"),
      ("rooms create r --metadata m", "RoomService/CreateRoom", #"{"name":"r","metadata":"m"}"#),
      ("rooms delete r", "RoomService/DeleteRoom", #"{"room":"r"}"#),
      ("rooms participants", "RoomService/ListParticipants", "{}"),
      ("rooms participants --room r", "RoomService/ListParticipants", #"{"room":"r"}"#),
      ("rooms remove i --room r", "RoomService/RemoveParticipant", #"{"room":"r","identity":"i"}"#),
      ("rooms mute i t", "RoomService/MutePublishedTrack", #"{"identity":"i","track_sid":"t","muted":true}"#),
      (
        "rooms mute i t --off", "RoomService/MutePublishedTrack",
        #"{"identity":"i","track_sid":"t","muted":false}"#
      ),
      ("rooms metadata m --room r", "RoomService/UpdateRoomMetadata", #"{"room":"r","metadata":"m"}"#),
      ("rooms send hi", "RoomService/SendData", #"{"data":"aGk=","kind":"RELIABLE"}"#),
      (
        "rooms send hi --topic t --to i", "RoomService/SendData",
        #"{"data":"aGk=","kind":"RELIABLE","topic":"t","destination_identities":["i"]}"#
      ),
      ("api SIP/ListSIPInboundTrunk", "SIP/ListSIPInboundTrunk", "{}"),
      (#"api SIP/X {"a":[1,null]}"#, "SIP/X", #"{"a":[1,null]}"#), ("api SIP/X -", "SIP/X", "{}"),
    ])
  func calls(line: String, name: String, body: String) throws {
    let call = try call(line)
    #expect("\(call.request.service)/\(call.request.method)" == name)
    #expect(call.request.body.text == body)
  }

  @Test(
    "ringing over a connector is a dial",
    arguments: [
      ("whatsapp dial 15550101 --ring 9 --no-wait", "whatsapp:15550101", 9, false),
      ("twilio call +15550101", "twilio:+15550101", nil, true),
    ] as [(String, String, Int?, Bool)])
  func dials(line: String, target: String, ring: Int?, waits: Bool) throws {
    var request = DialRequest(target: target)
    request.ringSeconds = ring
    request.waits = waits
    #expect(try parse(line) == .request(.dial(request)))
  }

  @Test(
    "what is wrong is said",
    arguments: [
      (
        ["rooms"],
        "rooms: list|create|delete|participants|remove|mute|metadata|send is missing"
      ), (["twilio", "cal"], "twilio: call, connect or twiml, not 'cal'"),
      (["whatsapp", "dial"], "whatsapp: dial: NUMBER is missing"),
      (["whatsapp", "dial", ""], "whatsapp: dial: NUMBER is empty"),
      (["whatsapp", "dial", "1", "--room", "r"], "whatsapp: dial takes no --room"),
      (
        ["twilio", "twiml", "--inbound", "--outbound"], "twilio: --inbound and --outbound exclude each other"
      ),
      (["whatsapp", "accept", "c"], "whatsapp: accept: --sdp-file is missing"),
      (["whatsapp", "connect", "c", "--by-user"], "whatsapp: connect takes no --by-user"),
      (["dispatch", "create", ""], "dispatch: create: NAME is empty"),
      (
        ["rooms", "participants", "r"],
        "rooms: participants: 'r' is one argument too many; a room is named with --room"
      ), (["rooms", "list", "r"], "rooms: list: 'r' is one argument too many"),
      (["rooms", "mute", "i"], "rooms: mute: TRACK is missing"),
      (["rooms", "list", "--off"], "rooms: list takes no --off"),
      (["api", "SIP"], "api: it is SERVICE/METHOD, such as SIP/ListSIPInboundTrunk"),
      (["api", "SIP//X"], "api: it is SERVICE/METHOD, such as SIP/ListSIPInboundTrunk"),
      (["api", "S P/X"], "api: parameter 'service' must be made of letters"),
      (["api", "SIP/../x"], "api: it is SERVICE/METHOD, such as SIP/ListSIPInboundTrunk"),
      (["api", "SIP/X", "[1]"], "api: JSON: it has to be an object"),
      (
        ["api", "SIP/X", #"{"a":[{"b":0.123456789}]}"#],
        "api: parameter 'body' must be free of numbers with fractions; a duration is a text, such as \"1.5s\""
      ),
      (
        ["rooms", "metadata", String(repeating: "x", count: 65_536)],
        "api: longer than the 65536 bytes that one request has"
      ),
      (
        ["dial", "a", "--display-name", "n", "--no-display-name"],
        "dial: --display-name and --no-display-name exclude each other"
      ), (["dial", "a", "--wait", "--no-wait"], "dial: --wait and --no-wait exclude each other"),
      (["dial", "a", "--header", "X"], "dial: --header: 'X' is not NAME=VALUE"),
      (["dial", "a", "--ring", "181"], "--ring: '181' is no whole number from 1 to 180"),
      (["dial", "a", "--encryption", "on"], "dial: parameter 'encryption' must be off, allow or require"),
      (["dial", "a", "--dtmf", "1p2"], "dial: parameter 'dtmf' must be made of 0-9, *, #, A-D and w"),
      (["transfer", "a"], "transfer: TO is missing"), (["hold"], "hold: on|off is missing"),
    ] as [([String], String)])
  func mistakes(words: [String], message: String) {
    #expect { _ = try Invocation.parse(words, defaultSocket: "/d") } throws: {
      ($0 as? UsageFailure)?.message == message
    }
  }

  @Test("a text that takes away is no argument that is missing")
  func emptyMetadata() throws {
    let invocation = try Invocation.parse(["rooms", "metadata", ""], defaultSocket: "/d")
    guard case .server(let call) = invocation.action else { throw NoCall() }
    #expect(call.request.body.text == #"{"metadata":""}"#)
  }

  @Test("what a file brings")
  func input() throws {
    let accept = try call("whatsapp accept c --sdp-file f")
    #expect(accept.input?.path == "f")
    let whole = try accept.with(bytes("v=0\r\ns=-\r\n"))
    #expect(whole.input == nil)
    #expect(
      whole.request.body.text
        == #"{"whatsapp_call_id":"c","sdp":{"type":"offer","sdp":"v=0\r\ns=-\r\n"}}"#)
    let connect = try call("whatsapp connect c --sdp-file -").with(bytes("v=0\r\n"))
    #expect(connect.request.body["sdp"]["type"] == .string("answer"))
    let api = try call("api SIP/X -")
    #expect(try api.with(bytes("{\"a\": 1}\n")).request.body.text == #"{"a":1}"#)
    for (call, text, words) in [
      (accept, "", "f is no session description; one begins with v=0"),
      (accept, "<html>", "f is no session description; one begins with v=0"),
      (accept, "v=0" + String(repeating: "x", count: 100_000), "f is longer than 65536 bytes"),
      (
        accept, "v=0" + String(repeating: "\n", count: 60_000),
        "api: longer than the 65536 bytes that one request has"
      ), (api, "[]", "api: parameter 'body' must be an object"),
    ] {
      #expect { _ = try call.with(bytes(text)) } throws: { ($0 as? ControlFailure)?.description == words }
    }
    #expect(throws: ControlFailure.self) { try api.with(bytes("{")) }
  }

  @Test(
    "the answer for a person",
    arguments: [
      ("twilio connect", #"{"connect_url":"wss://h/a?b=c&d"}"#, "wss://h/a?b=c&d\n"),
      ("twilio connect", #"{"connectUrl":"wss://h"}"#, "wss://h\n"),
      ("whatsapp accept c --sdp-file f", #"{"room_name":"lobby"}"#, "accepted, in room lobby\n"),
      ("whatsapp connect c --sdp-file f", "{}", "connected\n"),
      ("whatsapp disconnect c", "{}", "the call has ended\n"),
      (
        "dispatch create a", #"{"id":"AD_1","agent_name":"a","room":"r","state":null}"#,
        "AD_1 a in r: it waits for an agent of that name\n"
      ),
      (
        "dispatch list",
        #"{"agent_dispatches":[{"id":"AD_1","agent_name":"a","room":"r","state":{"jobs":[{"state":{"status":"JS_RUNNING","participant_identity":"agent-1"}},{"state":{"status":"JS_FAILED","error":"x"}}]}}]}"#,
        "AD_1 a in r: running as agent-1, failed (x)\n"
      ), ("dispatch list", "{}", "no agent is dispatched\n"), ("dispatch delete d", "{}", "deleted\n"),
      (
        "rooms list",
        #"{"rooms":[{"sid":"RM_1","name":"lobby","num_participants":1},{"sid":"","name":"b"}]}"#,
        "lobby (RM_1): 1 participant\nb: 0 participants\n"
      ), ("rooms list", "{}", "there are no rooms\n"),
      (
        "rooms participants",
        #"{"participants":[{"identity":"sip_1","kind":"SIP","tracks":[{"sid":"TR_1","source":"MICROPHONE"},{"sid":"TR_2","source":"SCREEN_SHARE","muted":true}]},{"identity":"b"}]}"#,
        "sip_1 (sip): TR_1 microphone, TR_2 screen share muted\nb: no tracks\n"
      ), ("rooms participants", "{}", "nobody is in the room\n"),
      ("rooms mute i t --off", "{}", "not muted\n"),
      ("rooms create r", #"{"name":"\u001b[2J"}"#, ".[2J: 0 participants\n"),
      ("api SIP/X", #"{"a":1}"#, "{\"a\":1}\n"),
    ])
  func answers(line: String, answer: String, text: String) throws {
    #expect(try call(line).text.render(try json(answer)) == text)
  }

  @Test("TwiML holds the address as a value of XML, or is none")
  func twiml() throws {
    let text = try call("twilio twiml").text
    #expect(
      text.render(try json(#"{"connect_url":"wss://h/a?b=c&d='<>\"e"}"#))
        == "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Connect>"
        + "<Stream url=\"wss://h/a?b=c&amp;d=&apos;&lt;&gt;&quot;e\"/></Connect></Response>\n")
    for answer in [
      "{}", #"{"connect_url":""}"#, #"{"connect_url":5}"#, #"{"connect_url":"wss://h\n"}"#, "[]",
    ] {
      #expect(text.render(try json(answer)) == nil)
    }
  }

  @Test("in a conversation: the line, the time that servers may take, and an answer without what it is for")
  func conversation() throws {
    let start = Instant(microseconds: 0)
    var talk = Conversation(
      try parse("twilio twiml"), socket: "/s", json: false, token: nil, now: start)
    guard case .send(let line) = talk.poll() else { throw NoCall() }
    #expect(
      text(line).contains(#""method":"api","params":{"service":"Connector","method":"ConnectTwilioCall""#))
    #expect(talk.deadline == start.advanced(byMilliseconds: 45_000))
    talk.receive(bytes("{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n"), now: start)
    #expect(talk.poll() == .complain("lintelctl: the server's answer lacks what was asked for\n"))
    #expect(talk.poll() == .finish(.failed))
  }

  @Test(
    "a dial is waited for longer than it may ring",
    arguments: [("dial a", 190), ("dial a --ring 30", 40), ("whatsapp dial 1 --ring 180", 190)])
  func deadlines(line: String, seconds: Int) throws {
    let start = Instant(microseconds: 0)
    let talk = Conversation(try parse(line), socket: "/s", json: false, token: nil, now: start)
    #expect(try #require(talk.deadline) >= start.advanced(byMilliseconds: seconds * 1000))
  }

  @Test(
    "only what looks is for everybody",
    arguments: [
      ("rooms list", true), ("rooms participants", true), ("dispatch list", true),
      ("dispatch create a", false),
      ("rooms remove i", false), ("twilio twiml", false), ("api SIP/ListSIPOutboundTrunk", false),
      ("api RoomService/ListRooms", true),
    ])
  func rights(line: String, anybody: Bool) throws {
    let rights = ClientRights(user: 1000, groups: [1000], owner: 999, adminGroup: 7)
    let request = Request.serverAPI(try call(line).request)
    let refusal = rights.refusal(of: request, adminGroup: "lintel-admin")
    #expect((refusal == nil) == anybody)
    if let refusal {
      #expect(
        refusal
          == .notAllowed(
            "only root and the members of the group lintel-admin may use the server API with this device's key"
          ))
    }
    let dial = Request.dial(DialRequest(target: "a"))
    #expect(rights.refusal(of: dial, adminGroup: nil) == nil)
  }
}
