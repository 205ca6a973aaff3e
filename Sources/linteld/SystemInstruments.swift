import AudioEngine
import Base
import Configuration
import Device
import System

/// The instruments over the audio engine's counters and /proc.
final class SystemInstruments: Instruments {
  private let uplink: Uplink
  private let downlink: Downlink

  init(uplink: Uplink, downlink: Downlink) {
    self.uplink = uplink
    self.downlink = downlink
  }

  var unixMilliseconds: Int64 { WallClock.unixMilliseconds }

  var sound: SoundReadings {
    SoundReadings(uplink: uplink.statistics, downlink: downlink.statistics, echo: uplink.echoState)
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
