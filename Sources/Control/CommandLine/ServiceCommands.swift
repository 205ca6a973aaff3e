import Base

/// The commands for whoever looks after the device.
extension CommandTable {
  static let serviceCommands: [Command] = [
    Command(
      name: "monitor", arguments: [], options: [],
      summary: "A live screen: levels, call, losses, what is said.",
      details: [
        "Shows the levels of microphone and speaker, the state of call, room, agent and door, and the "
          + "transcript. It follows the size of the terminal; q ends it."
      ], examples: ["monitor"]),
    Command(
      name: "doctor", arguments: [],
      options: [
        .init(
          name: "--config", value: "FILE",
          summary: "What linteld reads if it is not running (default: its own default).")
      ],
      summary: "Test everything, and say what to do about what is wrong.",
      details: [
        "Listens to the microphone, plays a tone, and looks at the clock, the token, the server and the room, which "
          + "it joins for a few seconds if the device is in none. Each row says pass, warn or FAIL, and what to do. "
          + "It takes about 6 seconds, or up to a minute where something does not answer.",
        "If the daemon does not run, linteld makes the test by itself, with your rights.",
      ],
      examples: ["doctor", "--json doctor", "doctor --config /etc/lintel/lintel.conf"]),
    Command(
      name: "provision", arguments: [.init(spelling: "KEY=VALUE", isOptional: true, repeats: true)],
      options: [
        .init(
          name: "--token-file", value: "FILE", summary: "Where the token is copied from; - is standard input."
        ),
        .init(
          name: "--bearer-file", value: "FILE",
          summary: "The same for the secret of a token endpoint."),
        .init(name: "--door-code-file", value: "FILE", summary: "The same for the code of the door."),
        .init(
          name: "--api-secret-file", value: "FILE", summary: "The same for the API secret of the room server."
        ),
        .init(
          name: "--folder", value: "FOLDER",
          summary: "What is written to (default: \(Provision.folderDefault))."),
      ],
      summary: "Write configuration and credentials.",
      details: [
        "For root. A key is named as section.key. The keys go to lintel.conf.d/\(Provision.dropIn), on top of those that stand there; an empty value "
          + "takes one away. The whole configuration is checked first, and each file is replaced at once or not at "
          + "all. Secrets are never given on the command line, and get mode 0600."
      ],
      examples: [
        "provision token.url=wss://rooms.example.org --token-file token.jwt",
        "provision token.source=endpoint token.endpoint=https://example.org/t",
        "provision --bearer-file secret.txt",
        "provision audio.volume=60 door.output=lock",
      ]),
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
