import Foundation
import Synchronization

/// What the program printed and ended with.
struct Outcome {
  let status: Int32
  let output: String
  let errors: String

  init(running arguments: [String], environment: [String: String], input: String) throws {
    let process = Process()
    process.executableURL = builtProducts().appendingPathComponent("lintelctl")
    process.arguments = arguments
    process.environment = environment
    let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stderr
    try process.run()
    stdin.fileHandleForWriting.write(Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    // The outputs of the tests are smaller than a pipe holds, so one may be read after the other.
    output = String(decoding: stdout.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    errors = String(decoding: stderr.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    status = process.terminationStatus
  }
}

/// The folder of the test bundle, in which the programs lie too. The bundle is a library that was loaded, so the map
/// of the process's memory names it.
func builtProducts() -> URL {
  let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
  for line in maps.split(separator: "\n") where line.hasSuffix(".xctest") {
    guard let slash = line.firstIndex(of: "/") else { continue }
    return URL(fileURLWithPath: String(line[slash...])).deletingLastPathComponent()
  }
  return URL(fileURLWithPath: ".build/debug")
}

func socketPath() -> String { "/tmp/lintel-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))" }

/// A Unix socket server that serves one client after the other and answers each line as told.
final class Server: Sendable {
  /// Lines to send, and whether to hang up then.
  struct Answer: Sendable {
    let lines: [String]
    let thenClose: Bool

    init(_ lines: String..., thenClose: Bool = false) {
      self.lines = lines
      self.thenClose = thenClose
    }
  }

  let path: String
  private let descriptor: Int32
  private let lines = Mutex<[String]>([])

  /// Every line that was heard.
  var heard: [String] { lines.withLock { $0 } }

  /// `answer` gives nil to hang up.
  init(path: String = socketPath(), answer: @escaping @Sendable (String) -> Answer?) throws {
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address) { raw in
      for (index, byte) in path.utf8.enumerated() { raw[2 + index] = byte }
    }
    let bound = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, __CONST_SOCKADDR_ARG(__sockaddr__: $0), socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0, listen(descriptor, 4) == 0 else { throw POSIXError(.EADDRINUSE) }
    let thread = Thread { [self] in
      while case let client = accept(descriptor, __SOCKADDR_ARG(__sockaddr__: nil), nil), client >= 0 {
        serve(client, answer)
        close(client)
      }
      // By whoever uses it: another one's socket may get the number at once.
      close(descriptor)
    }
    thread.start()
  }

  /// Nobody listens any more. The socket's file may stay, as after a crash.
  func stop(leavingFile: Bool = false) {
    if !leavingFile { unlink(path) }
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  private func serve(_ client: Int32, _ answer: (String) -> Answer?) {
    var pending: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(client, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      pending += buffer[..<count]
      while let end = pending.firstIndex(of: 0x0A) {
        let line = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeFirst(end + 1)
        lines.withLock { $0.append(line) }
        guard let answer = answer(line) else { return }
        let bytes = Array(answer.lines.map { $0 + "\n" }.joined().utf8)
        _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        if answer.thenClose { return }
      }
    }
  }
}
