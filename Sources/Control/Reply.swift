import Base
import JSON

/// The lines that the daemon sends, each with its line end.
public enum Reply {
  /// The answer to a request that was done; no bytes for a notification.
  public static func result(_ value: JSONValue, to id: RequestID) -> [UInt8] {
    guard id != .absent else { return [] }
    return line([.init("id", id.json), .init("result", value)])
  }

  /// The answer to one that was not.
  public static func failure(_ failure: ControlFailure, to id: RequestID) -> [UInt8] {
    guard id != .absent else { return [] }
    var error: [JSONValue.Member] = [
      .init("code", .integer(Int64(failure.code))), .init("message", .string(failure.description)),
    ]
    if case .failed(let code, _) = failure {
      error.append(.init("data", .object([.init("code", .string(code))])))
    }
    return line([.init("id", id.json), .init("error", .object(error))])
  }

  /// A notification to a client that subscribed.
  public static func event(_ event: JSONValue) -> [UInt8] {
    line([.init("method", .string("event")), .init("params", event)])
  }

  private static func line(_ members: [JSONValue.Member]) -> [UInt8] {
    JSONValue.object([.init("jsonrpc", .string("2.0"))] + members).bytes + [0x0A]
  }
}

/// The lines that a client sends.
extension Request {
  /// This request as a line with its end.
  public func line(id: Int64) -> [UInt8] {
    var members: [JSONValue.Member] = [
      .init("jsonrpc", .string("2.0")), .init("id", .integer(id)), .init("method", .string(method.rawValue)),
    ]
    if !parameters.isNull { members.append(.init("params", parameters)) }
    return JSONValue.object(members).bytes + [0x0A]
  }

  /// Whether a daemon would take it: the line is read as it would be there.
  func checkAsRead() throws(ControlFailure) {
    let line = line(id: 1)
    guard line.count <= ControlLimits.requestLineBytesMax else {
      throw .invalidParameters(
        "\(method.rawValue): longer than the \(ControlLimits.requestLineBytesMax) bytes that one request has")
    }
    do throws(RefusedRequest) { _ = try Request.parse(Array(line.dropLast())) } catch { throw error.failure }
  }

  /// An object of those that are not null; null where there is none.
  var parameters: JSONValue {
    let members = method.row.write(self).filter { !$0.value.isNull }
    return members.isEmpty ? .null : .object(members)
  }
}

/// What a client reads.
public enum ServerMessage: Equatable, Sendable {
  case result(id: RequestID, JSONValue)
  /// `reason` is the word for programs, where there is one.
  case failure(id: RequestID, code: Int64, message: String, reason: String? = nil)
  /// A notification's params: `{"time", "event", ...}`.
  case event(JSONValue)

  public static func parse(_ line: [UInt8]) throws(JSONFailure) -> ServerMessage {
    let json = try JSONValue.parse(line)
    guard case .object(let members) = json else { throw .malformed("the reply is no object") }
    if json["method"].string == "event" { return .event(json["params"]) }
    let id: RequestID =
      switch json["id"] {
      case .integer(let number): .number(number)
      case .string(let text): .string(text)
      default: .null
      }
    if let code = json["error"]["code"].integer, let message = json["error"]["message"].string {
      let reason = json["error"]["data"]["code"].string
      return .failure(id: id, code: code, message: message, reason: reason)
    }
    guard members.contains(where: { $0.name == "result" }) else {
      throw .malformed("the reply has neither result nor error")
    }
    return .result(id: id, json["result"])
  }
}
