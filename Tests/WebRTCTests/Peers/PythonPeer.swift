import Foundation

/// A peer in Python that answers each line with a line. The environment variable LINTEL_PEER_PYTHON names an
/// interpreter that has the packages of Tests/Interop/requirements.txt; without it these tests are skipped.
final class PythonPeer {
  static let interpreter = ProcessInfo.processInfo.environment["LINTEL_PEER_PYTHON"]
  static let isAvailable = interpreter != nil
  static let skipReason = "LINTEL_PEER_PYTHON names no python with aiortc and pylibsrtp"

  struct Failure: Error { var words: String }

  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var buffer = Data()

  init(_ script: String) throws {
    guard let interpreter = PythonPeer.interpreter else { throw Failure(words: PythonPeer.skipReason) }
    let peers = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Interop/peers")
    process.executableURL = URL(fileURLWithPath: interpreter)
    process.arguments = [peers.appendingPathComponent(script).path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.terminate()
    process.waitUntilExit()
  }

  func send(_ line: String) throws {
    try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
  }

  /// Blocks until the peer answers or ends.
  func receive() throws -> String {
    while true {
      if let line = takeLine() { return line }
      try fill()
    }
  }

  /// The answer, if one is there already.
  func poll() throws -> String? {
    var state = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
    if Foundation.poll(&state, 1, 0) > 0 { try fill() }
    return takeLine()
  }

  func ask(_ line: String) throws -> String {
    try send(line)
    return try receive()
  }

  private func fill() throws {
    let data = output.fileHandleForReading.availableData
    guard !data.isEmpty else { throw Failure(words: "the peer ended") }
    buffer.append(data)
  }

  private func takeLine() -> String? {
    guard let end = buffer.firstIndex(of: 0x0A) else { return nil }
    let line = String(decoding: buffer[buffer.startIndex..<end], as: UTF8.self)
    buffer = Data(buffer[(end + 1)...])
    return line
  }
}
