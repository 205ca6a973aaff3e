import Base

/// The requests that carry words, files and the hardware's names.
extension Request {
  /// nil if there is no such method.
  static func words(_ method: String, _ parameters: Parameters) throws(ControlFailure) -> Request? {
    switch method {
    case "rpc":
      return .rpc(
        identity: try parameters.name("identity"), method: try parameters.name("method"),
        payload: try parameters.content("payload", bytesMax: ControlLimits.rpcPayloadBytesMax) ?? "",
        timeoutSeconds: try parameters.number("timeout", 1...ControlLimits.rpcTimeoutSecondsMax)
          ?? CommandTable.rpcTimeoutSecondsDefault)
    case "dtmf": return .dtmf(digits: try digits(parameters), to: try parameters.optionalName("to"))
    case "send":
      guard let text = try parameters.content("text", bytesMax: ControlLimits.sentTextBytesMax) else {
        throw parameters.missing("text")
      }
      return .send(
        text: text, topic: try parameters.optionalName("topic"), to: try parameters.optionalName("to"))
    case "send-file.begin":
      return .sendFileBegin(
        name: try parameters.name("name"),
        bytes: try parameters.number("bytes", 0...ControlLimits.fileBytesMax),
        isText: try parameters.flag("text") ?? false, topic: try parameters.optionalName("topic"),
        to: try parameters.optionalName("to"))
    case "send-file.data":
      return .sendFileData(file: try file(parameters), data: try data(parameters))
    case "send-file.end": return .sendFileEnd(file: try file(parameters))
    case "attributes": return .attributes(try parameters.pairs("set"))
    case "press":
      let name = try parameters.name("name")
      let milliseconds = try duration(parameters)
      guard let on = try parameters.flag("on") else {
        return .press(name: name, .hold(milliseconds: milliseconds))
      }
      guard milliseconds == nil else { throw .invalidParameters("press: give 'for' or 'on', not both") }
      return .press(name: name, on ? .on : .off)
    case "indicator":
      return .indicator(show: try parameters.name("show"), milliseconds: try duration(parameters))
    case "tone": return .tone(name: try parameters.name("tone"))
    default: return nil
    }
  }

  private static func digits(_ parameters: Parameters) throws(ControlFailure) -> String {
    guard let digits = try parameters.text("digits", bytesMax: ControlLimits.dtmfDigitsMax) else {
      throw parameters.missing("digits")
    }
    for digit in digits.utf8 where !"0123456789*#ABCDabcd".utf8.contains(digit) {
      throw parameters.wrong("digits", "made of 0-9, *, # and A-D")
    }
    return digits
  }

  private static func duration(_ parameters: Parameters) throws(ControlFailure) -> Int? {
    try parameters.number("for", 1...ControlLimits.pressMillisecondsMax)
  }

  private static func file(_ parameters: Parameters) throws(ControlFailure) -> Int {
    guard let file = try parameters.number("file", 1...Int64(Int32.max)) else {
      throw parameters.missing("file")
    }
    return file
  }

  private static func data(_ parameters: Parameters) throws(ControlFailure) -> [UInt8] {
    // Four characters carry three bytes.
    let characters = ControlLimits.filePieceBytesMax / 3 * 4
    guard let text = try parameters.content("data", bytesMax: characters) else {
      throw parameters.missing("data")
    }
    guard let data = Base64.decode(text.utf8) else { throw parameters.wrong("data", "base64") }
    return data
  }
}
