import Base
import Configuration
import Control
import JSON

/// Why the configuration's files cannot be used, one line for each mistake.
public struct ConfigurationMistakes: Error, Equatable, Sendable {
  public var lines: [String]

  public init(lines: [String]) { self.lines = lines }
}

/// What becomes of a configuration that was read anew.
struct ConfigurationRead {
  private(set) var change = ReloadResult()
  private(set) var problems: [String] = []

  /// Takes over what can be taken over, unless it was to be checked only.
  init(
    _ result: Result<Settings, ConfigurationMistakes>, for asker: ConfigurationAsker,
    into settings: inout Settings
  ) {
    switch (result, asker) {
    case (.failure(let mistakes), _): problems = mistakes.lines
    case (.success, .check): break
    case (.success(let fresh), _): change = settings.reload(fresh)
    }
  }

  var isAboutTheStay: Bool {
    change.applied.contains {
      $0.utf8.begins(with: "[token]") || $0.utf8.begins(with: "[session]")
    }
  }

  var changesVolume: Bool { change.applied.contains("[audio] volume") }

  func answers(_ asker: ConfigurationAsker) -> [Effect] {
    let list = { (texts: [String]) in JSONValue.array(texts.map { .string($0) }) }
    switch asker {
    case .check(let asker): return [.succeed(.object([.init("problems", list(problems))]), asker)]
    case .reload(let asker):
      let result = JSONValue.object([
        .init("applied", list(change.applied)), .init("needs_restart", list(change.needsRestart)),
        .init("problems", list(problems)),
      ])
      return [.succeed(result, asker)] + lines
    case .signal: return lines
    }
  }

  private var lines: [Effect] {
    let end = problems.isEmpty ? "the configuration was read anew" : "the configuration stays as it was"
    return problems.map { .log(.error, $0) }
      + change.needsRestart.map { .log(.warning, "\($0) has changed, which needs a restart") }
      + [.log(.notice, end)]
  }
}
