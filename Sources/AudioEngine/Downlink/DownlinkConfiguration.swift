/// How long tracks wait before they play, and how much memory is taken at start for tracks to come.
public struct DownlinkConfiguration: Equatable, Sendable {
  /// The delay from arrival to playout that a track starts with, in milliseconds; within floor and ceiling.
  public var playoutDelayMilliseconds = 40
  /// The floor (5...400 ms): what a perfect network gets. Where the caller asks for
  /// nothing but whole periods (`Downlink.samplesNext`), up to 10 ms go by before a packet is seen, and come on top of
  /// what the network needs.
  public var playoutDelayMillisecondsMin = 5
  /// The ceiling, up to 400 ms.
  public var playoutDelayMillisecondsMax = 400
  /// The share of packets that the delay lets arrive in time, 50...100 percent.
  public var quantilePercent = 95
  /// Slots, 1...8: each has its decoder and its packets.
  public var tracksMax = AudioLimits.tracksMax
  /// The ring from the reactor thread, 4096 bytes or more; rounded up to a power of two.
  public var ringBytes = AudioLimits.downlinkRingBytes

  public init() {}

  func validate() throws(AudioFailure) {
    try check("jitter-max-ms", playoutDelayMillisecondsMax, 20...400)
    try check("jitter-min-ms", playoutDelayMillisecondsMin, 5...playoutDelayMillisecondsMax)
    try check(
      "jitter-ms", playoutDelayMilliseconds, playoutDelayMillisecondsMin...playoutDelayMillisecondsMax)
    try check("jitter-quantile", quantilePercent, 50...100)
    try check("tracks-max", tracksMax, 1...AudioLimits.tracksMax)
    try check("ring-bytes", ringBytes, 4096...AudioLimits.downlinkRingBytes)
  }
}
