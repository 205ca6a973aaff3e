import Base

/// What somebody said, as the agent's speech recognition or its own text has it. The same id comes again with the
/// whole text so far until `isFinal`.
public struct TranscriptionSegment: Equatable, Sendable {
  public var id: Name
  /// As much of it as the limits let through.
  public var text: String
  public var isFinal: Bool
  /// Of the participant who spoke: us, somebody else or the agent itself.
  public var speakerIdentity: Name
  /// Of the session that sent it, as the server says.
  public var senderSID: Name
  /// The track in which it was spoken; empty for text that is not spoken.
  public var trackSID: Name
  /// Empty where the agent does not say.
  public var language: String
}

/// Makes segments of the streams of topic `lk.transcription` and of the older packets, each once. Pure.
///
/// An agent's speech is one stream a segment, to which words are added; of a person's speech every better guess is a
/// new stream with the same segment id. Agents send the same text in packets as well, for older clients, and give it
/// other segment ids there: a sender that uses streams is not listened to in packets any more, and a segment that a
/// packet began goes on under its id when the stream comes.
struct Transcriptions {
  static let topic: Name = "lk.transcription"

  private struct Legacy {
    var sender: Name
    var speaker: Name
    var segment: DataPacket.Transcription.Segment
  }

  private var legacy: [Legacy] = []
  /// Senders that use streams, the segments of those streams, and the ids that packets gave some of them.
  private var streaming: [Name] = []
  private var streamed: [(segment: Name, id: Name)] = []
  /// Packets and segments that streams bring, too.
  private(set) var duplicates = 0
  private let memoryMax: Int

  init(memoryMax: Int) { self.memoryMax = memoryMax }

  /// Everything that is remembered; never more than four times `memoryMax`.
  var count: Int { legacy.count + streaming.count + streamed.count }

  /// More of a stream has come; `content` is all of it.
  mutating func grew(_ stream: IncomingStream, content: [UInt8]) -> TranscriptionSegment? {
    let id = identify(stream, key(stream.origin))
    // The last guess is told once, and whole.
    if stream.attributes["lk.transcription_final"] == "true" { return nil }
    return segment(stream, id, content, isFinal: false)
  }

  mutating func ended(
    _ stream: IncomingStream, content: [UInt8], _ failure: StreamFailure?
  ) -> TranscriptionSegment? {
    let id = identify(stream, key(stream.origin))
    // After a failure nothing more comes: what was said stands.
    guard failure != nil || stream.attributes["lk.transcription_final"] != "false" else { return nil }
    return segment(stream, id, content, isFinal: true)
  }

  mutating func packet(_ packet: DataPacket.Transcription, sender: PacketOrigin) -> [TranscriptionSegment] {
    var result: [TranscriptionSegment] = []
    let key = key(sender)
    let isStreaming = streaming.contains(key)
    for segment in packet.segments {
      if isStreaming || streamed.contains(where: { $0.segment == segment.id || $0.id == segment.id })
        || !remember(Legacy(sender: key, speaker: packet.identity, segment: segment))
      {
        duplicates &+= 1
        continue
      }
      result.append(
        TranscriptionSegment(
          id: segment.id, text: segment.text, isFinal: segment.isFinal, speakerIdentity: packet.identity,
          senderSID: sender.sid, trackSID: packet.trackSID, language: segment.language))
    }
    return result
  }

  mutating func clear() { self = Transcriptions(memoryMax: memoryMax) }

  private func key(_ sender: PacketOrigin) -> Name { sender.sid.isEmpty ? sender.identity : sender.sid }

  /// The id under which the segment of this stream is told.
  private mutating func identify(_ stream: IncomingStream, _ sender: Name) -> Name {
    let segment = stream.attributes["lk.segment_id"].flatMap { Name($0) } ?? stream.streamID
    if let known = streamed.first(where: { $0.segment == segment }) { return known.id }
    if !streaming.contains(sender) {
      if streaming.count == memoryMax { streaming.remove(at: 0) }
      streaming.append(sender)
    }
    var id = segment
    if let begun = legacy.firstIndex(where: {
      $0.sender == sender && $0.speaker == stream.identity && !$0.segment.isFinal
    }) {
      id = legacy.remove(at: begun).segment.id
    }
    if streamed.count == memoryMax { streamed.remove(at: 0) }
    streamed.append((segment, id))
    return id
  }

  /// False if the packet says nothing new.
  private mutating func remember(_ new: Legacy) -> Bool {
    if let index = legacy.firstIndex(where: { $0.segment.id == new.segment.id }) {
      let known = legacy[index].segment
      guard !known.isFinal, known != new.segment else { return false }
      legacy[index] = new
      return true
    }
    if legacy.count == memoryMax { legacy.remove(at: 0) }
    legacy.append(new)
    return true
  }

  private func segment(
    _ stream: IncomingStream, _ id: Name, _ content: [UInt8], isFinal: Bool
  ) -> TranscriptionSegment? {
    let whole = completeUTF8(content, from: 0, bytesMax: content.count)
    guard whole > 0 else { return nil }
    return TranscriptionSegment(
      id: id, text: String(decoding: content[..<whole], as: UTF8.self), isFinal: isFinal,
      speakerIdentity: stream.identity, senderSID: stream.senderSID,
      trackSID: stream.attributes["lk.transcribed_track_id"].flatMap { Name($0) } ?? "", language: "")
  }
}
