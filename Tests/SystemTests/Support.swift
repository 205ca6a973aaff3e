import CLinux
import Configuration
import Foundation
import Testing

@testable import System

/// A folder that goes with the test.
final class Folder {
  let path: String

  init() {
    path = "\(NSTemporaryDirectory())lintel-\(UInt64.random(in: 0 ... .max))"
    mkdir(path, 0o700)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ text: String, _ name: String, mode: mode_t = 0o600) throws -> String {
    try write(Array(text.utf8), name, mode: mode)
  }

  @discardableResult
  func write(_ bytes: [UInt8], _ name: String, mode: mode_t = 0o600) throws -> String {
    let full = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: parentFolder(of: full), withIntermediateDirectories: true, attributes: nil)
    try Data(bytes).write(to: URL(fileURLWithPath: full))
    chmod(full, mode)
    return full
  }

  var names: [String] { (try? FileManager.default.subpathsOfDirectory(atPath: path))?.sorted() ?? [] }
}

/// What a start would refuse, line by line; empty if it would start.
func refusal(
  _ folder: Folder, pending: [(name: String, text: String)] = [], candidate: ConfigurationFiles.File? = nil
) -> [String] {
  do throws(ConfigurationUnusable) {
    _ = try Settings.forStart(
      at: folder.path + "/lintel.conf", .sources(in: folder.path, pending: pending), candidate: candidate)
    return []
  } catch {
    return error.lines.map { $0.replacingOccurrences(of: folder.path, with: "F") }
  }
}
