/// One line for the journal.
public struct LogEntry: Equatable, Sendable {
  /// Syslog's (RFC 5424 §6.2.1), as sd-daemon(3) prefixes them.
  public enum Priority: Int, Sendable {
    case error = 3
    case warning = 4
    case notice = 5
    case info = 6
  }

  public var priority: Priority
  public var text: String

  public init(_ priority: Priority, _ text: String) {
    self.priority = priority
    self.text = text
  }
}
