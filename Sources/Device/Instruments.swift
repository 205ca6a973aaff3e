/// What is read off the machine at the moment it is asked for. The program implements it over the audio engine
/// and the operating system, a test over numbers.
public protocol Instruments: AnyObject {
  /// The wall clock in UTC, for the times of tokens and events; it may be wrong and may jump.
  var unixMilliseconds: Int64 { get }
  var sound: SoundReadings { get }
  /// Since `.beginSoundProbe`.
  var soundProbe: SoundProbeReadings { get }
  /// Of this process; nil where the system does not tell.
  var memory: MemoryReadings? { get }
  /// What was recorded before the call, once it was handed over.
  var preConnectRecording: FirstWords? { get }
  /// Its next samples from this position on, 16-bit little-endian mono at 16 kHz; nil at its end.
  func preConnectBytes(from position: UInt32) -> [UInt8]?
}

/// What the audio engine counted since start.
public struct SoundReadings: Equatable, Sendable {
  /// dBov, 0 (full scale) ... -127 (silence).
  public var captureLevelDecibels = -127
  public var playbackLevelDecibels = -127
  public var packetsReceived = 0
  public var packetsLost = 0
  public var concealedMilliseconds = 0
  /// From arrival to the speaker, of the track that waits longest.
  public var delayMilliseconds = 0
  /// How fast the microphone's clock runs against the machine's, and the heard one's against the speaker's.
  public var captureDriftPartsPerMillion = 0
  public var playoutDriftPartsPerMillion = 0

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

/// What a self-test learned of microphone and speaker.
public struct SoundProbeReadings: Equatable, Sendable {
  /// Periods of 10 ms that the microphone delivered.
  public var periods = 0
  /// From the lowest to the highest sample; 0...2 is no sound at all.
  public var span = 0
  /// dBov of all of it and of its loudest period.
  public var averageDecibels = -127
  public var loudestDecibels = -127
  /// The tone went to the speaker.
  public var wasPlayed = false
  /// dBov of the tone in the microphone, and how long after it was given to the speaker; nil if it was not heard.
  public var heardDecibels: Int?
  public var echoMilliseconds: Int?

  public init() {}
}
