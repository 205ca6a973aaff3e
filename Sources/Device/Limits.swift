/// How much the outside may make the device hold.
public enum DeviceLimits {
  /// A token with every grant and 8 kB of metadata, as the control socket takes it too.
  public static let tokenBytesMax = 16 * 1024
  /// Technicians, scripts and a monitor at the same time.
  public static let controlClientsMax = 32

  /// One more than a code has, so that a longer entry is no code.
  public static let typedKeysMax = 17
  /// Participants in the middle of an entry.
  public static let typingParticipantsMax = 16
  /// Events of one kind that others may cause at once, and how long one more takes after that.
  public static let eventBurst = 20
  public static let eventRefillMilliseconds = 500
  /// What an event repeats of a text from the room.
  public static let eventTextBytesMax = 4096
  /// RPC calls of ours that wait for their answer.
  public static let pendingCallsMax = 64
  /// Files that are being sent.
  public static let filesMax = 4
  public static let askedIndicatorMilliseconds = 3000
  /// How long the agent may take to take or give a turn.
  public static let turnAnswerMilliseconds = 5000
  public static let doorStateBytesMax = 1024
}
