import Configuration
import Device
import System

/// What survives a restart: a mute by hand, and the lock-out of the door.
enum StateFile {
  /// nil where there is no folder for it.
  static func path(_ settings: Settings) -> String? {
    guard let folder = settings.device.stateFolder ?? environment("STATE_DIRECTORY") else {
      Journal.write(
        settings.door.output == nil ? .info : .warning,
        "[device] state-directory is not set, so a restart forgets a mute and forgives wrong codes of the door"
      )
      return nil
    }
    return folder + "/state.json"
  }

  /// nil if there is none yet.
  static func read(_ path: String) -> [UInt8]? {
    do throws(FileFailure) {
      return try Files.read(path, bytesMax: DeviceLimits.storedStateBytesMax).bytes
    } catch {
      if !error.isAbsence { Journal.write(.warning, error.description) }
      return nil
    }
  }

  static func write(_ bytes: [UInt8], _ path: String) {
    do throws(FileFailure) {
      try NewFile.write([NewFile(path: path, bytes: bytes)])
    } catch {
      Journal.write(.error, "what has to survive a restart cannot be kept: \(error)")
    }
  }
}
