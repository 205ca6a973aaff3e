import Base
import CLinux
import CUv

/// The file that a Unix socket is bound to.
enum UnixPath {
  static let bytesMax = 107

  /// Takes away a socket file that a dead process left behind; a live one, or another kind of file, is an error.
  static func removeIfStale(_ path: String) throws(ReactorFailure) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & UInt32(S_IFMT) == UInt32(S_IFSOCK) else { throw .notASocket(path: path) }
    guard !somebodyAnswers(path) else { throw .somebodyListens(path: path) }
    guard unlink(path) == 0 || lintel_errno() == ENOENT else {
      throw .system(action: "removing the old socket \(path)", code: -lintel_errno())
    }
  }

  /// A bound, listening-ready descriptor. Nobody can connect before the mode and the group are right, because
  /// nothing listens yet.
  static func bind(_ path: String, mode: UInt32, group: UInt32?) throws(ReactorFailure) -> Int32 {
    var address = sockaddr_un()
    guard lintel_sockaddr_unix(&address, path) == 1 else { throw .pathTooLong(path: path) }
    let descriptor = lintel_unix_socket()
    guard descriptor >= 0 else { throw .system(action: "creating a Unix socket", code: -lintel_errno()) }
    var action = "binding \(path)"
    var result = lintel_unix_bind(descriptor, &address)
    if result == 0 {
      action = "setting the rights of \(path)"
      result = chmod(path, mode)
    }
    if result == 0, let group {
      action = "giving \(path) to the group \(group)"
      result = chown(path, uid_t.max, group)
    }
    guard result == 0 else {
      let code = -lintel_errno()
      _ = CLinux.close(descriptor)
      if code == -ENOENT { action += ", whose folder is missing" }
      throw .system(action: action, code: code)
    }
    return descriptor
  }

  private static func somebodyAnswers(_ path: String) -> Bool {
    var address = sockaddr_un()
    guard lintel_sockaddr_unix(&address, path) == 1 else { return false }
    let descriptor = lintel_unix_socket()
    guard descriptor >= 0 else { return true }
    defer { _ = CLinux.close(descriptor) }
    let result = lintel_unix_connect(descriptor, &address)
    // A full backlog (EAGAIN) also means that somebody is there.
    return result == 0 || lintel_errno() == EAGAIN
  }
}
