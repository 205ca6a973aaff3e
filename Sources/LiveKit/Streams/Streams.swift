import Base

/// Everything of streams that changes in a room.
struct Streams {
  var incoming: IncomingStreams
  var outgoing: OutgoingStreams
  var transcriptions: Transcriptions
  var transcripts: TranscriptBudget
  /// Topics whose texts are handed over as a whole.
  let wholeTextTopics: [Name]
  /// When ours are given up unless the channel takes something.
  var stalledUntil: Instant?

  init(limits: Limits, wholeTextTopics: [Name]) {
    incoming = IncomingStreams(limits: limits)
    outgoing = OutgoingStreams(limits: limits)
    transcriptions = Transcriptions(memoryMax: limits.transcriptionMemoryMax)
    transcripts = TranscriptBudget(sourcesMax: limits.transcriptionSourcesMax)
    self.wholeTextTopics = wholeTextTopics
  }

  var deadline: Instant? { earliest(incoming.deadline, stalledUntil) }

  enum Purpose { case pieces, wholeText, chat, transcription }

  func purpose(isText: Bool, topic: Name) -> Purpose {
    guard isText else { return .pieces }
    if topic == ChatMessage.topic { return .chat }
    if topic == Transcriptions.topic { return .transcription }
    return wholeTextTopics.contains(topic) ? .wholeText : .pieces
  }

  var statistics: StreamStatistics {
    var statistics = incoming.statistics
    statistics.sent = outgoing.sent
    statistics.duplicateTranscriptions = transcriptions.duplicates
    statistics.suppressedTranscriptions = transcripts.suppressed
    return statistics
  }
}

/// A line of text for people, from a stream of topic `lk.chat` or the older packet.
public struct ChatMessage: Equatable, Sendable {
  public static let topic: Name = "lk.chat"

  public var id: Name
  public var text: String
  /// Whose words they are; an agent may speak for somebody else.
  public var identity: Name
  /// Of the session that sent it, as the server says.
  public var senderSID: Name
  /// UTC since 1970, by the sender's clock.
  public var timestampMilliseconds: Int64
}
