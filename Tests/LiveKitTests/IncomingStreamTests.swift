import Base
import Testing

@testable import LiveKit

/// What others send: in order and as long as announced, or an end that says why not.
@Suite struct IncomingStreamTests {
  static let peer = PacketOrigin(identity: "peer", sid: "PA_p")
  static let start = Instant(microseconds: 0)

  final class Reader {
    var streams: IncomingStreams
    var now = IncomingStreamTests.start
    var log: [String] = []

    init(_ limits: Limits = Limits()) { streams = IncomingStreams(limits: limits) }

    func open(
      _ streamID: Name = "s", total: UInt64? = nil, collects: Bool = false,
      from origin: PacketOrigin = peer,
      change: (inout DataPacket.StreamHeader) -> Void = { _ in }
    ) {
      var header = OutgoingStreamTests.header(streamID, total: total)
      change(&header)
      tell(streams.header(header, from: origin, collects: collects, now: now))
    }

    func chunk(
      _ index: UInt64, _ content: [UInt8], _ streamID: Name = "s", from origin: PacketOrigin = peer
    ) {
      tell(streams.chunk(.init(streamID: streamID, index: index, content: content), from: origin, now: now))
    }

    func end(
      _ streamID: Name = "s", reason: String = "", attributes: [StreamAttribute] = [],
      from origin: PacketOrigin = peer
    ) {
      tell(
        streams.trailer(.init(streamID: streamID, reason: reason, attributes: attributes), from: origin))
    }

    func expire() { tell(streams.expire(now: now)) }

    func tell(_ changes: [IncomingStreams.Change]) {
      for change in changes {
        switch change {
        case .opened(let stream): log.append("open \(stream.streamID)")
        case .chunk(let stream, let content):
          log.append("chunk \(stream.streamID) \(content.count) of \(stream.receivedBytes)")
        case .ended(let stream, let collected, let failure):
          let words = failure.map { ": \($0.description)" } ?? ""
          log.append("end \(stream.streamID) \(collected.count)" + words)
        }
      }
    }
  }

  @Test func piecesInOrder() {
    let reader = Reader()
    reader.open(total: 5)
    reader.chunk(0, [1, 2, 3])
    reader.chunk(1, [])
    reader.chunk(2, [4, 5])
    reader.end()
    #expect(reader.log == ["open s", "chunk s 3 of 3", "chunk s 2 of 5", "end s 0"])
    #expect(reader.streams.count == 0)
    #expect(reader.streams.deadline == nil)
  }

  @Test func attributesOfTheTrailerWin() {
    var streams = IncomingStreams(limits: Limits())
    var header = OutgoingStreamTests.header()
    header.attributes = [.init(key: "a", value: "1"), .init(key: "b", value: "1")]
    _ = streams.header(header, from: Self.peer, collects: false, now: Self.start)
    let changes = streams.trailer(
      .init(streamID: "s", attributes: [.init(key: "b", value: "2"), .init(key: "c", value: "2")]),
      from: Self.peer)
    guard case .ended(let stream, _, nil) = changes.first else {
      Issue.record("no end")
      return
    }
    #expect(stream.attributes == ["a": "1", "b": "2", "c": "2"])
    #expect(stream.identity == "peer")
  }

  /// What can be wrong with a stream, and how it ends.
  @Test func liesAndLosses() {
    let rows: [(name: String, run: (Reader) -> Void, end: String)] = [
      (
        "shorter",
        {
          $0.open(total: 3)
          $0.chunk(0, [1])
          $0.end()
        }, "end s 0: the stream ended after 1 of 3 bytes"
      ),
      (
        "longer",
        {
          $0.open(total: 1)
          $0.chunk(0, [1, 2])
        }, "end s 0: the stream is longer than the 1 bytes it announced"
      ),
      (
        "gap",
        {
          $0.open()
          $0.chunk(1, [1])
        }, "end s 0: a part of the stream is missing"
      ),
      (
        "repeated chunk",
        {
          $0.open()
          $0.chunk(0, [1])
          $0.chunk(0, [1])
        }, "end s 0: a part of the stream is missing"
      ),
      (
        "aborted",
        {
          $0.open()
          $0.end(reason: "no more")
        }, "end s 0: the sender gave up: no more"
      ),
      (
        "huge length",
        {
          $0.open(total: .max)
          $0.end()
        }, "end s 0: the stream ended after 0 of \(Int.max) bytes"
      ),
      (
        "sender left",
        {
          $0.open()
          $0.tell($0.streams.senderLeft(IncomingStreamTests.peer))
        }, "end s 0: the sender left"
      ),
      (
        "disconnected",
        {
          $0.open()
          $0.tell($0.streams.disconnect())
        }, "end s 0: the connection was lost"
      ),
      (
        "too large",
        {
          $0.open(collects: true)
          for i in 0..<10 { $0.chunk(UInt64(i), [UInt8](repeating: 1, count: 15_000)) }
        },
        "end s 120000: the text does not fit the 131072 bytes that are kept for texts"
      ),
    ]
    for row in rows {
      let reader = Reader()
      row.run(reader)
      #expect(reader.log.last == row.end, "\(row.name)")
      #expect(reader.streams.statistics.failed == 1, "\(row.name)")
      #expect(reader.streams.count == 0, "\(row.name)")
      #expect(reader.streams.collectedBytes == 0, "\(row.name)")
      let before = reader.log.count
      reader.chunk(9, [1])
      reader.end()
      #expect(reader.log.count == before, "\(row.name)")
    }
  }

  @Test func aSilentStreamEnds() {
    let reader = Reader()
    reader.open("a")
    reader.open("b")
    reader.now = Self.start.advanced(byMilliseconds: 59_999)
    reader.chunk(0, [1], "b")
    reader.expire()
    #expect(reader.streams.count == 2)
    #expect(reader.streams.deadline == Self.start.advanced(byMilliseconds: 60_000))
    reader.now = Self.start.advanced(byMilliseconds: 60_000)
    reader.expire()
    #expect(reader.log.last == "end a 0: the stream did not go on")
    #expect(reader.streams.deadline == Self.start.advanced(byMilliseconds: 119_999))
  }

  @Test func whatIsNotTaken() {
    let reader = Reader()
    reader.open(change: { $0.isCompressed = true })
    #expect(reader.streams.statistics.compressed == 1)
    reader.open(change: { $0.content = nil })
    reader.open("")
    reader.open(change: { $0.attributes = [.init(key: "k", value: String(repeating: "v", count: 15_001))] })
    reader.open(total: 200_000, collects: true)
    #expect(reader.streams.statistics.refused == 4)
    #expect(reader.log.isEmpty)
    reader.chunk(0, [1])
    reader.end()
    #expect(reader.streams.statistics.stray == 2)
    reader.open()
    reader.open()
    #expect(reader.streams.statistics.repeatedIDs == 1)
    reader.chunk(0, [1])
    reader.end()
    #expect(reader.log == ["open s", "chunk s 1 of 1", "end s 0"])
  }

  @Test func wholeInTheHeader() {
    let reader = Reader()
    reader.open("a", total: 2, collects: true, change: { $0.inlineContent = [1, 2] })
    reader.open("b", change: { $0.inlineContent = [] })
    reader.open("c", total: 3, change: { $0.inlineContent = [1] })
    reader.open("d", total: 0, change: { $0.inlineContent = [1] })
    #expect(
      reader.log == [
        "open a", "chunk a 2 of 2", "end a 2", "open b", "end b 0", "open c", "chunk c 1 of 1",
        "end c 0: the stream ended after 1 of 3 bytes", "open d",
        "end d 0: the stream is longer than the 0 bytes it announced",
      ])
    #expect(reader.streams.count == 0)
  }

  /// An agent names the user in the header and itself in the chunks; a stranger has neither name nor session.
  @Test func whoMayContinueAStream() {
    let reader = Reader()
    let onBehalf = PacketOrigin(identity: "user", sid: "PA_agent")
    reader.open(from: onBehalf)
    reader.chunk(0, [1], from: PacketOrigin(identity: "agent", sid: "PA_agent"))
    reader.chunk(1, [1], from: PacketOrigin(identity: "thief", sid: "PA_thief"))
    reader.chunk(1, [1], from: PacketOrigin(identity: "user", sid: ""))
    reader.tell(reader.streams.senderLeft(PacketOrigin(identity: "user", sid: "PA_user")))
    reader.end(from: PacketOrigin(identity: "thief", sid: ""))
    #expect(reader.log == ["open s", "chunk s 1 of 1", "chunk s 1 of 2"])
    #expect(reader.streams.statistics.stray == 2)
    reader.tell(reader.streams.senderLeft(PacketOrigin(identity: "agent", sid: "PA_agent")))
    #expect(reader.log.last == "end s 0: the sender left")
  }

  @Test func oneSenderCannotTakeEveryPlace() {
    let reader = Reader()
    for number in 0..<20 { reader.open("x\(number)", from: PacketOrigin(identity: "flood", sid: "PA_f")) }
    #expect(reader.streams.count == 16)
    for number in 0..<20 {
      reader.open("y\(number)", from: PacketOrigin(identity: "y\(number)", sid: "PA_\(number)"))
    }
    #expect(reader.streams.count == 32)
    #expect(reader.streams.statistics.refused == 8)
  }

  @Test func collectedTextsShareTheirMemory() {
    let reader = Reader()
    for stream in 0..<3 {
      reader.open("\(stream)", collects: true)
      for index in 0..<8 { reader.chunk(UInt64(index), [UInt8](repeating: 1, count: 15_000), "\(stream)") }
    }
    #expect(
      reader.log.contains("end 2 15000: the text does not fit the 262144 bytes that are kept for texts"))
    #expect(reader.streams.collectedBytes == 240_000)
  }
}
