/// One line for the journal.
public struct LogEntry: Equatable, Sendable {
  /// Syslog's (RFC 5424 §6.2.1), as sd-daemon(3) prefixes them.
  public enum Priority: Int, CaseIterable, Sendable {
    case error = 3
    case warning = 4
    case notice = 5
    case info = 6
    case debug = 7

    /// As `lintelctl log-level` names it.
    var word: String {
      switch self {
      case .error: "error"
      case .warning: "warning"
      case .notice: "notice"
      case .info: "info"
      case .debug: "debug"
      }
    }
  }

  public var priority: Priority
  public var text: String
  /// The name of the event that the line tells of; nil where it is none.
  public var event: String?

  public init(_ priority: Priority, _ text: String, event: String? = nil) {
    self.event = event
    self.priority = priority
    self.text = text
  }
}
