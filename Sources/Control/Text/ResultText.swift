import Base

/// The result of a request for a person, with its line end.
enum ResultText {
  static func render(_ request: Request, _ result: JSONValue) -> String {
    switch request {
    case .hangup: return "the call has ended\n"
    case .rpc:
      let payload = result["payload"].string ?? ""
      return payload.utf8.isEmpty ? "" : multiline(payload) + "\n"
    case .dtmf: return counted(result["sent"], "key") + " sent\n"
    case .send: return "sent\n"
    case .attributes: return attributes(result["attributes"])
    case .doorOpen, .doorStatus, .doorOverride: return printable(StatusText.door(result)) + "\n"
    case .press: return "pressed \(printable(result["pressed"].string ?? "it"))\n"
    case .turn: return "the turn is \(printable(result["turn"].string ?? "closed"))\n"
    case .stats, .metrics, .logLevel, .configShow, .configCheck, .configReload:
      return ServiceText.render(request, result)
    default: return result.text + "\n"
    }
  }

  private static func attributes(_ attributes: JSONValue) -> String {
    guard case .object(let members) = attributes, !members.isEmpty else { return "no attributes\n" }
    var text = ""
    for member in members { text += printable("\(member.name)=\(member.value.string ?? "")") + "\n" }
    return text
  }

  private static func counted(_ value: JSONValue, _ noun: String) -> String {
    let count = value.integer ?? 0
    return count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
  }

  /// Line ends stay: an answer is often a text of several lines.
  static func multiline(_ text: String) -> String {
    var result = ""
    for (index, line) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      result += (index == 0 ? "" : "\n") + printable(String(decoding: Array(line), as: UTF8.self))
    }
    return result
  }
}
