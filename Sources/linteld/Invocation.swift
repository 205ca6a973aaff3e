import Base
import Configuration

/// What the command line asks for.
enum Invocation {
  case run(configuration: String)
  case checkConfiguration(String)
  case doctor(configuration: String)
  case printed(String)
  case refused(String)

  static let defaultPath = "/etc/lintel/lintel.conf"

  static let help = """
    usage: linteld [--config FILE] [--check-config | --doctor | --print-config | --version | --help]

    The voice of a door: joins a LiveKit room and carries sound between it and the board's sound card.
    It stays in the foreground and logs to standard error; a service manager does the rest. Talk to it
    with lintelctl.

      --config FILE    read FILE, then the *.conf of FILE.d in the order of their names
                       (default \(defaultPath))
      --check-config   say what is wrong with the configuration, and exit: 0 if nothing, 1 otherwise
      --doctor         test everything once, print it as JSON and exit: what `lintelctl doctor` does
                       when the daemon does not run
      --print-config   print a configuration with every key, its default and what it may be
      --version        print the version
      --help           print this

    SIGTERM and SIGINT leave the room and end. Exit status: 0 ended as asked, 1 could not run,
    2 wrong usage.
    """

  init(_ arguments: [String]) {
    var path = Self.defaultPath
    var check = false
    var doctor = false
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--config":
        guard let value = rest.popFirst() else {
          self = .refused("--config wants a file")
          return
        }
        path = value
      case "--check-config": check = true
      case "--doctor": doctor = true
      case "--print-config":
        self = .printed(Settings.exampleText)
        return
      case "--version":
        self = .printed("linteld \(lintelVersion)")
        return
      case "--help", "-h":
        self = .printed(Self.help)
        return
      default:
        self = .refused("unknown argument '\(argument)'")
        return
      }
    }
    self =
      doctor
      ? .doctor(configuration: path)
      : check ? .checkConfiguration(path) : .run(configuration: path)
  }
}
