import Base
import CLinux

/// A file that is to stand at `path` whole or not at all, whenever the power fails: it is written beside its place,
/// brought to the medium, and renamed.
public struct NewFile: Sendable {
  public let path: String
  public let bytes: [UInt8]
  /// Permissions, such as 0o600.
  public let mode: UInt32

  public init(path: String, bytes: [UInt8], mode: UInt32 = 0o600) {
    self.path = path
    self.bytes = bytes
    self.mode = mode
  }

  /// Writes all of them, or changes nothing: each is on the medium before the first takes its place, so a mistake or
  /// a full disk leaves what was there.
  public static func write(_ files: [NewFile]) throws(FileFailure) {
    do throws(FileFailure) {
      for file in files { try file.prepare() }
    } catch {
      for file in files { unlink(file.temporary) }
      throw error
    }
    for file in files { try file.takePlace() }
  }

  private var temporary: String { path + ".new" }

  private func prepare() throws(FileFailure) {
    // One that a power cut left, or that somebody else put there, is not written into.
    unlink(temporary)
    let descriptor = lintel_open_for_writing(temporary, 0o600)
    guard descriptor >= 0 else { throw FileFailure(temporary) }
    defer { close(descriptor) }
    guard Files.write(bytes, to: descriptor), fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else {
      throw FileFailure(temporary)
    }
  }

  /// The new name is on the medium only when its folder is.
  private func takePlace() throws(FileFailure) {
    guard rename(temporary, path) == 0 else {
      let failure = FileFailure(path)
      unlink(temporary)
      throw failure
    }
    let descriptor = lintel_open_for_reading(parentFolder(of: path))
    guard descriptor >= 0 else { throw FileFailure(path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileFailure(path) }
  }

  /// Makes the last folder of `path`, if it is the only one that is missing; any other that is missing shows when a
  /// file is written.
  public static func makeFolder(_ path: String) { mkdir(path, 0o755) }
}
