import Base
import Configuration
import Control

/// Why the configuration's files cannot be used, one line for each mistake.
public struct ConfigurationMistakes: Error, Equatable, Sendable {
  public var lines: [String]

  public init(lines: [String]) { self.lines = lines }
}

/// Somebody waits for the configuration's files to be read.
enum ConfigurationAsker {
  case check(Asker)
  case reload(Asker)
  /// SIGHUP: what becomes of it stands in the journal.
  case signal
}

/// What whoever looks after the device asks for.
extension Device {
  /// false if the request is none of these.
  func handleService(_ request: Request, _ asker: Asker, _ now: Instant) -> Bool {
    switch request {
    case .doctor: beginDoctor(asker, now: now)
    case .stats: succeed(Metrics.json(metrics(now: now)), asker, now)
    case .metrics:
      let text = openMetrics(now: now)
      succeed(
        .object([.init("content_type", .string(Metrics.contentType)), .init("text", .string(text))]), asker,
        now)
    case .logLevel(let level): setLogLevel(level, asker, now)
    case .configShow: succeed(.object([.init("text", .string(settings.publicText))]), asker, now)
    case .configCheck: readConfiguration(.check(asker))
    case .configReload: readConfiguration(.reload(asker))
    case .doorOverride: overrideDoor(asker, now)
    default: return false
    }
    return true
  }

  func readConfiguration(_ asker: ConfigurationAsker) {
    configurationAskers.append(asker)
    emit(.readConfiguration)
  }

  func configurationRead(_ result: Result<Settings, ConfigurationMistakes>, now: Instant) {
    guard !configurationAskers.isEmpty else { return }
    var problems: [String] = []
    var change = ReloadResult()
    let asker = configurationAskers.removeFirst()
    switch (result, asker) {
    case (.failure(let mistakes), _): problems = mistakes.lines
    case (.success, .check): break
    case (.success(let fresh), _):
      change = settings.reload(fresh)
      applyReload(change, now: now)
    }
    let list = { (texts: [String]) in JSONValue.array(texts.map { .string($0) }) }
    switch asker {
    case .check(let asker): succeed(.object([.init("problems", list(problems))]), asker, now)
    case .reload(let asker):
      succeed(
        .object([
          .init("applied", list(change.applied)), .init("needs_restart", list(change.needsRestart)),
          .init("problems", list(problems)),
        ]), asker, now)
    case .signal: break
    }
    if case .check = asker { return }
    for problem in problems { log(.error, problem) }
    for key in change.needsRestart { log(.warning, "\(key) has changed, which needs a restart") }
    log(.notice, problems.isEmpty ? "the configuration was read anew" : "the configuration stays as it was")
  }

  /// What is not looked at whenever it is needed is told to whom it concerns.
  private func applyReload(_ change: ReloadResult, now: Instant) {
    let asksForAnother = change.applied.contains {
      $0.utf8.starts(with: "[token]".utf8) || $0.utf8.starts(with: "[session]".utf8)
    }
    if asksForAnother {
      tokens.warm = nil
      tokens.aheadDue = nil
      watchTokens(call.state, now: now)
    }
    if change.applied.contains("[audio] volume") { setVolume(settings.audio.volumePercent) }
  }

  private func setLogLevel(_ name: String?, _ asker: Asker, _ now: Instant) {
    if let name {
      guard let level = LogEntry.Priority.allCases.first(where: { $0.word == name }) else {
        return refuse(unknown: "log level", name, LogEntry.Priority.allCases.map { $0.word }, asker, now)
      }
      logLevel = level
    }
    succeed(.object([.init("level", .string(logLevel.word))]), asker, now)
  }
}
