import Foundation

/// Descriptions recorded from a livekit-server and its clients, lines ended by LF.
enum Captures {
  static let names: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (files ?? []).filter { $0.hasSuffix(".sdp") }.map { String($0.dropLast(4)) }.sorted()
  }()

  static func text(_ name: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent(name + ".sdp"), encoding: .utf8)
  }

  /// As it went over the wire.
  static func wireText(_ name: String) throws -> String {
    try text(name).replacingOccurrences(of: "\n", with: "\r\n")
  }

  private static let folder = Bundle.module.bundleURL.appendingPathComponent("Captures")
}
