import Foundation
import Testing

@testable import Reactor

/// The server in Tests/Interop/peers/websocket_peer.py, started once for all tests.
struct Peer {
  struct Description: Decodable {
    let ports: [String: Int]
    let token: String
    let caFile: String
  }

  static let interpreter = ProcessInfo.processInfo.environment["LINTEL_PEER_PYTHON"]
  static let isMissing: Comment = "LINTEL_PEER_PYTHON names no interpreter with aiohttp"
  /// nil if it did not start.
  static let shared: Peer? = try? Peer()

  let description: Description
  // Held open: the peer ends when its standard input does, which is when the tests end.
  private let input = Pipe()
  private let process = Process()

  private init() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lintel-peer-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Interop/peers/websocket_peer.py").standardized
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: Peer.interpreter ?? "")
    process.arguments = [script.path, folder.path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    var line = Data()
    while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty, byte != Data([10]) {
      line += byte
    }
    description = try JSONDecoder().decode(Description.self, from: line)
  }

  var token: String { description.token }
  var caFile: String { description.caFile }

  func url(_ port: String = "plain", _ path: String = "/rtc", host: String = "localhost") -> String {
    "\(port == "plain" ? "ws" : "wss")://\(host):\(description.ports[port] ?? 0)\(path)"
  }
}
