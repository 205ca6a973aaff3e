import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// After a thousand streams and ten thousand packets the room remembers no more than after ten.
@Suite struct StreamMemoryTests {
  private final class Traffic {
    let bench: Bench
    private var sequence: UInt32 = 0

    init() throws { bench = try Bench.withData() }

    func deliver(_ value: DataPacket.Value) {
      sequence += 1
      bench.deliver(value, from: "agent", sequence)
    }

    /// One stream each way and of every kind, some of them broken, and packets beside them: 20 packets or more.
    func round(_ number: Int) throws {
      for (topic, isText) in [
        ("lk.chat", true), ("lk.transcription", true), ("pieces", true), ("bytes", false),
      ] as [(Name, Bool)] {
        var header = OutgoingStreamTests.header("\(topic) \(number)", text: isText)
        header.topic = topic
        header.attributes = [.init(key: "lk.segment_id", value: "SG_\(number)")]
        deliver(.streamHeader(header))
        for index in 0..<3 {
          deliver(
            .streamChunk(
              .init(streamID: header.streamID, index: UInt64(index), content: Array("abc".utf8))))
        }
        switch number % 4 {
        case 0: deliver(.streamChunk(.init(streamID: header.streamID, index: 7, content: [1])))
        case 1: deliver(.streamTrailer(.init(streamID: header.streamID, reason: "broken")))
        default: deliver(.streamTrailer(.init(streamID: header.streamID)))
        }
        deliver(.streamTrailer(.init(streamID: header.streamID)))
      }
      deliver(
        .transcription(.init(identity: "door", segments: [.init(id: "L\(number)", text: "x")])))
      deliver(.chat(.init(id: "c\(number)", message: "x")))
      try bench.room.sendText("out", topic: "t", now: bench.now)
      bench.drain()
      bench.events.removeAll()
      bench.publisher?.messages.removeAll()
    }

    /// Everything of streams that the room holds on to.
    var held: [Int] {
      let streams = bench.room.core.streams
      return [
        streams.incoming.count, streams.incoming.collectedBytes, streams.outgoing.open.count,
        streams.outgoing.queuedBytes, streams.transcriptions.count,
        bench.room.core.stateRequests.pending.count,
        bench.room.core.outputs.count,
      ]
    }
  }

  @Test func aThousandStreamsLeaveNothing() throws {
    let traffic = try Traffic()
    for number in 0..<20 { try traffic.round(number) }
    let after = traffic.held
    #expect(after[0..<4].allSatisfy { $0 == 0 })
    for number in 20..<500 { try traffic.round(number) }
    #expect(traffic.held == after)
    let statistics = traffic.bench.room.streamStatistics
    #expect(statistics.received == 2000)
    #expect(statistics.sent == 500)
    #expect(statistics.failed == 1000)
    #expect(traffic.bench.room.statistics.data.packetsReceived >= 10_000)
  }

  /// Streams that never end fill their places, and no more, until they time out.
  @Test func endlessStreamsAreBounded() throws {
    let traffic = try Traffic()
    for number in 0..<1000 {
      var header = OutgoingStreamTests.header("endless \(number)")
      header.topic = number % 2 == 0 ? "lk.chat" : "lk.transcription"
      traffic.deliver(.streamHeader(header))
      traffic.deliver(
        .streamChunk(
          .init(streamID: header.streamID, content: [UInt8](repeating: 0x61, count: 15_000))))
    }
    #expect(traffic.bench.room.core.streams.incoming.count == 16)
    #expect(traffic.bench.room.core.streams.incoming.collectedBytes <= 256 << 10)
    #expect(traffic.bench.room.streamStatistics.refused == 984)
    traffic.bench.idle(60_000)
    #expect(traffic.held[0..<4].allSatisfy { $0 == 0 })
  }
}
