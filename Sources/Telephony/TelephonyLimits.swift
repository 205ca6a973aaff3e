/// How long servers may take, and how much they and people may say.
public enum TelephonyLimits {
  // Requests.

  /// Of a request that rings nobody, or does not wait until somebody answers.
  public static let answerMilliseconds = 10_000
  /// Added to the time that somebody is rung.
  public static let ringGraceMilliseconds = 2_000
  /// What one key of a request takes, or one pause, as the bridge types them.
  public static let keyMilliseconds = 520
  /// How long somebody is rung where nothing was said; LiveKit's own clients have the same.
  public static let ringSecondsDefault = 30
  /// The server's own bound of a request that waits and names no time.
  public static let serverRingSecondsMax = 80
  /// What a time that somebody asks for is reckoned with: a day.
  public static let ringSecondsMax = 86_400
  /// Protobuf's bound of a Duration.
  public static let durationSecondsMax: Int64 = 315_576_000_000

  // Checks, which are the server's.

  public static let displayNameBytesMax = 128
  public static let headerNameBytesMax = 255
  public static let headerValueBytesMax = 1_024
  public static let mediaTimeoutSecondsMax = 600
  public static let keysMax = 64

  // Numbers.

  /// ITU-T E.164 §6.
  public static let e164DigitsMax = 15
  /// Of a number that only a trunk or an exchange understands.
  public static let localDigitsMax = 32
  public static let userBytesMax = 64

  // Answers.

  public static let answerBytesMax = 1 << 20
  public static let answerValuesMax = 65_536
  /// Words of a server that are repeated.
  public static let wordsBytesMax = 300

  // Regions.

  public static let regionAttemptsMax = 3
  public static let regionPauseMilliseconds = 200
  public static let regionListMilliseconds = 2_000
  /// A request with less time than this is sent once.
  public static let regionRequestMillisecondsMin = 5_000

  // Webhooks.

  public static let webhookBytesMax = 262_144
  public static let authorizationBytesMax = 4_096
  public static let clockLeewaySeconds: Int64 = 60
  public static let attributesMax = 64
  public static let nameBytesMax = 1_024
  public static let formBytesMax = 16_384
  public static let formFieldsMax = 64
  public static let addressBytesMax = 2_048
  public static let offerBytesMax = 32_768
  public static let callIDBytesMax = 256
  public static let callsPerWebhookMax = 16
  public static let challengeBytesMax = 256
  public static let replayEventsMax = 1_024
  public static let replaySeconds: Int64 = 600
}
