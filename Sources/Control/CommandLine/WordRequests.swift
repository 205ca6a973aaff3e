import Base

/// The commands that are one request each.
extension Words {
  /// nil if `command` is none of them. The number of arguments is as the table says.
  func request(of command: String) throws(UsageFailure) -> Request? {
    switch command {
    case "hangup": return .hangup
    case "dtmf": return .dtmf(digits: positional[0], to: value("--to"))
    case "send": return .send(text: positional[0], topic: value("--topic"), to: value("--to"))
    case "rpc":
      let seconds = try value("--timeout").map { text throws(UsageFailure) in
        try Invocation.number(text, 1...Int(ControlLimits.rpcTimeoutSecondsMax), "--timeout", command: "rpc")
      }
      return .rpc(
        identity: positional[0], method: positional[1],
        payload: positional.count > 2 ? positional[2] : "",
        timeoutSeconds: seconds ?? CommandTable.rpcTimeoutSecondsDefault)
    case "attributes": return .attributes(try attributes())
    case "door":
      switch positional[0] {
      case "open": return value("--override") == nil ? .doorOpen : .doorOverride
      case "status": return .doorStatus
      default: throw wrong("open or status", command)
      }
    case "turn":
      guard let step = TurnStep(rawValue: positional[0]) else {
        throw wrong("start, end or cancel", command)
      }
      return .turn(step)
    case "press":
      let milliseconds = try value("--for").map { text throws(UsageFailure) in
        try Invocation.number(text, 1...Int(ControlLimits.pressMillisecondsMax), "--for", command: "press")
      }
      let switched = value("--on") != nil ? Press.on : value("--off") != nil ? Press.off : nil
      guard let switched else { return .press(name: positional[0], .hold(milliseconds: milliseconds)) }
      guard milliseconds == nil, value("--on") == nil || value("--off") == nil else {
        throw UsageFailure(message: "press: only one of --for, --on and --off", command: command)
      }
      return .press(name: positional[0], switched)
    default: return try serviceRequest(of: command)
    }
  }

  private func attributes() throws(UsageFailure) -> [TextPair] {
    var pairs: [TextPair] = []
    for word in positional {
      let bytes = Array(word.utf8)
      guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")), equals > 0 else {
        throw UsageFailure(
          message: "attributes: '\(shortened(word))' is not KEY=VALUE", command: "attributes")
      }
      pairs.append(
        TextPair(
          String(decoding: bytes[..<equals], as: UTF8.self),
          String(decoding: bytes[(equals + 1)...], as: UTF8.self)))
    }
    return pairs
  }

  func wrong(_ legal: String, _ command: String) -> UsageFailure {
    UsageFailure(message: "\(command): \(legal), not '\(shortened(positional[0]))'", command: command)
  }
}
