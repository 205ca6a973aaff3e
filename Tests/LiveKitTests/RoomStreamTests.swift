import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// Streams, chat and transcriptions through the room, in both directions.
@Suite struct RoomStreamTests {
  static func header(_ streamID: Name, topic: Name, total: UInt64? = nil) -> DataPacket.Value {
    var header = OutgoingStreamTests.header(streamID, total: total)
    header.topic = topic
    header.timestampMilliseconds = 5
    return .streamHeader(header)
  }

  static func words(_ bench: Bench) -> [String] {
    bench.events.compactMap { event in
      switch event {
      case .streamOpened(let stream): "opened \(stream.topic) by \(stream.identity)"
      case .streamChunk(_, let bytes): "chunk \(bytes.count)"
      case .streamEnded(let stream, let failure):
        "ended \(stream.topic) \(failure?.description ?? "well")"
      case .textReceived(let text, let stream): "text \(stream.topic) \(text)"
      case .chatReceived(let message): "chat \(message.id) \(message.identity): \(message.text)"
      case .transcription(let segment):
        "\(segment.speakerIdentity): \(segment.text)" + (segment.isFinal ? "." : "")
      case .outgoingStreamEnded(let id, let failure): "sent \(id.value) \(failure?.description ?? "well")"
      case .streamWritable(let id): "writable \(id.value)"
      default: nil
      }
    }
  }

  @Test func aLineOfChatIsOneStream() throws {
    let bench = try Bench.withData()
    let id = try bench.room.sendChat("Grüß Gott", to: ["agent"], now: bench.now)
    bench.drain()
    let packets = bench.sentPackets
    try #require(packets.count == 3)
    #expect(packets.map(\.destinations) == [["agent"], ["agent"], ["agent"]])
    guard case .streamHeader(let header) = packets[0].value else {
      Issue.record("no header")
      return
    }
    #expect(header.topic == "lk.chat")
    #expect(header.mimeType == "text/plain")
    #expect(header.isText)
    #expect(header.totalBytes == 11)
    #expect(header.streamID.utf8Count == 36)
    #expect(header.timestampMilliseconds == Bench.wall * 1000)
    #expect(
      packets[1].value
        == .streamChunk(
          .init(streamID: header.streamID, index: 0, content: Array("Grüß Gott".utf8))))
    #expect(packets[2].value == .streamTrailer(.init(streamID: header.streamID)))
    #expect(Self.words(bench) == ["sent \(id.value) well"])
    #expect(bench.room.streamStatistics.sent == 1)
  }

  @Test func chatComesInStreamsAndPackets() throws {
    let bench = try Bench.withData()
    bench.deliver(Self.header("s1", topic: "lk.chat"))
    bench.deliver(.streamChunk(.init(streamID: "s1", index: 0, content: Array("Hal".utf8))))
    bench.deliver(.streamChunk(.init(streamID: "s1", index: 1, content: Array("lo".utf8))))
    #expect(Self.words(bench).isEmpty)
    bench.deliver(.streamTrailer(.init(streamID: "s1")))
    bench.deliver(
      .chat(.init(id: "c1", timestampMilliseconds: 7, message: "Servus")), from: "phone")
    bench.deliver(
      .chat(.init(id: "c1", timestampMilliseconds: 8, message: "", isDeleted: true)), from: "phone")
    #expect(Self.words(bench) == ["chat s1 agent: Hallo", "chat c1 phone: Servus"])
  }

  @Test func otherTopicsComeInPiecesOrWhole() throws {
    let bench = try Bench.withData()
    bench.room.core.streams = Streams(limits: Limits(), wholeTextTopics: ["notes"])
    for topic in ["notes", "files"] as [Name] {
      bench.deliver(Self.header(topic, topic: topic, total: 4))
      bench.deliver(.streamChunk(.init(streamID: topic, index: 0, content: [0x61, 0x62])))
      bench.deliver(.streamChunk(.init(streamID: topic, index: 1, content: [0x63, 0x64])))
      bench.deliver(.streamTrailer(.init(streamID: topic)))
    }
    bench.deliver(Self.header("n", topic: "notes", total: 4))
    bench.deliver(.streamTrailer(.init(streamID: "n")))
    #expect(
      Self.words(bench) == [
        "text notes abcd", "opened files by agent", "chunk 2", "chunk 2", "ended files well",
        "ended notes the stream ended after 0 of 4 bytes",
      ])
  }

  /// As the agents framework sends what it heard of us: in our name, beside a packet.
  @Test func whatTheAgentHeard() throws {
    let bench = try Bench.withData()
    var header = OutgoingStreamTests.header("s1")
    header.topic = "lk.transcription"
    header.attributes = [
      .init(key: "lk.segment_id", value: "SG_1"),
      .init(key: "lk.transcription_final", value: "false"),
    ]
    let packet = DataPacket.Transcription(
      identity: "door", segments: [.init(id: "SG_x", text: "Hello")])
    bench.deliver(.transcription(packet), sid: "PA_agent")
    bench.deliver(.streamHeader(header), from: "door", sid: "PA_agent")
    bench.deliver(
      .streamChunk(.init(streamID: "s1", content: Array("Hello".utf8))), from: "agent",
      sid: "PA_agent")
    bench.deliver(
      .streamTrailer(
        .init(streamID: "s1", attributes: [.init(key: "lk.transcription_final", value: "true")])),
      from: "agent", sid: "PA_agent")
    bench.deliver(.transcription(packet), sid: "PA_agent")
    #expect(Self.words(bench) == ["door: Hello", "door: Hello", "door: Hello."])
    #expect(bench.room.streamStatistics.duplicateTranscriptions == 1)
  }

  @Test func aSlowChannelHoldsTheWriterBack() throws {
    let bench = try Bench.withData()
    let stream = try bench.room.openByteStream(topic: "t", name: "", to: [], now: bench.now)
    bench.publisher?.sendFailure = .full(bufferedBytes: 9)
    let piece = [UInt8](repeating: 1, count: 100_000)
    try bench.room.write(piece, to: stream, now: bench.now)
    try bench.room.write(piece, to: stream, now: bench.now)
    #expect(throws: DataFailure.self) { try bench.room.write(piece, to: stream, now: bench.now) }
    bench.drain()
    #expect(Self.words(bench).isEmpty)
    bench.publisher?.sendFailure = nil
    bench.publisher?.becomeWritable()
    bench.drain()
    #expect(Self.words(bench) == ["writable \(stream.value)"])
    #expect(bench.room.sentBytes(stream) == 200_000)
    try bench.room.write(piece, to: stream, now: bench.now)
    try bench.room.closeStream(stream, reason: "enough", now: bench.now)
    bench.drain()
    #expect(Self.words(bench).last == "sent \(stream.value) well")
    #expect(
      OutgoingStreamTests.contents(bench.sentPackets.map(\.value)).map(\.count).reduce(0, +)
        == 300_000)
    guard case .streamTrailer(let trailer) = bench.sentPackets.last?.value else {
      Issue.record("no trailer")
      return
    }
    #expect(trailer.reason == "enough")
    #expect(bench.room.sentBytes(stream) == nil)
  }

  /// A text that does not fit is refused before its header is out.
  @Test func allOfATextOrNothing() throws {
    let bench = try Bench.withData()
    #expect(throws: DataFailure.tooLarge(bytes: 262_145, max: 262_144)) {
      try bench.room.sendText(String(repeating: "x", count: 262_145), topic: "t", now: bench.now)
    }
    bench.publisher?.sendFailure = .full(bufferedBytes: 9)
    try bench.room.sendText(String(repeating: "x", count: 200_000), topic: "t", now: bench.now)
    #expect(throws: DataFailure.self) {
      try bench.room.sendText(String(repeating: "x", count: 100_000), topic: "t", now: bench.now)
    }
    #expect(bench.room.core.streams.outgoing.open.count == 1)
  }

  @Test func aChannelThatNeverOpensIsGivenUp() throws {
    let bench = try Bench(rpcMethods: ["echo"])
    try bench.connect()
    bench.answerOffer()
    let stream = try bench.room.sendChat("x", now: bench.now)
    bench.drain()
    bench.idle(29_999)
    #expect(Self.words(bench).isEmpty)
    bench.idle(2)
    #expect(Self.words(bench) == ["sent \(stream.value) the stream did not go on"])
    let second = try bench.room.sendChat("x", now: bench.now)
    bench.openChannels()
    #expect(Self.words(bench).last == "sent \(second.value) well")
    #expect(bench.sentPackets.count == 3)
  }

  @Test func nothingOutlivesTheSession() throws {
    let bench = try Bench.withData()
    let stream = try bench.room.openTextStream(topic: "t", now: bench.now)
    bench.deliver(Self.header("s", topic: "in"))
    bench.loseSession()
    #expect(
      Self.words(bench) == [
        "opened in by agent", "ended in the connection was lost",
        "sent \(stream.value) the connection was lost",
      ])
    #expect(throws: DataFailure.notJoined) {
      try bench.room.openTextStream(topic: "t", now: bench.now)
    }
    #expect(throws: DataFailure.unknownStream) {
      try bench.room.write([1], to: stream, now: bench.now)
    }
  }

  @Test func theRightToSendIsTakenBack() throws {
    let bench = try Bench.withData()
    let stream = try bench.room.openTextStream(topic: "t", now: bench.now)
    bench.server(
      Server.update([Server.participant("door", "PA_me", version: 5, canPublishData: false)]))
    #expect(Self.words(bench) == ["sent \(stream.value) the connection was lost"])
    #expect(throws: DataFailure.notAllowed) { try bench.room.sendChat("x", now: bench.now) }
  }

  @Test func aSenderThatLeavesOrJoinsAgainEndsItsStreams() throws {
    let bench = try Bench.withData()
    bench.server(Server.update([Server.participant("a", "PA_a"), Server.participant("b", "PA_b")]))
    bench.deliver(Self.header("1", topic: "of a"), from: "a")
    bench.deliver(Self.header("2", topic: "of b"), from: "b")
    bench.server(Server.update([Server.participant("a", "PA_a", version: 2, state: 3)]))
    bench.server(Server.update([Server.participant("b", "PA_b2", version: 1)]))
    #expect(
      Self.words(bench).dropFirst(2) == [
        "ended of a the sender left", "ended of b the sender left",
      ])
  }

  @Test func silenceEndsAStreamByTheClock() throws {
    let bench = try Bench.withData()
    bench.deliver(Self.header("1", topic: "t"))
    bench.idle(60_000)
    #expect(Self.words(bench).last == "ended t the stream did not go on")
  }
}
