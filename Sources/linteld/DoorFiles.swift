import Configuration
import Device
import System

/// What of the door survives a restart.
enum DoorFiles {
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
    do throws(FileFailure) {
      return try Files.read(path, bytesMax: DeviceLimits.doorStateBytesMax).bytes
    } catch {
      if !error.isAbsence { Journal.write(.warning, error.description) }
      return nil
    }
  }

  static func writeState(_ bytes: [UInt8], _ path: String) {
    do throws(FileFailure) {
      try NewFile.write([NewFile(path: path, bytes: bytes)])
    } catch {
      Journal.write(.error, "the state of the door cannot be kept: \(error)")
    }
  }
}
