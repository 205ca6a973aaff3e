/// The one format inside the engine: signed 16-bit mono at 16 kHz, periods of 10 ms, Opus frames of 20 ms.
public enum AudioFormat {
  public static let sampleRate = 16_000
  public static let samplesPerMillisecond = 16
  /// What a card delivers or takes at once.
  public static let periodMilliseconds = 10
  public static let periodSamples = 160
  /// What one uplink packet carries.
  public static let frameMilliseconds = 20
  public static let frameSamples = 320
  /// The RTP clock of Opus is 48 kHz whatever the codec's rate (RFC 7587 §4.1): three ticks a sample.
  public static let rtpTicksPerSample = 3
}
