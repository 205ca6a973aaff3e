import Base

extension Request {
  static let methods = [
    "status", "join", "leave", "mute", "volume", "participants", "events.subscribe", "version",
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
      let parameters = try Parameters(method: method, json["params"])
      let request = try parse(method, parameters)
      try parameters.refuseOthers()
      return ControlRequest(id: id, request: request)
    } catch {
      // A request that is none cannot be a notification either (the example in JSON-RPC 2.0 §7 answers with null).
      if case .invalidRequest = error, id == .absent { id = .null }
      throw RefusedRequest(id: id, failure: error)
    }
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
    default:
      throw .unknownMethod(shortened(method), nearest: nearestName(to: method, among: methods))
    }
  }
}

/// The params of one request. It notes what was asked for, so that the rest can be refused with the legal names.
private final class Parameters {
  private let method: String
  private let members: [JSONValue.Member]
  private var legal: [String] = []

  init(method: String, _ json: JSONValue) throws(ControlFailure) {
    self.method = method
    switch json {
    case .null: members = []
    case .object(let members): self.members = members
    default:
      throw .invalidParameters("'params' must be an object with the parameters by name")
    }
  }

  func text(_ name: String, bytesMax: Int) throws(ControlFailure) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.string, !text.utf8.isEmpty else {
      throw wrong(name, "a text that is not empty")
    }
    guard text.utf8.count <= bytesMax else { throw wrong(name, "at most \(bytesMax) bytes long") }
    for byte in text.utf8 where byte < 0x20 || byte == 0x7F {
      throw wrong(name, "free of control characters")
    }
    return text
  }

  func flag(_ name: String) throws(ControlFailure) -> Bool? {
    guard let value = value(name) else { return nil }
    guard let flag = value.bool else { throw wrong(name, "true or false") }
    return flag
  }

  func number(_ name: String, _ range: ClosedRange<Int64>) throws(ControlFailure) -> Int? {
    guard let value = value(name) else { return nil }
    guard let number = value.integer, range.contains(number) else {
      throw wrong(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return Int(number)
  }

  func refuseOthers() throws(ControlFailure) {
    for member in members where !legal.contains(member.name) {
      var words = "\(method): no parameter '\(shortened(member.name))'"
      if let nearest = nearestName(to: member.name, among: legal) { words += ", did you mean '\(nearest)'?" }
      words += "; it takes "
      if legal.isEmpty { words += "none" }
      for (index, name) in legal.enumerated() { words += (index == 0 ? "" : ", ") + name }
      throw .invalidParameters(words)
    }
  }

  /// A parameter that is null is taken for one that is absent.
  private func value(_ name: String) -> JSONValue? {
    legal.append(name)
    for member in members where member.name == name && !member.value.isNull { return member.value }
    return nil
  }

  private func wrong(_ name: String, _ must: String) -> ControlFailure {
    .invalidParameters("\(method): parameter '\(name)' must be \(must)")
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
