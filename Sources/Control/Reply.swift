import Base

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
      .init("jsonrpc", .string("2.0")), .init("id", .integer(id)), .init("method", .string(method)),
    ]
    let parameters = self.parameters
    if !parameters.isEmpty { members.append(.init("params", .object(parameters))) }
    return JSONValue.object(members).bytes + [0x0A]
  }

  private var method: String {
    switch self {
    case .status: "status"
    case .join: "join"
    case .leave: "leave"
    case .mute: "mute"
    case .volume: "volume"
    case .participants: "participants"
    case .eventsSubscribe: "events.subscribe"
    case .version: "version"
    case .call: "call"
    case .hangup: "hangup"
    case .rpc: "rpc"
    case .dtmf: "dtmf"
    case .send: "send"
    case .sendFileBegin: "send-file.begin"
    case .sendFileData: "send-file.data"
    case .sendFileEnd: "send-file.end"
    case .attributes: "attributes"
    case .doorOpen: "door.open"
    case .doorStatus: "door.status"
    case .press: "press"
    case .turn(let step): "turn." + step.rawValue
    case .indicator: "indicator"
    case .tone: "tone"
    case .stats: "stats"
    case .doctor: "doctor"
    case .metrics: "metrics"
    case .logLevel: "log-level"
    case .configShow: "config.show"
    case .configCheck: "config.check"
    case .configReload: "config.reload"
    case .doorOverride: "door.override"
    }
  }

  private var parameters: [JSONValue.Member] {
    let all: [JSONValue.Member] =
      switch self {
      case .join(let url, let token): [.init("url", .text(url)), .init("token", .text(token))]
      case .mute(let on): [.init("on", .bool(on))]
      case .volume(let level): [.init("level", .number(level))]
      case .rpc(let identity, let method, let payload, let seconds):
        [
          .init("identity", .string(identity)), .init("method", .string(method)),
          .init("payload", .string(payload)), .init("timeout", .number(seconds)),
        ]
      case .dtmf(let digits, let to): [.init("digits", .string(digits)), .init("to", .text(to))]
      case .send(let text, let topic, let to):
        [.init("text", .string(text)), .init("topic", .text(topic)), .init("to", .text(to))]
      case .sendFileBegin(let name, let bytes, let isText, let topic, let to):
        [
          .init("name", .string(name)), .init("bytes", .number(bytes)), .init("text", .bool(isText)),
          .init("topic", .text(topic)), .init("to", .text(to)),
        ]
      case .sendFileData(let file, let data):
        [.init("file", .number(file)), .init("data", .string(Base64.encode(data)))]
      case .sendFileEnd(let file): [.init("file", .number(file))]
      case .attributes(let pairs):
        [.init("set", .object(pairs.map { .init($0.name, .string($0.value)) }))]
      case .press(let name, .hold(let milliseconds)):
        [.init("name", .string(name)), .init("for", .number(milliseconds))]
      case .press(let name, let press): [.init("name", .string(name)), .init("on", .bool(press == .on))]
      case .indicator(let show, let milliseconds):
        [.init("show", .string(show)), .init("for", .number(milliseconds))]
      case .tone(let name): [.init("tone", .string(name))]
      case .logLevel(let level): [.init("level", .text(level))]
      default: []
      }
    return all.filter { !$0.value.isNull }
  }
}

/// What a client reads.
public enum ServerMessage: Equatable, Sendable {
  case result(id: RequestID, JSONValue)
  case failure(id: RequestID, code: Int64, message: String)
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
      return .failure(id: id, code: code, message: message)
    }
    guard members.contains(where: { $0.name == "result" }) else {
      throw .malformed("the reply has neither result nor error")
    }
    return .result(id: id, json["result"])
  }
}
