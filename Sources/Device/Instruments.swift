import AudioEngine
import Configuration

/// What is read off the machine at the moment it is asked for. The program implements it over the audio engine
/// and the operating system, a test over numbers.
public protocol Instruments: AnyObject {
  /// The wall clock in UTC, for the times of tokens and events; it may be wrong and may jump.
  var unixMilliseconds: Int64 { get }
  var sound: SoundReadings { get }
  /// Since `.beginSoundProbe`.
  var soundProbe: SoundProbeReading { get }
  /// What the machine refuses this process.
  var host: HostReadings { get }
  /// Of this process; nil where the system does not tell.
  var memory: MemoryReadings? { get }
  /// What a file with a secret holds now; it is asked for with every request that needs it, and not kept.
  func secret(at path: String) -> Result<String, TokenFileFailure>
  /// The next samples of what was recorded before the call from this position on, 16-bit little-endian mono at 16 kHz; nil at its end.
  func preConnectBytes(from position: UInt32) -> [UInt8]?
}

/// What the audio engine counted since start.
public struct SoundReadings: Equatable, Sendable {
  public var uplink: UplinkStatistics
  public var downlink: DownlinkStatistics
  /// Whether the speaker's echo is taken out of the microphone, and if not, why.
  public var echo: EchoState
  /// How much of it, in decibels; nil before any was heard.
  public var echoReducedDecibels: Int?

  public init(
    uplink: UplinkStatistics = .init(), downlink: DownlinkStatistics = .init(), echo: EchoState = .notWanted,
    echoReducedDecibels: Int? = nil
  ) {
    self.uplink = uplink
    self.downlink = downlink
    self.echo = echo
    self.echoReducedDecibels = echoReducedDecibels
  }
}

/// Why something is not as it should be, in words; nil: it is.
public struct HostReadings: Equatable, Sendable {
  /// Of the audio thread.
  public var realtimeRefusal: String?
  public var memoryRefusal: String?
  /// Of what has to survive a restart.
  public var stateProblem: String?
  /// There is a daemon, and it has one for clients.
  public var hasSocket = true

  public init() {}
}

public struct MemoryReadings: Equatable, Sendable {
  public var residentKilobytes: Int
  public var anonymousKilobytes: Int

  public init(residentKilobytes: Int, anonymousKilobytes: Int) {
    self.residentKilobytes = residentKilobytes
    self.anonymousKilobytes = anonymousKilobytes
  }
}
