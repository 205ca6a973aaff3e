import Testing

@testable import Control

/// The id and request of a line, or the reply that refuses it.
private func outcome(_ line: String) -> String {
  do throws(RefusedRequest) {
    let request = try Request.parse(bytes(line))
    return "\(request.id) \(request.request)"
  } catch {
    return text(Reply.failure(error.failure, to: error.id))
  }
}

private func refusal(_ line: String) -> ControlFailure? {
  do throws(RefusedRequest) { _ = try Request.parse(bytes(line)) } catch { return error.failure }
  return nil
}

private func call(_ method: String, _ parameters: String = "{}") -> String {
  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\(method)\",\"params\":\(parameters)}"
}

@Suite("Requests")
struct RequestTests {
  static let every: [Request] = [
    .status, .join(url: nil, token: nil), .join(url: "ws://h", token: nil),
    .join(url: "ws://h", token: "a.b.c"),
    .leave, .mute(on: true), .mute(on: false), .volume(level: nil), .volume(level: 0), .volume(level: 100),
    .participants, .eventsSubscribe, .version, .call, .hangup(who: nil),
    .rpc(identity: "a", method: "m", payload: "{\"a\":\n1}", timeoutSeconds: 600),
    .rpc(identity: "a", method: "m", payload: "", timeoutSeconds: 15),
    .dtmf(digits: "0123456789*#ABCDabcd", to: nil), .dtmf(digits: "#", to: "sip_1"),
    .send(text: "two\nlines", topic: nil, to: nil), .send(text: "x", topic: "t", to: "i"),
    .sendFileBegin(name: "a.jpg", bytes: 0, isText: true, topic: "t", to: "i"),
    .sendFileBegin(name: "a.jpg", bytes: nil, isText: false, topic: nil, to: nil),
    .sendFileData(file: 1, data: [0, 255, 10]), .sendFileData(file: 2, data: []), .sendFileEnd(file: 3),
    .attributes([]), .attributes([TextPair("a", "b"), TextPair("c", "")]), .doorOpen, .doorStatus,
    .press(name: "button", .hold(milliseconds: 60_000)), .press(name: "mute", .on),
    .press(name: "mute", .off), .press(name: "button", .hold(milliseconds: nil)),
    .turn(.start), .turn(.end), .turn(.cancel), .indicator(show: "attention", milliseconds: 5),
    .indicator(show: "off", milliseconds: nil), .tone(name: "error"),
    .stats, .metrics, .logLevel(nil), .logLevel("debug"), .configShow, .configCheck, .configReload,
    .doorOverride, .doctor(yes: true), .doctor(yes: false), .hangup(who: "anna"),
    .dial(DialRequest(target: "anna")), .dial(everything),
    .answer,
    .refuse, .hold(on: true), .hold(on: false), .transfer(TransferRequest(to: "tel:+1")), .directory,
    .serverAPI(ServerAPIRequest(service: "SIP", method: "ListSIPInboundTrunk", body: .object([]))),
    .serverAPI(
      ServerAPIRequest(
        service: "RoomService", method: "ListRooms", body: .object([.init("names", .array([]))]))),
  ]

  static var everything: DialRequest {
    var request = DialRequest(target: "sip:+15550100")
    request.dtmf = "1ww2#"
    request.displayName = ""
    request.from = "+15550123"
    request.ringSeconds = 20
    request.maxSeconds = 0
    request.dialTone = false
    request.headers = [TextPair("X-Door", "north"), TextPair("X-A", "")]
    request.hidesNumber = true
    request.encryption = "require"
    request.waits = false
    return request
  }

  @Test("every request is read as it was written", arguments: every)
  func roundTrip(request: Request) throws {
    let line = request.line(id: 7)
    #expect(line.last == 0x0A && !line.dropLast().contains(0x0A))
    #expect(try Request.parse(line.dropLast()) == ControlRequest(id: .number(7), request: request))
  }

  @Test("every method is tried above")
  func complete() throws {
    let methods = try Self.every.map { try json(text($0.line(id: 1)))["method"].string }
    #expect(Set(methods) == Set(Method.allCases.map { $0.rawValue }))
  }

  @Test(
    "ids of all kinds come back as they are",
    arguments: [
      ("1", "1"), ("0", "0"), ("-5", "-5"), ("9007199254740993", "9007199254740993"), ("\"a b\"", "\"a b\""),
      ("\"\"", "\"\""), ("\"ä\\n\"", "\"ä\\n\""), ("null", "null"),
    ])
  func ids(sent: String, echoed: String) throws {
    let request = try Request.parse(bytes("{\"jsonrpc\":\"2.0\",\"id\":\(sent),\"method\":\"status\"}"))
    #expect(
      text(Reply.result(.bool(true), to: request.id))
        == "{\"jsonrpc\":\"2.0\",\"id\":\(echoed),\"result\":true}\n")
  }

  @Test(
    "an id that cannot be echoed",
    arguments: ["1.5", "true", "[1]", "{}", "\"\(String(repeating: "x", count: 129))\""])
  func badIDs(id: String) {
    let reply = outcome("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"status\"}")
    #expect(reply.hasPrefix("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,"), "\(reply)")
  }

  @Test("without an id it is a notification: done, never answered, not even with an error")
  func notification() throws {
    let request = try Request.parse(bytes("{\"jsonrpc\":\"2.0\",\"method\":\"leave\"}"))
    #expect(request == ControlRequest(id: .absent, request: .leave))
    #expect(Reply.result(.null, to: request.id).isEmpty)
    #expect(outcome("{\"jsonrpc\":\"2.0\",\"method\":\"nonsense\"}").isEmpty)
  }

  @Test("a refused request keeps its id, wherever the id stands")
  func idOfRefused() {
    #expect(outcome("{\"method\":\"x\",\"jsonrpc\":\"1.0\",\"id\":\"k\"}").contains("\"id\":\"k\""))
  }

  @Test(
    "no JSON is -32700, with the place",
    arguments: ["", "status", "{\"jsonrpc\":", "{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\"}", "GET / HTTP/1.1"])
  func parseErrors(line: String) {
    let reply = outcome(line)
    #expect(
      reply.hasPrefix("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"not JSON: "))
    #expect(reply.contains("(byte "))
  }

  @Test(
    "JSON, but no request, is -32600",
    arguments: [
      ("5", "not an object"), ("\"status\"", "not an object"), ("null", "not an object"),
      ("[]", "batches are not taken; send one request a line"),
      ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}]", "batches"),
      ("{}", "'jsonrpc' must be"),
      ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"status\"}", "'jsonrpc' must be"),
      ("{\"jsonrpc\":2.0,\"id\":1,\"method\":\"status\"}", "'jsonrpc' must be"),
      ("{\"jsonrpc\":\"2.0\",\"id\":1}", "'method' must be a text"),
      ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", "'method' must be a text"),
      ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"mute\",\"parms\":{}}", "unknown member 'parms'"),
      ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":5}", "unknown member 'result'"),
      (String(repeating: "[", count: 17) + String(repeating: "]", count: 17), "more than 16 deep"),
      ("[" + String(repeating: "0,", count: 30_000) + "0]", "too many values"),
    ])
  func invalid(line: String, words: String) {
    let reply = outcome(line)
    #expect(reply.contains("\"code\":-32600,") && reply.contains(words), "\(reply)")
  }

  @Test("an unknown method names the nearest")
  func unknownMethod() {
    #expect(refusal(call("statu")) == .unknownMethod("statu", nearest: "status"))
    #expect(refusal(call("events")) == .unknownMethod("events", nearest: "events.subscribe"))
    #expect(refusal(call("reboot")) == .unknownMethod("reboot", nearest: nil))
    #expect(
      outcome(call("statu")).contains(
        "\"code\":-32601,\"message\":\"no method 'statu', did you mean 'status'?\""))
    #expect(outcome(call(String(repeating: "m", count: 5000))).utf8.count < 200)
  }

  @Test(
    "wrong parameters are -32602 and name the parameter",
    arguments: [
      ("mute", "{}", "mute: parameter 'on' is missing (true or false)"),
      ("mute", "{\"on\":null}", "'on' is missing"),
      ("mute", "{\"on\":1}", "mute: parameter 'on' must be true or false"),
      ("mute", "{\"on\":\"on\"}", "'on' must be true or false"),
      ("mute", "{\"on\":true,\"off\":1}", "mute: no parameter 'off'; it takes on"),
      ("volume", "{\"level\":101}", "volume: parameter 'level' must be a whole number from 0 to 100"),
      ("volume", "{\"level\":-1}", "0 to 100"), ("volume", "{\"level\":50.0}", "whole number"),
      ("volume", "{\"level\":\"50\"}", "whole number"), ("volume", "{\"levle\":5}", "did you mean 'level'?"),
      ("status", "{\"verbose\":true}", "status: no parameter 'verbose'; it takes none"),
      ("status", "[]", "the parameters must be an object"),
      ("status", "5", "the parameters must be an object"),
      ("join", "{\"url\":5}", "join: parameter 'url' must be a text"),
      ("join", "{\"url\":\"\"}", "not empty"),
      ("join", "{\"token\":\"a\\nb\"}", "'token' must be free of control characters"),
      (
        "join", "{\"url\":\"\(String(repeating: "x", count: 2049))\"}",
        "'url' must be at most 2048 bytes long"
      ),
      (
        "join", "{\"token\":\"\(String(repeating: "x", count: 16_385))\"}",
        "'token' must be at most 16384 bytes"
      ),
      (
        "join", "{\"token_file\":\"/t\"}",
        "no parameter 'token_file', did you mean 'token'?; it takes url, token"
      ),
    ])
  func parameters(method: String, parameters: String, words: String) {
    let failure = refusal(call(method, parameters))
    #expect(failure?.code == -32602)
    #expect(failure?.description.contains(words) == true, "\(String(describing: failure))")
  }

  @Test("params may be left out, or null")
  func noParameters() {
    #expect(
      outcome("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"volume\"}") == outcome(call("volume", "null")))
    #expect(outcome(call("volume", "{\"level\":null}")) == "number(1) volume(level: nil)")
  }

  @Test("the kind of a failure travels in data")
  func failureData() {
    #expect(
      text(Reply.failure(.failed(code: "token.expired", message: "the token expired"), to: .number(3)))
        == "{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":-32000,\"message\":\"the token expired\","
        + "\"data\":{\"code\":\"token.expired\"}}}\n")
    #expect(
      text(Reply.failure(.notAllowed("only root"), to: .string("x"))).contains(
        "{\"code\":-32001,\"message\":\"only root\"}"))
  }
}
