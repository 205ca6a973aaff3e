/// Everything in this room that a peer, a card or a configuration could make grow, with its bound.
public enum AudioLimits {
  /// Tracks that can be heard at once; each has its decoder and its packets allocated at start.
  public static let tracksMax = 8
  /// The longest Opus payload taken from or given to RTP (RFC 6716 §3.2: one frame has at most 1275 bytes).
  public static let payloadBytesMax = 1275
  /// Packets that one track may hold; a power of two. 32 packets of 20 ms are 640 ms.
  public static let packetsPerTrackMax = 32
  /// The ring from the reactor thread to the audio thread: about 300 packets of ordinary speech.
  public static let downlinkRingBytes = 32 * 1024
  /// The ring from the audio thread to the reactor thread: over a second of ordinary speech.
  public static let uplinkRingBytes = 8 * 1024
  /// Tones that wait to be played: about thirty.
  static let toneRingBytes = 512
  /// The microphone's gain.
  public static let gainDecibels = -20...30
  /// What the pre-connect buffer may hold: 30 s are 960 000 bytes.
  public static let preConnectMillisecondsMax = 30_000
  /// The longest packet that Opus knows is 120 ms (RFC 6716 §3.2.5).
  static let decodedSamplesMax = 120 * AudioFormat.samplesPerMillisecond
  /// A lost packet is concealed this long before the track falls silent.
  static let concealmentMillisecondsMax = 100
  /// A timestamp that is further away than this from where it was expected, and further than any delay explains,
  /// belongs to a clock that jumped.
  static let timelineJumpMilliseconds = 400
  /// A sender in DTX refreshes its comfort noise every 400 ms; after this long without, it is gone.
  static let comfortNoiseMillisecondsMax = 1000
  /// A packet that came longer ago than this is taken for one that came just then.
  static let ageMicrosecondsMax = 10_000_000
  /// A sequence number this far ahead, or further behind than `lateSequencesMax`, is another stream.
  static let aheadSequencesMax = 1000
  static let lateSequencesMax = 64
}
