import Base
import JSON

extension Request {
  /// Reads one line without its end.
  public static func parse(_ line: [UInt8]) throws(RefusedRequest) -> ControlRequest {
    let json: JSONValue
    do throws(JSONFailure) {
      json = try JSONValue.parse(line, valuesMax: ControlLimits.requestValuesMax)
    } catch {
      if case .malformed(let message) = error { throw RefusedRequest(id: .null, failure: .notJSON(message)) }
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

  /// The request of the method of that name; `parameters` is an object, or null for none.
  public static func parse(method name: String, parameters: JSONValue) throws(ControlFailure) -> Request {
    let parameters = try Parameters(method: name, parameters)
    guard let method = Method.allCases.first(where: { $0.rawValue == name }) else {
      let nearest = nearestName(to: name, among: Method.allCases.map { $0.rawValue })
      throw .unknownMethod(shortened(name), nearest: nearest)
    }
    let request = try method.row.read(parameters)
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
}

/// A name from outside as a sentence may repeat it.
func shortened(_ text: String) -> String {
  var result = ""
  var count = 0
  for scalar in printable(text).unicodeScalars {
    if count == 40 { return result + "..." }
    result.unicodeScalars.append(scalar)
    count += 1
  }
  return result
}
