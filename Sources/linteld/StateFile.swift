import Configuration
import Device
import Reactor
import System

/// What survives a restart: a mute by hand, and the lock-out of the door. It is written beside the loop, as voice
/// does not wait for a disk, nor an opened door.
final class StateFile {
  /// Something is not on the medium yet.
  var isLate: Bool { writing?.isUnderWay ?? false }

  let path: String?
  private var writing: Errand?
  private let patience: Timer

  init(_ loop: EventLoop, _ settings: Settings) {
    patience = Timer(loop)
    guard let folder = settings.device.stateFolder ?? environment("STATE_DIRECTORY") else {
      Journal.write(
        settings.door.output == nil ? .info : .warning,
        "[device] state-directory is not set, so a restart forgets a mute and forgives wrong codes of the door"
      )
      path = nil
      return
    }
    let path = folder + "/state.json"
    self.path = path
    writing = Errand(loop) { bytes in
      do throws(FileFailure) {
        try NewFile.write([NewFile(path: path, bytes: bytes)])
        return nil
      } catch {
        return error.description
      }
    } then: { problem in
      if let problem { Journal.write(.error, "what has to survive a restart cannot be kept: \(problem)") }
      if self.patience.deadline != nil, !self.isLate { self.patience.onFire?() }
    }
  }

  /// Calls `then` once everything that was written is on the medium, or when that takes too long.
  func whenKept(_ then: @escaping () -> Void) {
    guard isLate else { return then() }
    patience.onFire = then
    patience.schedule(afterMilliseconds: Self.patienceMilliseconds)
  }

  private static let patienceMilliseconds = 3_000

  /// At start: nil if there is none yet.
  func read() -> [UInt8]? {
    guard let path else { return nil }
    do throws(FileFailure) {
      return try Files.read(path, bytesMax: DeviceLimits.storedStateBytesMax).bytes
    } catch {
      if !error.isAbsence { Journal.write(.warning, error.description) }
      return nil
    }
  }

  func write(_ bytes: [UInt8]) { writing?.run(bytes) }

  /// When the loop has ended. The network is this machine's and not ours to touch: whoever it belongs to waits for
  /// this file (lintel-reset-network.path).
  func wishNetworkReset() {
    var problem = "[device] state-directory is not set"
    if let folder = path?.utf8.dropLast("state.json".utf8.count) {
      do throws(FileFailure) {
        let path = String(decoding: folder, as: UTF8.self) + "reset-network"
        return try NewFile.write([NewFile(path: path, bytes: [])])
      } catch {
        problem = error.description
      }
    }
    Journal.write(.error, "nobody learns that the network is to be reset: \(problem)")
  }
}
