/// What went over the data channels since the room object was made.
public struct DataStatistics: Equatable, Sendable {
  public var packetsSent = 0
  public var packetsReceived = 0
  /// Reliable packets that were here before, by number or by nonce; dropped.
  public var duplicates = 0
  /// Packets that no protobuf decoder understands, and fields in them without which they mean nothing; dropped.
  public var malformed = 0
  /// Packets over the limit, of others (dropped) and of us (refused).
  public var oversized = 0
  /// Packets of ours that could not be sent: the channel never opened, or the queue was full.
  public var dropped = 0
  /// Packets of kinds, and on channels, that this client does not know.
  public var unknownKinds = 0
  /// Encrypted packets that no key of ours opens.
  public var encrypted = 0
  /// DTMF packets whose code is not that of their digit; the digit counts.
  public var contradictoryDigits = 0
  /// Acknowledgements and answers of calls that are over, or were never made.
  public var lateAnswers = 0
  /// Requests of others that were here before.
  public var repeatedRequests = 0
  /// Requests of others that were answered with an error without asking the application.
  public var refusedRequests = 0
  /// Acknowledgements and answers that were not sent, because whoever called is hidden.
  public var hiddenCallers = 0

  public init() {}
}
