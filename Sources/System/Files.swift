import Base
import CLinux

/// An errno of a file or folder, with the system's words for it.
public struct FileFailure: Error, Equatable, Sendable, CustomStringConvertible {
  public let path: String
  public let code: Int32

  /// What the last call of the C library failed with.
  init(_ path: String) {
    self.path = path
    code = lintel_errno()
  }

  public var words: String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
  public var description: String { "\(path): \(words)" }
  public var isAbsence: Bool { code == ENOENT }
}

/// A file that is read with the rights of the program; closed when it is let go.
public final class OpenFile {
  private let descriptor: CInt
  private let path: String
  /// Permissions and type, as in st_mode.
  public let mode: UInt32
  /// nil where it has no length of its own, such as a pipe.
  public let bytes: Int?

  /// `-` is standard input, for a program that says so; nothing else is called that.
  public init(_ path: String) throws(FileFailure) {
    let opened = path == "-" ? dup(STDIN_FILENO) : lintel_open_for_reading(path)
    guard opened >= 0 else { throw FileFailure(path) }
    var information = stat()
    guard fstat(opened, &information) == 0 else {
      let failure = FileFailure(path)
      close(opened)
      throw failure
    }
    self.path = path
    descriptor = opened
    mode = UInt32(information.st_mode)
    let isRegular = mode & UInt32(S_IFMT) == UInt32(S_IFREG)
    bytes = isRegular ? Int(clamping: information.st_size) : nil
  }

  deinit { close(descriptor) }

  /// What is there now, up to `bytesMax`; empty at the end.
  public func read(bytesMax: Int) throws(FileFailure) -> [UInt8] {
    while true {
      var failure: FileFailure?
      let bytes = [UInt8](unsafeUninitializedCapacity: bytesMax) { buffer, count in
        let received = CLinux.read(descriptor, buffer.baseAddress, bytesMax)
        if received < 0 { failure = FileFailure(path) }
        count = max(0, received)
      }
      guard let failure else { return bytes }
      if failure.code != EINTR { throw failure }
    }
  }

  /// At most `bytesMax` + 1 bytes, so that the caller sees that there was more.
  public func readWhole(bytesMax: Int) throws(FileFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count <= bytesMax {
      let more = try read(bytesMax: min(4096, bytesMax + 1 - bytes.count))
      if more.isEmpty { break }
      bytes += more
    }
    return bytes
  }
}

public enum Files {
  /// At most `bytesMax` + 1 bytes, so that the caller sees that there was more.
  public static func read(_ path: String, bytesMax: Int) throws(FileFailure) -> (bytes: [UInt8], mode: UInt32)
  {
    let file = try OpenFile(path)
    return (try file.readWhole(bytesMax: bytesMax), file.mode)
  }

  /// The names in a folder that end in `ending` and do not begin with a dot, sorted by byte; none if there is no such
  /// folder.
  public static func names(in folder: String, ending: String) -> [String] {
    guard let listing = opendir(folder) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = String(cString: lintel_entry_name(entry))
      if name.utf8.ends(with: ending), name.utf8.first != UInt8(ascii: ".") {
        names.append(name)
      }
    }
    return sortedByBytes(names)
  }

  /// Why nothing can be written into `folder`, or nil.
  public static func folderFault(_ folder: String) -> String? {
    access(folder, W_OK) == 0 ? nil : FileFailure(folder).description
  }

  /// Why no socket can be made at `path`, or nil. A folder below /run is made when the service starts.
  static func socketFault(_ path: String) -> String? {
    var information = stat()
    if lstat(path, &information) == 0 {
      let isSocket = UInt32(information.st_mode) & UInt32(S_IFMT) == UInt32(S_IFSOCK)
      return isSocket ? nil : "\(path) exists and is not a socket; it is not touched"
    }
    let folder = parentFolder(of: path)
    guard !folder.utf8.begins(with: "/run"), access(folder, F_OK) != 0 else { return nil }
    return "the folder \(folder) is missing"
  }

  /// Writes all of `bytes`; false if the other end does not want them.
  public static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        CLinux.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
      }
      if count < 0, lintel_errno() != EINTR { return false }
      written += max(0, count)
    }
    return true
  }
}
