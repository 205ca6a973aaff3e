import Base
import Testing

@testable import LiveKit

/// What is written, cut into packets: by size and at whole characters, in turn, within limits.
@Suite struct OutgoingStreamTests {
  static func header(_ streamID: Name = "s", text: Bool = true, total: UInt64? = nil)
    -> DataPacket.StreamHeader
  {
    var header = DataPacket.StreamHeader()
    header.streamID = streamID
    header.topic = "t"
    header.content = text ? .text(.init()) : .bytes(name: "n")
    header.totalBytes = total
    return header
  }

  /// Everything that can be sent now.
  static func drain(_ streams: inout OutgoingStreams) -> [OutgoingPacket] {
    var packets: [OutgoingPacket] = []
    while let (id, packet, _) = streams.next() {
      packets.append(packet)
      _ = streams.sent(packet, of: id)
    }
    return packets
  }

  static func contents(_ packets: [OutgoingPacket]) -> [[UInt8]] {
    packets.compactMap { if case .streamChunk(let chunk) = $0 { chunk.content } else { nil } }
  }

  @Test func headerChunksTrailer() throws {
    var streams = OutgoingStreams(limits: Limits())
    let id = try streams.add(Self.header(text: false), to: ["a"])
    try streams.write([UInt8](repeating: 7, count: 30_001), to: id)
    try streams.close(id, reason: "", attributes: ["k": "v"])
    var packets = Self.drain(&streams)
    #expect(packets.removeFirst() == .streamHeader(Self.header(text: false)))
    #expect(
      packets.removeLast()
        == .streamTrailer(.init(streamID: "s", reason: "", attributes: [.init(key: "k", value: "v")])))
    let chunks = packets.compactMap { if case .streamChunk(let chunk) = $0 { chunk } else { nil } }
    #expect(chunks.map(\.index) == [0, 1, 2])
    #expect(chunks.map(\.content.count) == [15_000, 15_000, 1])
    #expect(streams.open.isEmpty)
    #expect(streams.sent == 1)
  }

  /// Every cut through texts of one to four byte characters, at every phase.
  @Test func textIsCutAtWholeCharacters() throws {
    for character in ["a", "ä", "€", "🙂"] {
      for phase in 0..<4 {
        let text = String(repeating: "x", count: phase) + String(repeating: character, count: 20_000)
        var streams = OutgoingStreams(limits: Limits())
        let id = try streams.add(Self.header(), to: [])
        // Written in pieces that cut characters, too.
        let bytes = Array(text.utf8)
        var packets: [OutgoingPacket] = []
        for start in stride(from: 0, to: bytes.count, by: 20_001) {
          try streams.write(Array(bytes[start..<min(start + 20_001, bytes.count)]), to: id)
          packets += Self.drain(&streams)
        }
        try streams.close(id, reason: "", attributes: [:])
        packets += Self.drain(&streams)
        let contents = Self.contents(packets)
        #expect(contents.allSatisfy { $0.count <= 15_000 && String(validating: $0, as: UTF8.self) != nil })
        #expect(contents.flatMap { $0 } == bytes)
      }
    }
  }

  @Test func whatIsNoTextStillGoesOut() throws {
    var streams = OutgoingStreams(limits: Limits())
    let id = try streams.add(Self.header(), to: [])
    // The beginning of a character whose rest never comes, and bytes that begin none.
    try streams.write([UInt8](repeating: 0x80, count: 20_000) + [0xF0, 0x9F], to: id)
    #expect(Self.contents(Self.drain(&streams)).flatMap { $0 }.count == 20_000)
    try streams.close(id, reason: "", attributes: [:])
    #expect(Self.contents(Self.drain(&streams)) == [[0xF0, 0x9F]])
    #expect(streams.open.isEmpty)
  }

  @Test func streamsTakeTurns() throws {
    var streams = OutgoingStreams(limits: Limits())
    for name in ["a", "b", "c"] as [Name] {
      let id = try streams.add(Self.header(name, text: false), to: [])
      try streams.write([UInt8](repeating: 1, count: 30_000), to: id)
      try streams.close(id, reason: "", attributes: [:])
    }
    let order = Self.drain(&streams).map { packet in
      switch packet {
      case .streamHeader(let header): "h\(header.streamID)"
      case .streamChunk(let chunk): "\(chunk.index)\(chunk.streamID)"
      case .streamTrailer(let trailer): "t\(trailer.streamID)"
      default: "?"
      }
    }
    #expect(order == ["ha", "hb", "hc", "0a", "0b", "0c", "1a", "1b", "1c", "ta", "tb", "tc"])
  }

  @Test func fullMeansNothingWasTaken() throws {
    var limits = Limits()
    limits.outgoingStreamBytesMax = 100
    var streams = OutgoingStreams(limits: limits)
    let id = try streams.add(Self.header(text: false), to: [])
    try streams.write([UInt8](repeating: 1, count: 90), to: id)
    #expect(throws: DataFailure.full(bufferedBytes: 90)) {
      try streams.write([UInt8](repeating: 2, count: 11), to: id)
    }
    #expect(streams.writable().isEmpty)
    #expect(throws: DataFailure.tooLarge(bytes: 101, max: 100)) {
      try streams.write([UInt8](repeating: 2, count: 101), to: id)
    }
    #expect(Self.contents(Self.drain(&streams)) == [[UInt8](repeating: 1, count: 90)])
    #expect(streams.writable() == [id])
    #expect(streams.writable().isEmpty)
  }

  @Test func theAnnouncedLengthIsKept() throws {
    var streams = OutgoingStreams(limits: Limits())
    let id = try streams.add(Self.header(text: false, total: 3), to: [])
    try streams.write([1, 2], to: id)
    #expect(throws: DataFailure.tooLarge(bytes: 4, max: 3)) { try streams.write([3, 4], to: id) }
    try streams.write([3], to: id)
  }

  @Test func aHeaderHasToFitItsPacket() throws {
    var streams = OutgoingStreams(limits: Limits())
    var fits = Self.header()
    fits.attributes = [.init(key: "k", value: String(repeating: "v", count: 14_700))]
    let id = try streams.add(fits, to: ["somebody"])
    #expect(
      DataPacket(destinations: ["somebody"], value: .streamHeader(fits)).encoded(lossy: false).count <= 15_000
    )
    var long = fits
    long.attributes[0].value += String(repeating: "v", count: 300)
    #expect(throws: DataFailure.tooLarge(bytes: 15_229, max: 15_000)) {
      try streams.add(long, to: ["somebody"])
    }
    #expect(throws: DataFailure.self) {
      try streams.close(id, reason: String(repeating: "r", count: 15_000), attributes: [:])
    }
    try streams.close(id, reason: "short", attributes: [:])
  }

  @Test func thereAreOnlySoManyAtOnce() throws {
    var streams = OutgoingStreams(limits: Limits())
    var ids: [OutgoingStream.ID] = []
    for _ in 0..<8 { ids.append(try streams.add(Self.header(), to: [])) }
    #expect(throws: DataFailure.tooManyStreams(max: 8)) { try streams.add(Self.header(), to: []) }
    try streams.close(ids[3], reason: "", attributes: [:])
    #expect(throws: DataFailure.unknownStream) { try streams.write([1], to: ids[3]) }
    _ = Self.drain(&streams)
    #expect(throws: DataFailure.unknownStream) { try streams.close(ids[3], reason: "", attributes: [:]) }
    _ = try streams.add(Self.header(), to: [])
  }
}
