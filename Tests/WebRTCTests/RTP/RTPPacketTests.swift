import Base
import Testing

@testable import WebRTC

@Suite struct RTPPacketTests {
  @Test func readsEveryPartOfAHeader() throws {
    // Padding, extension, one CSRC, marker, type 111.
    let bytes: [UInt8] = [
      0xB1, 0xEF, 0xFF, 0xFE, 0, 0, 0x03, 0xC0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 9,
      // One-byte extensions: id 1 with one byte, a padding byte, id 4 with two, and a padding byte.
      0xBE, 0xDE, 0, 2, 0x10, 0x9E, 0, 0x41, 0x61, 0x62, 0, 0,
      0xAA, 0xBB, 0xCC, 0, 0, 3,
    ]
    let packet = try RTPPacket.parse(bytes)
    #expect(packet.marker && packet.payloadType == 111)
    #expect(packet.sequence == 65_534 && packet.timestamp == 960 && packet.ssrc == 0x1234_5678)
    #expect(packet.contributors == [9])
    #expect(packet.payload == [0xAA, 0xBB, 0xCC])
    #expect(packet.extensionValue(4) == Array("ab".utf8))
    let level = try #require(packet.extensionValue(1).flatMap(AudioLevel.init))
    #expect(level == AudioLevel(level: 30, voice: true))
    #expect(packet.extensionValue(2) == nil && packet.extensionValue(nil) == nil)
  }

  @Test func readsTwoByteExtensions() throws {
    let bytes: [UInt8] = [
      0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 0x05, 0, 2, 20, 3, 7, 8, 9, 0, 30, 0, 0xFF,
    ]
    let packet = try RTPPacket.parse(bytes)
    #expect(packet.extensions == [.init(id: 20, value: [7, 8, 9]), .init(id: 30, value: [])])
    #expect(packet.payload == [0xFF])
  }

  @Test func skipsExtensionsThatItDoesNotUnderstand() throws {
    let head: [UInt8] = [0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    // An unknown profile; id 15 ends the list; an element longer than the block.
    for block: [UInt8] in [
      [0xAB, 0xCD, 0, 1, 1, 2, 3, 4], [0xBE, 0xDE, 0, 1, 0xF0, 1, 0x10, 2],
      [0xBE, 0xDE, 0, 1, 0x1F, 1, 2, 3],
    ] {
      let packet = try RTPPacket.parse(head + block + [0x55])
      #expect(packet.extensions.isEmpty)
      #expect(packet.payload == [0x55])
    }
  }

  @Test func writesWhatItReads() throws {
    var packet = RTPPacket(
      marker: true, payloadType: 111, sequence: 1, timestamp: 0xFFFF_FFFF, ssrc: 7, payload: [1, 2, 3])
    #expect(try RTPPacket.parse(packet.serialized()) == packet)
    packet.contributors = [1, 2, 3]
    packet.extensions = [.init(id: 1, value: [0x80]), .init(id: 4, value: Array("12".utf8))]
    #expect(try RTPPacket.parse(packet.serialized()) == packet)
    #expect(packet.serialized().count % 4 == 3)
    // Ids above 14 and long values need the two-byte form.
    packet.extensions = [.init(id: 15, value: [1]), .init(id: 200, value: Array(repeating: 5, count: 40))]
    #expect(try RTPPacket.parse(packet.serialized()) == packet)
  }

  @Test func refusesWhatIsCutShort() throws {
    var packet = RTPPacket(payloadType: 111, sequence: 1, timestamp: 2, ssrc: 3, payload: [])
    packet.contributors = [4]
    packet.extensions = [.init(id: 1, value: [0x80])]
    let whole = packet.serialized()
    for length in 0..<whole.count {
      #expect(throws: RTPFailure.truncated) { try RTPPacket.parse(Array(whole[0..<length])) }
    }
    var other = whole
    other[0] = 0x40 | other[0] & 0x3F
    #expect(throws: RTPFailure.version) { try RTPPacket.parse(other) }
    // More padding than payload, none at all, and a packet without payload.
    for payload: [UInt8] in [[1, 2, 9], [1, 2, 0], []] {
      let bytes: [UInt8] = [0xA0, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1] + payload
      #expect(throws: RTPFailure.padding) { try RTPPacket.parse(bytes) }
    }
  }

  /// RFC 5761 §4.
  @Test func tellsControlFromMedia() {
    for type in UInt8(0)...255 {
      let isControl = isControlPacket([0x80, type, 0, 0])
      #expect(isControl == (192...223).contains(type))
    }
    #expect(!isControlPacket([0x80]) && !isControlPacket([]))
  }
}
