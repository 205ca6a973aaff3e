import Base

/// Every command and common option of lintelctl, in the order of the documentation.
public enum CommandTable {
  public static let defaultSocket = "/run/lintel/control.sock"
  public static let socketVariable = "LINTEL_SOCKET"
  public static let joinWaitSecondsDefault = 15
  public static let joinWaitSecondsMax = 3600
  public static let rpcTimeoutSecondsDefault = 15

  public static let commonOptions: [Command.Option] = [
    .init(
      name: "--socket", value: "PATH",
      summary: "The daemon's socket (default: \(socketVariable) if set, else \(defaultSocket))."),
    .init(name: "--json", value: nil, summary: "Print JSON: one value per result, one line per event."),
    .init(name: "--help", value: nil, summary: "Print help; after a command, help for that command."),
  ]

  public static let exitStatuses: [(status: ExitCode, meaning: String)] = [
    (.done, "done"), (.failed, "failed"), (.usage, "wrong usage"), (.unreachable, "daemon not reachable"),
    (.notAllowed, "not allowed"),
  ]

  public static let all: [Command] =
    statusCommands + callCommands + wordCommands + deviceCommands + serviceCommands

  public static func command(_ name: String) -> Command? { all.first { $0.name == name } }
}
