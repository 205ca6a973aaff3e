import Base
import Testing

@testable import LiveKit

/// What was said, each segment once, however it is told.
@Suite struct TranscriptionTests {
  /// Streams through the reader into the assembler, as the room does it.
  final class Listener {
    var streams = IncomingStreams(limits: Limits())
    var transcriptions = Transcriptions(memoryMax: 16)
    var heard: [String] = []
    var segments: [TranscriptionSegment] = []
    private var next = 0

    /// A stream in these chunks, as the agent `PA_agent` sends it for `speaker`.
    func stream(
      _ segment: String, _ chunks: [String], speaker: Name = "agent", final: String? = "false",
      finalAtEnd: String? = nil, reason: String = "", endless: Bool = false
    ) {
      next += 1
      let origin = PacketOrigin(identity: speaker, sid: "PA_agent")
      let now = Instant(microseconds: 0)
      var header = OutgoingStreamTests.header("stream \(next)")
      header.topic = "lk.transcription"
      header.attributes = [
        .init(key: "lk.segment_id", value: segment), .init(key: "lk.transcribed_track_id", value: "TR_1"),
      ]
      if let final { header.attributes.append(.init(key: "lk.transcription_final", value: final)) }
      tell(streams.header(header, from: origin, collects: true, now: now))
      for (index, chunk) in chunks.enumerated() {
        tell(
          streams.chunk(
            .init(streamID: header.streamID, index: UInt64(index), content: Array(chunk.utf8)), from: origin,
            now: now))
      }
      if endless { return }
      var trailer = DataPacket.StreamTrailer(streamID: header.streamID, reason: reason)
      if let finalAtEnd { trailer.attributes = [.init(key: "lk.transcription_final", value: finalAtEnd)] }
      tell(streams.trailer(trailer, from: origin))
    }

    func packet(
      _ segment: Name, _ text: String, final: Bool = false, speaker: Name = "agent",
      sid: Name = "PA_agent"
    ) {
      let packet = DataPacket.Transcription(
        identity: speaker, trackSID: "TR_1",
        segments: [.init(id: segment, text: text, isFinal: final, language: "en")])
      for segment in transcriptions.packet(packet, sender: PacketOrigin(identity: "agent", sid: sid)) {
        note(segment)
      }
    }

    func tell(_ changes: [IncomingStreams.Change]) {
      for change in changes {
        switch change {
        case .opened: break
        case .chunk(let stream, _):
          transcriptions.grew(stream, content: streams.collected(stream.id)).map(note)
        case .ended(let stream, let content, let failure):
          transcriptions.ended(stream, content: content, failure).map(note)
        }
      }
    }

    private func note(_ segment: TranscriptionSegment) {
      segments.append(segment)
      heard.append("\(segment.id) \(segment.speakerIdentity): \(segment.text)" + (segment.isFinal ? "." : ""))
    }
  }

  @Test func anAgentsWordsGrowAndEnd() {
    let listener = Listener()
    listener.stream("SG_1", ["Good ", "day"], finalAtEnd: "true")
    #expect(listener.heard == ["SG_1 agent: Good ", "SG_1 agent: Good day", "SG_1 agent: Good day."])
    #expect(listener.segments.last?.trackSID == "TR_1")
  }

  @Test func aPersonsWordsAreReplaced() {
    let listener = Listener()
    listener.stream("SG_1", ["I am"], speaker: "door")
    listener.stream("SG_1", ["I'm the post"], speaker: "door")
    listener.stream("SG_1", ["I'm the ", "postman"], speaker: "door", final: "true", finalAtEnd: "true")
    #expect(listener.heard == ["SG_1 door: I am", "SG_1 door: I'm the post", "SG_1 door: I'm the postman."])
  }

  @Test func withoutAttributesTheEndIsFinal() {
    let listener = Listener()
    listener.stream("SG_1", ["yes"], final: nil)
    #expect(listener.heard == ["SG_1 agent: yes", "SG_1 agent: yes."])
  }

  @Test func aCharacterIsNotToldByHalves() {
    let listener = Listener()
    let origin = PacketOrigin(identity: "agent", sid: "PA_agent")
    let now = Instant(microseconds: 0)
    listener.tell(
      listener.streams.header(
        {
          var header = OutgoingStreamTests.header("x")
          header.topic = "lk.transcription"
          return header
        }(), from: origin, collects: true, now: now))
    for (index, byte) in Array("né".utf8).enumerated() {
      listener.tell(
        listener.streams.chunk(
          .init(streamID: "x", index: UInt64(index), content: [byte]), from: origin, now: now))
    }
    #expect(listener.heard == ["x agent: n", "x agent: n", "x agent: né"])
  }

  @Test func aBrokenStreamMakesFinalWhatWasSaid() {
    let listener = Listener()
    listener.stream("SG_1", ["Wait, I"], reason: "interrupted")
    #expect(listener.heard.last == "SG_1 agent: Wait, I.")
    listener.stream("SG_2", ["One mo"], endless: true)
    listener.tell(listener.streams.senderLeft(PacketOrigin(identity: "agent", sid: "PA_agent")))
    #expect(listener.heard.last == "SG_2 agent: One mo.")
    listener.stream("SG_3", [], reason: "nothing")
    #expect(listener.heard.count == 4)
  }

  @Test func packetsAloneAreHeard() {
    let listener = Listener()
    listener.packet("SG_1", "Good")
    listener.packet("SG_1", "Good")
    listener.packet("SG_1", "Good day")
    listener.packet("SG_1", "Good day", final: true)
    listener.packet("SG_1", "Good day", final: true)
    listener.packet("SG_1", "Good", final: false)
    #expect(listener.heard == ["SG_1 agent: Good", "SG_1 agent: Good day", "SG_1 agent: Good day."])
    #expect(listener.transcriptions.duplicates == 3)
    #expect(listener.segments.last?.language == "en")
  }

  /// The agents framework: packet and stream of the same words under two ids, the packet first.
  @Test func packetsBesideStreamsAreHeardOnce() {
    let listener = Listener()
    listener.packet("SG_legacy", "Good ")
    listener.stream("SG_new", ["Good "], endless: true)
    listener.packet("SG_legacy", "Good day")
    listener.tell(
      listener.streams.chunk(
        .init(streamID: "stream 1", index: 1, content: Array("day".utf8)),
        from: PacketOrigin(identity: "agent", sid: "PA_agent"), now: Instant(microseconds: 0)))
    listener.packet("SG_legacy", "Good day", final: true)
    listener.tell(
      listener.streams.trailer(
        .init(streamID: "stream 1", attributes: [.init(key: "lk.transcription_final", value: "true")]),
        from: PacketOrigin(identity: "agent", sid: "PA_agent")))
    listener.packet("SG_legacy2", "Bye")
    listener.stream("SG_new2", ["Bye"], finalAtEnd: "true")
    #expect(
      listener.heard == [
        "SG_legacy agent: Good ", "SG_legacy agent: Good ", "SG_legacy agent: Good day",
        "SG_legacy agent: Good day.", "SG_new2 agent: Bye", "SG_new2 agent: Bye.",
      ])
  }

  /// Of each speaker the segment under way goes on; that of the other one is another.
  @Test func theSpeakersAreKeptApart() {
    let listener = Listener()
    listener.packet("SG_a", "Hello", speaker: "agent")
    listener.packet("SG_b", "Is", speaker: "door")
    listener.stream("SG_c", ["Is"], speaker: "door")
    listener.stream("SG_d", ["Hello"], speaker: "agent")
    listener.stream("SG_c", ["Is it"], speaker: "door", final: "true")
    #expect(
      Array(listener.heard.dropFirst(2)) == ["SG_b door: Is", "SG_a agent: Hello", "SG_b door: Is it."])
  }

  @Test func sameIdOfAnotherSenderIsTheSameSegment() {
    let listener = Listener()
    listener.stream("SG_1", ["Hi"], finalAtEnd: "true")
    listener.packet("SG_1", "Hi", final: true, sid: "PA_other")
    listener.packet("SG_2", "Ho", final: true, sid: "PA_other")
    #expect(listener.heard == ["SG_1 agent: Hi", "SG_1 agent: Hi.", "SG_2 agent: Ho."])
  }

  @Test func whatIsRememberedIsBounded() {
    let listener = Listener()
    for number in 0..<1000 {
      listener.packet("SG_\(number)", "x", sid: "PA_\(number)")
      listener.stream("SG_s\(number)", ["y"], finalAtEnd: "true")
    }
    #expect(listener.transcriptions.count <= 48)
    #expect(listener.segments.count == 3000)
  }
}
