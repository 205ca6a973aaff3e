import Base
import CLinux
import Control

/// The words of the command line, the program's name first. Embedded Swift has no `CommandLine`, so both builds ask
/// the kernel; nil if /proc is missing.
func programArguments() -> [String]? {
  guard let bytes = try? readFile("/proc/self/cmdline", bytesMax: 1 << 20) else { return nil }
  // Each word ends with a zero byte, so the last part of the split is no word.
  return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
    String(decoding: $0, as: UTF8.self)
  }
}

/// The value of an environment variable, nil if it is not set or empty.
func environment(_ name: String) -> String? {
  guard let value = getenv(name), value.pointee != 0 else { return nil }
  return String(cString: value)
}

func monotonicNow() -> Instant {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
}

/// Writes all of `text`; false if the other end does not want it.
func write(_ text: String, to descriptor: CInt) -> Bool {
  let bytes = Array(text.utf8)
  var written = 0
  while written < bytes.count {
    let count = bytes.withUnsafeBytes { raw in
      CLinux.write(descriptor, raw.baseAddress?.advanced(by: written), raw.count - written)
    }
    if count < 0, lintel_errno() != EINTR { return false }
    written += max(0, count)
  }
  return true
}

enum FileFailure: Error {
  case unreadable(path: String, code: CInt)
  case tooLong(path: String, bytesMax: Int)
  case empty(path: String)

  var description: String {
    switch self {
    case .unreadable(let path, let code): "\(path): \(String(cString: strerror(code)))"
    case .tooLong(let path, let bytesMax): "\(path): longer than \(bytesMax) bytes, so it is no token"
    case .empty(let path): "\(path): holds no token"
    }
  }
}

/// A file of `send-file`, read piece by piece with the caller's rights. It stays open as long as the program.
struct OpenFile {
  private let descriptor: CInt
  private let path: String
  /// nil where it has no length of its own, such as a pipe.
  let bytes: Int?

  init(_ path: String) throws(FileFailure) {
    self.path = path
    descriptor = path == "-" ? dup(STDIN_FILENO) : lintel_open_for_reading(path)
    guard descriptor >= 0 else { throw .unreadable(path: path, code: lintel_errno()) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw .unreadable(path: path, code: lintel_errno()) }
    let isRegular = information.st_mode & UInt32(S_IFMT) == UInt32(S_IFREG)
    bytes = isRegular ? Int(clamping: information.st_size) : nil
  }

  /// Empty at the end.
  func read(bytesMax: Int) throws(FileFailure) -> [UInt8] {
    try readPiece(descriptor, path, bytesMax: bytesMax)
  }
}

private func readPiece(_ descriptor: CInt, _ path: String, bytesMax: Int) throws(FileFailure) -> [UInt8] {
  while true {
    var code: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: bytesMax) { buffer, count in
      let received = CLinux.read(descriptor, buffer.baseAddress, buffer.count)
      code = received < 0 ? lintel_errno() : 0
      count = max(0, received)
    }
    if code == EINTR { continue }
    guard code == 0 else { throw .unreadable(path: path, code: code) }
    return bytes
  }
}

/// The token in a file, or on standard input for `-`, without the blanks and line ends around it.
func readToken(_ path: String) throws(FileFailure) -> String {
  let bytes = try readFile(path, bytesMax: ControlLimits.tokenBytesMax)
  let blank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
  guard let first = bytes.firstIndex(where: { !blank($0) }), let last = bytes.lastIndex(where: { !blank($0) })
  else { throw .empty(path: path) }
  return String(decoding: bytes[first...last], as: UTF8.self)
}

func readFile(_ path: String, bytesMax: Int) throws(FileFailure) -> [UInt8] {
  let descriptor = path == "-" ? dup(STDIN_FILENO) : lintel_open_for_reading(path)
  guard descriptor >= 0 else { throw .unreadable(path: path, code: lintel_errno()) }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  while true {
    let more = try readPiece(descriptor, path, bytesMax: 4096)
    if more.isEmpty { return bytes }
    bytes += more
    guard bytes.count <= bytesMax else { throw .tooLong(path: path, bytesMax: bytesMax) }
  }
}
