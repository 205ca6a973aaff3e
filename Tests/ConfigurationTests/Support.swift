import Testing

@testable import Configuration

func parse(_ text: String, name: String = "/etc/lintel/lintel.conf") throws -> Settings {
  try Settings.parse(files: [(name: name, text: text)])
}

/// The failure that `files` end in.
func failure(
  _ files: (name: String, text: String)..., at location: SourceLocation = #_sourceLocation
) -> ConfigurationFailure {
  do throws(ConfigurationFailure) {
    _ = try Settings.parse(files: files)
  } catch {
    return error
  }
  Issue.record("no failure", sourceLocation: location)
  return ConfigurationFailure(problems: [], problemsLeftOut: 0)
}

/// The sentences of the failure that one file named `c` ends in.
func sentences(_ text: String, at location: SourceLocation = #_sourceLocation) -> String {
  failure((name: "c", text: text), at: location).description
}
