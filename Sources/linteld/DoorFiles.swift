import Base
import CLinux
import Configuration
import Device

/// The code of the door, and what of the door survives a restart.
enum DoorFiles {
  /// The settings with the code that stands in a file of its own.
  static func readCode(_ settings: Settings) throws(StartFailure) -> Settings {
    var settings = settings
    if settings.door.code != nil {
      Journal.write(
        .warning, "[door] dtmf-code: whoever reads the configuration knows the code; use dtmf-code-file")
    }
    guard settings.door.output != nil, let path = settings.door.codeFile else {
      return settings
    }
    switch Files.readToken(path) {
    case .success(let code):
      guard isDoorCode(code) else { throw .doorCode("\(path) does not hold a code: \(doorCodeLegal)") }
      settings.door.code = code
    case .failure(let failure): throw .doorCode(failure.words)
    }
    return settings
  }

  static func statePath(_ settings: Settings) -> String? {
    guard settings.door.output != nil else { return nil }
    let folder = settings.device.stateFolder ?? environment("STATE_DIRECTORY")
    guard let folder else {
      Journal.write(
        .warning, "[device] state-directory is not set, so a restart forgives wrong codes of the door")
      return nil
    }
    return folder + "/door.json"
  }

  /// nil if there is none yet.
  static func readState(_ path: String) -> [UInt8]? {
    do throws(Files.Failure) {
      return try Files.read(path, bytesMax: DeviceLimits.storedStateBytesMax).bytes
    } catch {
      if error.code != ENOENT { Journal.write(.warning, "\(path): \(error.words)") }
      return nil
    }
  }

  /// The old state or the new one, whenever the power fails: written beside, then renamed.
  static func writeState(_ bytes: [UInt8], _ path: String) {
    let fresh = path + ".new"
    do throws(Files.Failure) {
      try Files.write(bytes, fresh)
      guard rename(fresh, path) == 0 else { throw Files.Failure(code: lintel_errno()) }
      try Files.synchronizeFolder(of: path)
    } catch {
      Journal.write(.error, "the state of the door cannot be kept: \(path): \(error.words)")
    }
  }
}

extension Files {
  /// Replaces the file and waits until it is on the medium; others cannot read it.
  static func write(_ bytes: [UInt8], _ path: String) throws(Failure) {
    let descriptor = lintel_open_for_writing(path, 0o600)
    guard descriptor >= 0 else { throw Failure(code: lintel_errno()) }
    defer { _ = close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        CLinux.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
      }
      if count < 0, lintel_errno() != EINTR { throw Failure(code: lintel_errno()) }
      written += max(0, count)
    }
    guard fsync(descriptor) == 0 else { throw Failure(code: lintel_errno()) }
  }

  /// The new name is on the medium only when its folder is.
  static func synchronizeFolder(of path: String) throws(Failure) {
    let bytes = Array(path.utf8)
    let slash = bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0
    let descriptor = lintel_open_for_reading(String(decoding: bytes[...slash], as: UTF8.self))
    guard descriptor >= 0 else { throw Failure(code: lintel_errno()) }
    defer { _ = close(descriptor) }
    guard fsync(descriptor) == 0 else { throw Failure(code: lintel_errno()) }
  }
}
