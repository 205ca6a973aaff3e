import Base
import Configuration
import Control
import JSON

/// Somebody waits for the configuration's files to be read.
enum ConfigurationAsker: Equatable {
  case check(Asker)
  case reload(Asker)
  /// SIGHUP: what becomes of it stands in the journal.
  case signal
}

/// What the device tells of itself: events to whoever watches, lines to the journal, and what is counted.
struct Report {
  let version: String
  let startedAt: Instant
  private var history = EventHistory()
  private var budgets: [(name: String, budget: EventBudget)] = []
  private var logLevel = LogEntry.Priority.info
  private var configurationAskers: [ConfigurationAsker] = []
  /// Something was told since the indicator was looked at.
  private var indicatorIsStale = true
  private(set) var calls = 0
  private(set) var callFailures = 0
  private(set) var webhookRefusals = 0
  /// Events and lines that had no budget left.
  private(set) var suppressions = 0
  var published = PublishedState()
  /// As many as `counted` has rows.
  private(set) var counts = counted.map { _ in 0 }

  /// Events that are figures, too.
  static let counted: [(event: String, metric: String, help: String)] = [
    ("call.ringing", "lintel_phone_rung", "People who were rung from here, as far as it rang."),
    ("call.answered", "lintel_phone_answered", "Those of them who answered."),
    ("call.failed", "lintel_phone_failures", "People who were not reached, for whatever reason."),
    ("ring.started", "lintel_rings", "Calls that rang this device."),
    ("door.forced", "lintel_door_forced", "Times the door was opened, and not by its lock."),
    ("door.left_open", "lintel_door_left_open", "Times the door stood open for too long."),
    ("ring.answered", "lintel_rings_answered", "Those of them that were answered here."),
  ]

  init(version: String, startedAt: Instant) {
    self.version = version
    self.startedAt = startedAt
  }

  var recentEvents: [JSONValue] { history.recent }

  mutating func countCall() { calls += 1 }
  mutating func countCallFailure() { callFailures += 1 }
  mutating func countWebhookRefusal() { webhookRefusals += 1 }

  // MARK: - Events and lines

  /// To every subscriber, and to those who come later.
  mutating func tell(_ event: Event, unixMilliseconds: Int64) -> [Device.Output] {
    let json = event.json(unixMilliseconds: unixMilliseconds)
    history.append(json)
    indicatorIsStale = true
    if let row = Self.counted.firstIndex(where: { $0.event == event.name }) { counts[row] += 1 }
    let told = Device.Output.notify(json, unixMilliseconds: unixMilliseconds)
    return logLevel == .debug ? [told] + log(.debug, json.text, event: nil) : [told]
  }

  /// The same for what others can cause at will. Each budget is one kind of event and one kind of source, so that
  /// nobody uses up another's.
  mutating func tell(
    _ event: Event, within budget: String, unixMilliseconds: Int64, now: Instant
  ) -> [Device.Output] {
    guard let suppressed = spend(budget, now: now) else { return [] }
    let before =
      suppressed > 0
      ? tell(.eventsSuppressed(name: event.name, count: suppressed), unixMilliseconds: unixMilliseconds) : []
    return before + tell(event, unixMilliseconds: unixMilliseconds)
  }

  /// As `EventBudget.spend`.
  private mutating func spend(_ name: String, now: Instant) -> Int? {
    let index = budgets.firstIndex { $0.name == name } ?? budgets.count
    if index == budgets.count { budgets.append((name, EventBudget())) }
    let spent = budgets[index].budget.spend(now: now)
    if spent == nil { suppressions += 1 }
    return spent
  }

  func log(_ priority: LogEntry.Priority, _ text: String, event: String?) -> [Device.Output] {
    priority.rawValue <= logLevel.rawValue ? [.log(LogEntry(priority, text, event: event))] : []
  }

  mutating func log(
    _ priority: LogEntry.Priority, _ text: String, event: String?, within budget: String, now: Instant
  ) -> [Device.Output] {
    guard let suppressed = spend(budget, now: now) else { return [] }
    let more = suppressed > 0 ? " (and \(suppressed) more like it before)" : ""
    return log(priority, text + more, event: event)
  }

  /// Whether something was told since it was asked last.
  mutating func takeStaleness() -> Bool {
    defer { indicatorIsStale = false }
    return indicatorIsStale
  }

  mutating func noteChange() { indicatorIsStale = true }

  // MARK: - Asked by the technician

  mutating func setLogLevel(_ name: String?, _ asker: Asker) -> [Effect] {
    if let name {
      guard let level = LogEntry.Priority.allCases.first(where: { $0.word == name }) else {
        return [.refuse(unknown: "log level", name, LogEntry.Priority.allCases.map { $0.word }, asker)]
      }
      logLevel = level
    }
    return [.succeed(.object([.init("level", .string(logLevel.word))]), asker)]
  }

  mutating func wantConfiguration(_ asker: ConfigurationAsker) { configurationAskers.append(asker) }

  /// Whoever has waited longest for what was read now.
  mutating func takeConfigurationAsker() -> ConfigurationAsker? {
    configurationAskers.isEmpty ? nil : configurationAskers.remove(at: 0)
  }
}
