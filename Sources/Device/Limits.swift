/// How much the outside may make the device hold.
public enum DeviceLimits {
  /// Between two updates of what the device publishes of itself.
  public static let publishMilliseconds = 1_000
  /// Of a token endpoint: a token and what may stand beside it.
  public static let tokenAnswerBytesMax = 32 * 1024
  /// What a token fetched ahead must still live for to be dialled with.
  static let tokenSecondsMin: Int64 = 10
  static let warmTokenSecondsMin: Int64 = 60
  static let tokenRenewalSecondsMax = 6 * 3600
  /// Of a token signed here: long, because the board's clock may be hours behind.
  static let signedTokenSeconds: Int64 = 6 * 3600
  /// Technicians, scripts and a monitor at the same time.
  public static let controlClientsMax = 64

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
  /// What one press of a volume key changes.
  static let volumeStepPercent = 10
  public static let storedStateBytesMax = 1024
  /// How long the lock may be released without a pause, whoever asks how often, and the pause after that.
  static let doorOpenMillisecondsMax = 60_000
  static let doorRestMilliseconds = 5_000
  /// For so long after its lock was shut a door that opens is opened by somebody who was let in.
  static let doorGraceMilliseconds = 5_000
  /// For so long nobody hears or sees that media has stopped while the session is being resumed.
  static let resumePatienceMilliseconds = 2_000
  /// Before that a second press is impatience, unless somebody has answered.
  static let hangUpByPressMilliseconds = 3_000
  /// Calls and keys of who is not announced yet, and how long they wait for that: servers announce who publishes
  /// nothing in batches of 3 s.
  static let unannouncedMax = 64
  static let unannouncedOfOneMax = 8
  static let announcementMilliseconds = 4_000
  /// Of the server API: lists of participants with their metadata are what is long.
  static let serverAnswerBytesMax = 256 * 1024
  static let serverRequestsMax = 24
  /// What an answer may be late after the time that the server itself was given.
  static let serverGraceMilliseconds = 2_000
  /// What the end of the process waits for the answers of servers.
  static let serverEndMilliseconds = 3_000
  /// Of a token for one request.
  static let callTokenSeconds: Int64 = 600
  /// Digits that are dialled at the device, and the pause that forgets them.
  static let dialledKeysMax = 32
  static let dialledPauseMilliseconds = 8_000
  /// Sessions of callers that were looked at.
  static let offeredMax = 32
  /// People who are rung or talked to at the same time.
  static let legsMax = 12
  /// What a server may take longer than the time that it was given to ring.
  static let legGraceMilliseconds = 500
  /// Who left the room before the order was answered: so long for the answer, which knows why.
  static let legReasonMilliseconds = 1_500
  /// Between a caller's coming and his being declined.
  static let declineMilliseconds = 300
  /// As long as the keys may take that are typed after the answer.
  static let legKeysMilliseconds = 60_000
  /// As long as whoever is asked in the room to hang up may take, before it is left.
  static let farewellMilliseconds = 2_000
  /// A leg that is ended is asked to end again after this, if there was nothing to end yet, or nobody has answered, and
  /// for so long.
  static let legEndAgainMilliseconds = 150
  static let legEndPatienceMilliseconds = 1_000
  static let legEndMilliseconds = 5_000
  /// Between two questions to a carrier how a call stands.
  static let legLookMilliseconds = 1_000
  /// How long the audio thread may stand still before that is told; after twice that the process starts anew. A
  /// round without devices takes it 1.1 s, opening a bad device a few seconds.
  public static let audioStillMilliseconds = 5000
  /// The same for signalling, which moves at every answer to a ping and at every attempt to come back: far above
  /// the longest pause between attempts.
  public static let signallingStillMilliseconds = 180_000
}
