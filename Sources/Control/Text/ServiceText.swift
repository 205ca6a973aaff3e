import Base

/// Results of the service commands for a person, with their line ends.
enum ServiceText {
  static func render(_ request: Request, _ result: JSONValue) -> String {
    switch request {
    case .stats: return stats(result)
    case .metrics: return ResultText.multiline(result["text"].string ?? "")
    case .configShow: return ResultText.multiline(result["text"].string ?? "")
    case .configCheck:
      let problems = lines(result["problems"])
      return problems.utf8.isEmpty ? "the configuration is as it should be\n" : problems
    case .configReload: return reload(result)
    default: return "the log level is \(printable(result["level"].string ?? "?"))\n"
    }
  }

  private static func reload(_ result: JSONValue) -> String {
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

  private static func stats(_ result: JSONValue) -> String {
    guard case .object(let members) = result else { return "" }
    var width = 0
    for member in members { width = max(width, member.name.utf8.count) }
    var text = ""
    for member in members {
      text += printable(padded(member.name, to: width) + "  " + member.value.text) + "\n"
    }
    return text
  }

  private static func lines(_ values: JSONValue) -> String {
    var text = ""
    for value in values.array { text += printable(value.string ?? "") + "\n" }
    return text
  }
}
