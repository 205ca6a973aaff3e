/// How much the control socket may make the daemon hold, and a reply the command line.
public enum ControlLimits {
  /// The longest request, with its line end. The largest legal one is a join with a token.
  public static let requestLineBytesMax = 64 * 1024
  /// The longest reply or notification that lintelctl takes.
  public static let replyLineBytesMax = 1024 * 1024
  /// Values in one request: a legal one has fewer than ten.
  public static let requestValuesMax = 256

  /// An id that is a text. It is echoed, so it counts against what is queued for the client.
  public static let requestIDBytesMax = 128
  public static let urlBytesMax = 2048
  /// A text that `send` takes; a longer one is a file.
  public static let sentTextBytesMax = 32 * 1024
  /// protocol: an RPC request of version 1 carries no more.
  public static let rpcPayloadBytesMax = 15_360
  public static let rpcTimeoutSecondsMax: Int64 = 600
  public static let dtmfDigitsMax = 64
  /// Identities, topics, names of methods, files and buttons.
  public static let nameBytesMax = 256
  public static let attributesMax = 32
  public static let attributeBytesMax = 4096
  /// What one `send-file.data` carries: two chunks of a stream.
  public static let filePieceBytesMax = 30_000
  public static let fileBytesMax: Int64 = min(1 << 40, Int64(Int.max))
  public static let pressMillisecondsDefault = 200
  public static let pressMillisecondsMax: Int64 = 60_000
  /// A token with every grant and 8 kB of metadata.
  public static let tokenBytesMax = 16 * 1024

  /// What may wait for a client that does not read. Beyond it events are dropped and counted, and no further
  /// request is taken until it reads.
  public static let outgoingBytesMax = 256 * 1024
  /// Events that `events.subscribe` tells of the time before.
  public static let recentEventsMax = 64
  /// Participants that a status lists; the rest is counted.
  public static let statusParticipantsMax = 100
  public static let statusTracksMax = 16
}
