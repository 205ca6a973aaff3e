import Configuration

/// Two files, parted by a byte that no text holds: whatever they say, either settings that can be written out and
/// read again unchanged, or a failure that can be told.
func fuzzConfiguration(_ bytes: [UInt8]) {
  let parts = bytes.split(separator: 0xFF, maxSplits: 1, omittingEmptySubsequences: false)
  let files = parts.map { (name: "/f", text: String(decoding: $0, as: UTF8.self)) }
  do throws(ConfigurationFailure) {
    let settings = try Settings.parse(files: files)
    let again = try Settings.parse(files: [(name: "/f", text: settings.text)])
    precondition(again == settings, "settings do not survive being written out")
  } catch {
    precondition(!error.description.utf8.isEmpty && !error.problems.isEmpty)
  }
}
