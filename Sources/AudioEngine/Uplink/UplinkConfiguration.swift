/// How the microphone is treated and speech is encoded. `validate` says what is legal.
public struct UplinkConfiguration: Equatable, Sendable {
  /// Bits per second of the codec's payload, 6000...64 000.
  public var bitrate = 24_000
  /// 0 (cheapest) ... 10 (best).
  public var complexity = 5
  /// What one packet carries: 10, 20, 40 or 60 ms.
  public var frameMilliseconds = AudioFormat.frameMilliseconds
  /// The loss that the redundancy is made for, 0...50 percent.
  public var expectedLossPercent = 5
  /// Each packet repeats the one before it in a coarser form (RFC 6716 §2.1.7).
  public var inbandFEC = true
  /// Send nothing in silence; changed later by what the server's answer asks for.
  public var discontinuousTransmission = false
  /// Takes a constant offset and everything below 20 Hz away.
  public var blocksOffset = true
  /// -20...30 dB, with a limiter in place of clipping.
  public var gainDecibels = 0
  /// Takes the speaker's echo out of the microphone.
  public var echoCancellation = false
  public var noiseSuppression = false
  /// Brings quiet and loud talkers to the same level.
  public var automaticGain = false
  /// Closes the microphone while the speaker plays; there is no echo to cancel then.
  public var halfDuplex = false
  /// What the pre-connect buffer holds, 0...30 000 ms; all of it is allocated at start.
  public var preConnectMilliseconds = 10_000
  /// The ring to the reactor thread, 4096 bytes or more; rounded up to a power of two.
  public var ringBytes = AudioLimits.uplinkRingBytes

  public init() {}

  func validate() throws(AudioFailure) {
    try check("bitrate", bitrate, 6_000...64_000)
    try check("complexity", complexity, 0...10)
    try check("expected-loss", expectedLossPercent, 0...50)
    try check("ring-bytes", ringBytes, 4096...AudioLimits.uplinkRingBytes)
    try check("gain-db", gainDecibels, AudioLimits.gainDecibels)
    try check("pre-connect-ms", preConnectMilliseconds, 0...AudioLimits.preConnectMillisecondsMax)
    switch frameMilliseconds {
    case 10, 20, 40, 60: break
    default: throw .valueOutOfRange(key: "frame-ms", value: frameMilliseconds, legal: "10, 20, 40 and 60")
    }
  }
}
