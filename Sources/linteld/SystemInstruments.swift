import AudioEngine
import Base
import Board
import Configuration
import Device
import System

/// The instruments over the audio engine's counters and /proc.
final class SystemInstruments: Instruments {
  private let uplink: Uplink
  private let downlink: Downlink
  private let stateFolder: String?
  private let isStandIn: Bool
  private var refused = HostReadings()

  init(_ sound: SoundPath, _ state: StateFile, isStandIn: Bool) {
    uplink = sound.uplink
    downlink = sound.downlink
    stateFolder = state.path.map { parentFolder(of: $0) }
    self.isStandIn = isStandIn
    sound.onRefusal = { self.note($0) }
  }

  /// What the sound path was refused.
  private func note(_ event: AudioDeviceEvent) {
    switch event {
    case .realtimeRefused(let reason): refused.realtimeRefusal = reason
    case .memoryNotLocked(let reason): refused.memoryRefusal = reason
    default: break
    }
  }

  /// The folder may have become read-only since the start, as a dying card does. A stand-in has neither the service's
  /// folder nor its socket.
  var host: HostReadings {
    var host = refused
    host.hasSocket = !isStandIn
    if isStandIn { return host }
    guard let stateFolder else {
      host.stateProblem = "there is no folder for it"
      return host
    }
    host.stateProblem = Files.folderFault(stateFolder)
    return host
  }

  var unixMilliseconds: Int64 { WallClock.unixMilliseconds }

  var sound: SoundReadings {
    SoundReadings(
      uplink: uplink.statistics, downlink: downlink.statistics, echo: uplink.echoState,
      echoReducedDecibels: uplink.echoReducedDecibels)
  }
  var soundProbe: SoundProbeReading { uplink.probe.reading }

  func secret(at path: String) -> Result<String, TokenFileFailure> { Secrets.read(path, in: .handedOver) }

  func preConnectBytes(from position: UInt32) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: 2 * Self.pieceSamples) { buffer, count in
      // PCM16 is little-endian, as every machine is that this runs on.
      count = buffer.withMemoryRebound(to: Int16.self) { 2 * uplink.readPreConnect(from: position, into: $0) }
    }
    return bytes.isEmpty ? nil : bytes
  }

  /// One chunk of a stream.
  private static let pieceSamples = 7_500

  var memory: MemoryReadings? {
    guard let bytes = try? Files.read("/proc/self/status", bytesMax: 16_384).bytes,
      let resident = Self.kilobytes("VmRSS:", bytes), let anonymous = Self.kilobytes("RssAnon:", bytes)
    else { return nil }
    return MemoryReadings(residentKilobytes: resident, anonymousKilobytes: anonymous)
  }

  /// The number in a line such as `VmRSS:      9876 kB` (proc_pid_status(5)).
  private static func kilobytes(_ label: String, _ text: [UInt8]) -> Int? {
    for line in text.split(separator: 0x0A) where line.starts(with: label.utf8) {
      return decimal(line.filter { isDigit($0) })
    }
    return nil
  }
}
