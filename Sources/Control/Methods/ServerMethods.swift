import Base
import JSON

/// The method for whatever of the room server's API has no command.
extension MethodRow {
  static func api() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        let service = try word("service", parameters)
        let method = try word("method", parameters)
        let body = parameters.object("body")
        guard case .object = body else { throw parameters.wrong("body", "an object") }
        // They would be rounded on the way, and no method takes one: durations are texts there.
        guard !body.hasFractions else {
          throw parameters.wrong(
            "body", "free of numbers with fractions; a duration is a text, such as \"1.5s\"")
        }
        return .serverAPI(ServerAPIRequest(service: service, method: method, body: body))
      },
      write: {
        guard case .serverAPI(let request) = $0 else { return [] }
        return [
          .init("service", .string(request.service)), .init("method", .string(request.method)),
          .init("body", request.body),
        ]
      },
      rights: .administratorIf(
        { if case .serverAPI(let request) = $0 { !request.isOnlyReading } else { true } },
        to: "use the server API with this device's key"),
      command: Command(
        arguments: [.init(spelling: "SERVICE/METHOD"), .init(spelling: "JSON", isOptional: true)],
        summary: "Call the room server's API.",
        details: [
          "With the right that the device has to dial ([phone] via). The names are those of LiveKit's server API. Where a "
            + "method wants a room and none is given, it is the device's. For root and [control] admin-group.",
          "JSON may be - for standard input, which other users of the machine cannot read. Passwords in the answer are "
            + "left out.",
        ],
        examples: [
          "api SIP/ListSIPOutboundTrunk", #"api RoomService/ListParticipants {"room":"lobby"}"#,
          "api SIP/CreateSIPOutboundTrunk -",
        ],
        action: { arguments throws(UsageFailure) in .server(try arguments.serverCall()) }),
      text: { $0.text + "\n" })
  }

  private static func word(_ name: String, _ parameters: Parameters) throws(ControlFailure) -> String {
    let word = try parameters.name(name)
    guard Array(word.utf8).allSatisfy({ isLetterOrDigit($0) }) else {
      throw parameters.wrong(name, "made of letters")
    }
    return word
  }
}

extension Arguments {
  fileprivate func serverCall() throws(UsageFailure) -> ServerCall {
    let parts = positional[0].utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw failure("it is SERVICE/METHOD, such as SIP/ListSIPInboundTrunk") }
    var body: [JSONValue.Member] = []
    var input: ServerCall.Input?
    if positional.count > 1 {
      if positional[1] == "-" {
        input = ServerCall.Input(path: "-", part: .body)
      } else {
        body = try object(positional[1])
      }
    }
    return ServerCall(
      String(decoding: Array(parts[0]), as: UTF8.self), String(decoding: Array(parts[1]), as: UTF8.self),
      body,
      input: input, text: .json)
  }

  private func object(_ text: String) throws(UsageFailure) -> [JSONValue.Member] {
    let value: JSONValue
    do throws(JSONFailure) { value = try JSONValue.parse(Array(text.utf8)) } catch {
      throw failure("JSON: \(error.description)")
    }
    guard case .object(let members) = value else { throw failure("JSON: it has to be an object") }
    return members
  }
}

extension JSONValue {
  fileprivate var hasFractions: Bool {
    switch self {
    case .real: true
    case .array(let values): values.contains { $0.hasFractions }
    case .object(let members): members.contains { $0.value.hasFractions }
    default: false
    }
  }
}
