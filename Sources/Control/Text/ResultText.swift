import Base

/// Results for a person that take more than a line to make, with their line ends.
enum ResultText {
  static func door(_ result: JSONValue) -> String { printable(StatusText.door(result)) + "\n" }

  static func turn(_ result: JSONValue) -> String {
    "the turn is \(printable(result["turn"].string ?? "closed"))\n"
  }

  static func sent(_ result: JSONValue) -> String { "sent \(result["bytes"].integer ?? 0) bytes\n" }

  static func attributes(_ attributes: JSONValue) -> String {
    guard case .object(let members) = attributes, !members.isEmpty else { return "no attributes\n" }
    var text = ""
    for member in members { text += printable("\(member.name)=\(member.value.string ?? "")") + "\n" }
    return text
  }

  static func reload(_ result: JSONValue) -> String {
    let problems = lines(result["problems"])
    guard problems.utf8.isEmpty else { return problems + "nothing was changed\n" }
    let applied = listed(result["applied"].array.map { $0.string })
    let restart = listed(result["needs_restart"].array.map { $0.string })
    if applied.utf8.isEmpty, restart.utf8.isEmpty { return "nothing has changed\n" }
    var text = applied.utf8.isEmpty ? "" : "applied: \(printable(applied))\n"
    if !restart.utf8.isEmpty {
      text += "needs a restart (systemctl restart linteld): \(printable(restart))\n"
    }
    return text
  }

  static func stats(_ result: JSONValue) -> String {
    guard case .object(let members) = result else { return "" }
    var width = 0
    for member in members { width = max(width, member.name.utf8.count) }
    var text = ""
    for member in members {
      text += printable(padded(member.name, to: width) + "  " + member.value.text) + "\n"
    }
    return text
  }

  static func lines(_ values: JSONValue) -> String {
    var text = ""
    for value in values.array { text += printable(value.string ?? "") + "\n" }
    return text
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
