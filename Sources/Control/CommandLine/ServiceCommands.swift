import Base

/// The commands for whoever looks after the device.
extension CommandTable {
  static let serviceCommands: [Command] = [
    Command(
      name: "stats", arguments: [], options: [], summary: "Everything that the daemon counts.",
      details: ["The figures of `metrics`, one a line."], examples: ["stats", "--json stats"]),
    Command(
      name: "metrics", arguments: [], options: [],
      summary: "The same as OpenMetrics text, for a monitoring system.",
      details: ["With [metrics] listen the daemon serves it over HTTP, too."], examples: ["metrics"]),
    Command(
      name: "log-level", arguments: [.init(spelling: "LEVEL", isOptional: true)], options: [],
      summary: "Show or set what goes to the journal.",
      details: [
        "The levels are error, warning, notice, info and debug, each with those before it. debug adds every event. "
          + "It counts until the daemon ends. Setting it is for root and [control] admin-group."
      ],
      examples: ["log-level", "log-level debug"]),
    Command(
      name: "config", arguments: [.init(spelling: "show|check|reload")], options: [],
      summary: "Show, check or reload the daemon's configuration.",
      details: [
        "show prints what counts now, without secrets. check reads the files and says what is wrong with them. "
          + "reload applies what can be applied in a call and says what needs a restart; with a mistake in the files "
          + "nothing changes. SIGHUP does the same. reload is for root and [control] admin-group."
      ],
      examples: ["config show", "config check", "config reload"]),
    Command(
      name: "version", arguments: [], options: [], summary: "The versions of lintelctl and of the daemon.",
      details: [], examples: ["version"]),
    Command(
      name: "help", arguments: [.init(spelling: "COMMAND", isOptional: true)], options: [],
      summary: "Help, for all or for one command.", details: [], examples: ["help join"]),
  ]
}

extension Words {
  /// nil if `command` is none of them.
  func serviceRequest(of command: String) throws(UsageFailure) -> Request? {
    switch command {
    case "stats": return .stats
    case "metrics": return .metrics
    case "log-level": return .logLevel(positional.first)
    case "config":
      switch positional[0] {
      case "show": return .configShow
      case "check": return .configCheck
      case "reload": return .configReload
      default: throw wrong("show, check or reload", command)
      }
    default: return nil
    }
  }
}
