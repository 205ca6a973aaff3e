import Base
import Testing

@testable import LiveKit

/// The bytes of our packets are those that LiveKit's own Python classes (livekit-protocol 1.1.29) write, and are
/// read again as what they were.
@Suite struct DataPacketTests {
  struct Row: Sendable {
    let packet: DataPacket
    var lossy = false
    let bytes: String
  }

  static func packet(_ value: DataPacket.Value, _ sequence: UInt32 = 0, to: [Name] = []) -> DataPacket {
    DataPacket(destinations: to, sequence: sequence, value: value)
  }

  static let rows: [Row] = [
    Row(
      packet: packet(.user(.init(payload: [0, 1], topic: "t", nonce: Array(0..<16))), 1, to: ["a", "b"]),
      bytes: "1219 12020001 220174 5a10000102030405060708090a0b0c0d0e0f 2a0161 2a0162 800101"),
    Row(packet: packet(.user(.init(payload: []))), lossy: true, bytes: "0801 1200"),
    Row(packet: packet(.dtmf(code: 11, digit: "#"), 300), bytes: "3205 180b 220123 8001ac02"),
    Row(packet: packet(.dtmf(code: 0, digit: "0")), bytes: "3203 220130"),
    Row(
      packet: packet(
        .rpcRequest(.init(id: "i", method: "m", payload: "{}", responseTimeoutMilliseconds: 8000)), 2,
        to: ["agent"]),
      bytes: "2a056167656e74 520f 0a0169 12016d 1a027b7d 20c03e 2801 800102"),
    Row(packet: packet(.rpcAck(requestID: "i")), bytes: "5a03 0a0169"),
    Row(packet: packet(.rpcResponse(requestID: "i", .success("ok"))), bytes: "6207 0a0169 12026f6b"),
    Row(packet: packet(.rpcResponse(requestID: "i", .success(""))), bytes: "6205 0a0169 1200"),
    Row(
      packet: packet(
        .rpcResponse(requestID: "i", .failure(.init(code: 1400, message: "no", data: "d")))),
      bytes: "620f 0a0169 1a0a 08f80a 12026e6f 1a0164"),
    Row(
      packet: packet(
        .streamHeader(
          .init(
            streamID: "s", timestampMilliseconds: 1_795_000_000_000, topic: "lk.chat",
            mimeType: "text/plain", totalBytes: 0, attributes: [.init(key: "k", value: "v")],
            content: .text(
              .init(
                operation: 1, version: 2, replyTo: "r", attachedStreamIDs: ["x", "y"],
                isGenerated: true))))),
      bytes: """
        6a3a 0a0173 1080bcd9f29e34 1a076c6b2e63686174 220a746578742f706c61696e 2800 42060a016b120176
        4a0f 0801 1002 1a0172 220178 220179 2801
        """),
    Row(
      packet: packet(
        .streamHeader(
          .init(
            streamID: "s", topic: "b", mimeType: "a/b", content: .bytes(name: "n"), inlineContent: [],
            isCompressed: true))),
      bytes: "6a14 0a0173 1a0162 2203612f62 52030a016e 5a00 6001"),
    Row(
      packet: packet(
        .streamChunk(.init(streamID: "s", index: 5, content: Array("xyz".utf8), version: 1))),
      bytes: "720c 0a0173 1005 1a0378797a 2001"),
    Row(
      packet: packet(
        .streamTrailer(
          .init(
            streamID: "s", reason: "gone",
            attributes: [.init(key: "lk.transcription_final", value: "true")]))),
      bytes: """
        7a29 0a0173 1204676f6e65 1a1e 0a166c6b2e7472616e736372697074696f6e5f66696e616c 120474727565
        """),
    Row(
      packet: packet(
        .transcription(
          .init(
            identity: "p", trackSID: "TR",
            segments: [.init(id: "SG", text: "hi", isFinal: true, language: "en"), .init()]))),
      bytes: "3a19 120170 1a025452 220e 0a025347 12026869 2801 3202656e 2200"),
    Row(
      packet: packet(
        .chat(
          .init(
            id: "c", timestampMilliseconds: 7, editTimestampMilliseconds: 0, message: "hello",
            isDeleted: true, isGenerated: true))),
      bytes: "4a12 0a0163 1007 1800 220568656c6c6f 2801 3001"),
    Row(
      packet: DataPacket(
        identity: "p", sid: "PA", sequence: 4, value: .user(.init(payload: [0x78]))),
      bytes: "1203120178 220170 800104 8a01025041"),
  ]

  static func decode(_ bytes: [UInt8], _ limits: LiveKit.Limits = LiveKit.Limits()) -> (
    DataPacket?, dropped: Int
  ) {
    var dropped = 0
    return (DataPacketDecoder.decode(bytes, limits: limits, dropped: &dropped), dropped)
  }

  @Test(arguments: rows) func theBytesBothWays(row: Row) throws {
    let expected = try #require(bytes(hexadecimal: row.bytes))
    #expect(hexadecimal(row.packet.encoded(lossy: row.lossy)) == hexadecimal(expected))
    var read = try #require(Self.decode(expected).0)
    read.destinations = row.packet.destinations
    #expect(read == row.packet)
    for count in 0..<expected.count { _ = Self.decode(Array(expected[..<count])) }
  }

  @Test func contentsOfEveryByteAndSizeAreWhole() throws {
    let payload = (0..<64_000).map { UInt8(truncatingIfNeeded: $0) }
    let user = DataPacket(value: .user(.init(payload: payload, topic: "t")))
    #expect(Self.decode(user.encoded(lossy: false)).0 == user)
    let request = DataPacket(
      value: .rpcRequest(
        .init(id: "i", method: "m", payload: "a\u{0}b", responseTimeoutMilliseconds: 1)))
    #expect(Self.decode(request.encoded(lossy: false)).0 == request)
  }

  @Test func whatIsNotKnownIsToldApart() throws {
    #expect(Self.decode([]).0?.value == .unknown)
    // metrics = 8, and field 99.
    #expect(Self.decode(Wire().message(8, Wire().text(1, "x")).bytes).0?.value == .unknown)
    #expect(Self.decode(Wire().message(99, Wire()).bytes).0?.value == .unknown)
    let encrypted = try #require(bytes(hexadecimal: "92010b 0801 120131 1802 22027a7a"))
    let sealed = DataPacket.Encrypted(iv: [0x31], keyIndex: 2, value: [0x7A, 0x7A])
    #expect(Self.decode(encrypted).0?.value == .encrypted(sealed))
    // An answer with a compressed payload, or with nothing.
    for answer in [Wire().text(1, "i").data(4, [1]), Wire().text(1, "i")] {
      #expect(
        Self.decode(Wire().message(12, answer).bytes).0?.value
          == .rpcResponse(requestID: "i", .failure(.application)))
    }
  }

  @Test func whatRepeatsIsBoundedAndTheSizeToo() throws {
    var limits = LiveKit.Limits()
    limits.transcriptionSegmentsMax = 2
    let many = DataPacket(value: .transcription(.init(segments: .init(repeating: .init(), count: 5))))
    let (packet, dropped) = Self.decode(many.encoded(lossy: false), limits)
    guard case .transcription(let transcription) = packet?.value else {
      Issue.record("no transcription")
      return
    }
    #expect(transcription.segments.count == 2)
    #expect(dropped == 3)
    limits.dataMessageReceivedBytesMax = 10
    #expect(Self.decode([UInt8](repeating: 0, count: 11), limits).0 == nil)
  }

  @Test(arguments: ["12", "12ff", "1205080", "0a", "ff", "5a0a0a01", "3a0522ff"])
  func malformed(hex: String) throws {
    #expect(Self.decode(bytes(hexadecimal: hex) ?? [0xFF]).0 == nil)
  }
}
