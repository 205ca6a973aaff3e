import Base
import JSON

/// The methods for whoever looks after the device.
extension MethodRow {
  static func doctor() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in .doctor(yes: try parameters.flag("yes") ?? false) },
      write: { if case .doctor(true) = $0 { [.init("yes", .bool(true))] } else { [] } },
      command: Command(
        options: [
          .init(
            name: "--config", value: "FILE",
            summary: "What linteld reads if it is not running (default: its own default)."),
          .init(
            name: "--yes", value: nil,
            summary: "Play the tone even if a call is running, without asking."),
          .init(
            name: "--support", value: "FILE",
            summary: "Also write an archive (.tar.gz) for whoever has to find out more."),
        ],
        summary: "Test everything, and say what to do about what is wrong.",
        details: [
          "Listens to the microphone, plays a tone, and looks at the clock, the token, the server and the room, which "
            + "it joins for a few seconds if the device is in none. Each row says pass, warn or FAIL, and what to do. "
            + "It takes about 6 seconds, or up to a minute where something does not answer.",
          "The tone tells how loud the echo is, what the echo canceller leaves of it, and how far the clocks of the "
            + "two sound cards are apart. While others would hear it, you are asked first.",
          "If the daemon does not run, linteld makes the test by itself, with your rights.",
          "The archive of --support has the result, the status, the counters, the last events, the configuration, the "
            + "journal and a list of the hardware. Tokens, keys, passwords and codes are taken out. It is for your eyes "
            + "alone (mode 0600); names of rooms and people are in it.",
        ],
        examples: [
          "doctor", "--json doctor", "doctor --config /etc/lintel/lintel.conf",
          "doctor --support lintel.tar.gz",
        ],
        action: {
          .doctor(
            DoctorOrder(
              configuration: $0.value("--config"), yes: $0.value("--yes") != nil,
              archive: $0.value("--support")))
        }),
      text: { Doctor.render($0) })
  }

  static func stats() -> MethodRow<Face> {
    MethodRow(
      .stats,
      command: Command(
        summary: "Everything that the daemon counts.", details: ["The figures of `metrics`, one a line."],
        examples: ["stats", "--json stats"], action: { _ in .request(.stats) }),
      text: { ResultText.stats($0) })
  }

  static func metrics() -> MethodRow<Face> {
    MethodRow(
      .metrics,
      command: Command(
        summary: "The same as OpenMetrics text, for a monitoring system.",
        details: ["With [metrics] listen the daemon serves it over HTTP, too."], examples: ["metrics"],
        action: { _ in .request(.metrics) }),
      text: { ResultText.multiline($0["text"].string ?? "") })
  }

  static func logLevel() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in .logLevel(try parameters.optionalName("level")) },
      write: { if case .logLevel(let level) = $0 { [.init("level", .text(level))] } else { [] } },
      rights: .administratorIf({ $0 != .logLevel(nil) }, to: "change what is logged"),
      command: Command(
        arguments: [.init(spelling: "LEVEL", isOptional: true)],
        summary: "Show or set what goes to the journal.",
        details: [
          "The levels are error, warning, notice, info and debug, each with those before it. debug adds every event. "
            + "It counts until the daemon ends. Setting it is for root and [control] admin-group."
        ],
        examples: ["log-level", "log-level debug"],
        action: { .request(.logLevel($0.positional.first)) }),
      text: { "the log level is \(printable($0["level"].string ?? "?"))\n" })
  }

  static func configShow() -> MethodRow<Face> {
    MethodRow(
      .configShow,
      command: Command(
        arguments: [.init(spelling: "show|check|reload")],
        summary: "Show, check or reload the daemon's configuration.",
        details: [
          "show prints what counts now, without secrets. check reads the files and says what is wrong with them, also if the daemon does not run. "
            + "reload applies what can be applied in a call and says what needs a restart; with a mistake in the files "
            + "nothing changes. SIGHUP does the same. reload is for root and [control] admin-group."
        ],
        examples: ["config show", "config check", "config reload"],
        action: {
          switch $0.positional[0] {
          case "show": .request(.configShow)
          case "check": .request(.configCheck)
          default: .request(.configReload)
          }
        }),
      text: { ResultText.multiline($0["text"].string ?? "") })
  }

  static func configCheck() -> MethodRow<Face> {
    MethodRow(
      .configCheck,
      text: {
        let problems = ResultText.lines($0["problems"])
        return problems.utf8.isEmpty ? "the configuration is as it should be\n" : problems
      })
  }

  static func configReload() -> MethodRow<Face> {
    MethodRow(
      .configReload, rights: .administrator, text: { ResultText.reload($0) })
  }

  static func version() -> MethodRow<Face> {
    MethodRow(
      .version,
      command: Command(
        summary: "The versions of lintelctl and of the daemon.", examples: ["version"],
        action: { _ in .request(.version) }),
      text: { "lintelctl \(lintelVersion)\nlinteld \(printable($0["version"].string ?? "?"))\n" })
  }
}
