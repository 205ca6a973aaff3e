import Base

extension Request {
  static let methods = [
    "status", "join", "leave", "mute", "volume", "participants", "events.subscribe", "version", "call",
    "hangup", "rpc", "dtmf", "send", "send-file.begin", "send-file.data", "send-file.end", "attributes",
    "door.open", "door.status", "press", "turn.start", "turn.end", "turn.cancel", "indicator", "tone",
    "stats", "metrics", "log-level", "config.show", "config.check", "config.reload", "door.override",
    "doctor",
  ]

  /// Reads one line without its end.
  public static func parse(_ line: [UInt8]) throws(RefusedRequest) -> ControlRequest {
    let json: JSONValue
    do throws(JSONFailure) {
      json = try JSONValue.parse(line, valuesMax: ControlLimits.requestValuesMax)
    } catch {
      if case .malformed(let words) = error { throw RefusedRequest(id: .null, failure: .notJSON(words)) }
      throw RefusedRequest(id: .null, failure: .invalidRequest(error.description))
    }
    guard case .object(let members) = json else {
      if case .array = json {
        throw RefusedRequest(
          id: .null, failure: .invalidRequest("batches are not taken; send one request a line"))
      }
      throw RefusedRequest(id: .null, failure: .invalidRequest("not an object"))
    }
    return try parse(members, json)
  }

  private static func parse(
    _ members: [JSONValue.Member], _ json: JSONValue
  ) throws(RefusedRequest) -> ControlRequest {
    var id = RequestID.absent
    do throws(ControlFailure) {
      for member in members where member.name == "id" {
        id = .null
        id = try identifier(member.value)
      }
      for member in members where !["jsonrpc", "id", "method", "params"].contains(member.name) {
        throw .invalidRequest("unknown member '\(shortened(member.name))'")
      }
      guard json["jsonrpc"].string == "2.0" else { throw .invalidRequest("'jsonrpc' must be \"2.0\"") }
      guard let method = json["method"].string else { throw .invalidRequest("'method' must be a text") }
      return ControlRequest(id: id, request: try parse(method: method, parameters: json["params"]))
    } catch {
      // A request that is none cannot be a notification either (the example in JSON-RPC 2.0 §7 answers with null).
      if case .invalidRequest = error, id == .absent { id = .null }
      throw RefusedRequest(id: id, failure: error)
    }
  }

  /// The request of that name; `parameters` is an object, or null for none.
  public static func parse(method: String, parameters: JSONValue) throws(ControlFailure) -> Request {
    let parameters = try Parameters(method: method, parameters)
    let request = try parse(method, parameters)
    try parameters.refuseOthers()
    return request
  }

  private static func identifier(_ value: JSONValue) throws(ControlFailure) -> RequestID {
    switch value {
    case .null: return .null
    case .integer(let number): return .number(number)
    case .string(let text) where text.utf8.count <= ControlLimits.requestIDBytesMax: return .string(text)
    case .string:
      throw .invalidRequest("'id' is longer than \(ControlLimits.requestIDBytesMax) bytes")
    default: throw .invalidRequest("'id' must be a whole number or a text")
    }
  }

  private static func parse(_ method: String, _ parameters: Parameters) throws(ControlFailure) -> Request {
    switch method {
    case "status": return .status
    case "join":
      return .join(
        url: try parameters.text("url", bytesMax: ControlLimits.urlBytesMax),
        token: try parameters.text("token", bytesMax: ControlLimits.tokenBytesMax))
    case "leave": return .leave
    case "mute":
      guard let on = try parameters.flag("on") else {
        throw .invalidParameters("mute: parameter 'on' is missing (true or false)")
      }
      return .mute(on: on)
    case "volume": return .volume(level: try parameters.number("level", 0...100))
    case "participants": return .participants
    case "events.subscribe": return .eventsSubscribe
    case "version": return .version
    case "call": return .call
    case "hangup": return .hangup
    case "door.open": return .doorOpen
    case "door.status": return .doorStatus
    case "door.override": return .doorOverride
    case "stats": return .stats
    case "doctor": return .doctor
    case "metrics": return .metrics
    case "log-level": return .logLevel(try parameters.optionalName("level"))
    case "config.show": return .configShow
    case "config.check": return .configCheck
    case "config.reload": return .configReload
    case "turn.start": return .turn(.start)
    case "turn.end": return .turn(.end)
    case "turn.cancel": return .turn(.cancel)
    default:
      if let request = try words(method, parameters) { return request }
      throw .unknownMethod(shortened(method), nearest: nearestName(to: method, among: methods))
    }
  }
}

/// A name from outside as a sentence may repeat it.
func shortened(_ text: String) -> String {
  var result = ""
  for (index, scalar) in printable(text).unicodeScalars.enumerated() {
    if index == 40 { return result + "..." }
    result.unicodeScalars.append(scalar)
  }
  return result
}
