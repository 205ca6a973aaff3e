import Base
import Testing

@testable import WebRTC

@Suite struct RTCPPacketTests {
  private static let block = ReportBlock(
    ssrc: 7, fractionLost: 64, cumulativeLost: -2, highestSequence: 0x1_0005, jitter: 480,
    lastSenderReport: 0xAABB_CCDD, delaySinceLastSenderReport: 65_536)

  private static let every: [RTCPPacket] = [
    .senderReport(
      ssrc: 1, .init(ntp: 0x0102_0304_0506_0708, rtpTimestamp: 9, packets: 10, octets: 11), [block]),
    .receiverReport(ssrc: 2, [block, block]),
    .sourceDescription([(3, "abc"), (4, ""), (5, "PA_x|TR_y")]),
    .nack(sender: 6, media: 7, [65_530, 65_531, 2, 40]),
    .goodbye([8, 9]),
    .other(type: 207),
  ]

  @Test func readsWhatItWritesAsACompound() throws {
    let bytes = Self.every.flatMap { $0.serialized() }
    #expect(bytes.count % 4 == 0)
    #expect(try RTCPPacket.parse(compound: bytes) == Self.every)
    guard case .receiverReport(_, let blocks) = try RTCPPacket.parse(compound: bytes)[1] else {
      Issue.record("no receiver report")
      return
    }
    #expect(blocks == [Self.block, Self.block])
  }

  /// A packet as libwebrtc sends it: reference bytes, not our own writing.
  @Test func readsForeignBytes() throws {
    let text =
      "81c90007 00000001 deadbeef 0dfffffe 00010007 00000020 11223344 00008000"  // RR, lost -2
      + "81ca0003 00000001 01036162 63000000"  // SDES CNAME "abc"
      + "81cd0003 00000001 deadbeef fffe0005"  // NACK 65534, 65535, 1
      + "80cf0001 00000001"  // XR
    let compound = try #require(bytes(hexadecimal: text))
    let packets = try RTCPPacket.parse(compound: compound)
    guard packets.count == 4, case .receiverReport(1, let blocks) = packets[0],
      case .sourceDescription(let chunks) = packets[1], case .nack(1, 0xDEAD_BEEF, let missing) = packets[2],
      case .other(207) = packets[3]
    else {
      Issue.record("\(packets)")
      return
    }
    #expect(blocks.count == 1 && blocks[0].fractionLost == 13 && blocks[0].cumulativeLost == -2)
    #expect(blocks[0].delaySinceLastSenderReport == 0x8000)
    #expect(chunks.count == 1 && chunks[0].canonicalName == "abc")
    #expect(missing == [65_534, 65_535, 1])
  }

  @Test func nacksArePacked() throws {
    let missing: [UInt16] = Array(65_530...65_535) + Array(0...30) + [100]
    let packet = RTCPPacket.nack(sender: 1, media: 2, missing)
    // Three entries: 65 530 and sixteen, 11 and sixteen, 28 and two; 100 is a fourth.
    #expect(packet.serialized().count == 12 + 4 * 4)
    guard case .nack(_, _, let read) = try RTCPPacket.parse(compound: packet.serialized())[0] else {
      Issue.record("no NACK")
      return
    }
    #expect(read == missing)
  }

  @Test func paddingIsAllowedAtTheEndOnly() throws {
    let goodbye: [UInt8] = [0x81, 203, 0, 1, 0, 0, 0, 9]
    let padded: [UInt8] = [0xA1, 203, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4]
    #expect(try RTCPPacket.parse(compound: goodbye + padded) == [.goodbye([9]), .goodbye([9])])
    #expect(throws: RTPFailure.padding) { try RTCPPacket.parse(compound: padded + goodbye) }
    for count: UInt8 in [0, 9, 255] {
      #expect(throws: RTPFailure.padding) {
        try RTCPPacket.parse(compound: [0xA1, 203, 0, 2, 0, 0, 0, 9, 0, 0, 0, count])
      }
    }
  }

  @Test func refusesContradictions() throws {
    for packet in Self.every {
      let whole = packet.serialized()
      for length in 1..<whole.count {
        #expect(throws: RTPFailure.self) { try RTCPPacket.parse(compound: Array(whole[0..<length])) }
      }
      // One more block, chunk or source than there is room for.
      if case .other = packet { continue }
      if case .nack = packet { continue }
      var greedy = whole
      greedy[0] = 0x80 | (whole[0] & 31) + 9
      #expect(throws: RTPFailure.truncated) { try RTCPPacket.parse(compound: greedy) }
    }
    #expect(throws: RTPFailure.version) { try RTCPPacket.parse(compound: [0, 201, 0, 0]) }
    #expect(try RTCPPacket.parse(compound: []).isEmpty)
  }

  @Test func aNackOfAllTheWorldIsBounded() throws {
    var bytes: [UInt8] = [0x81, 205, 0, 202, 0, 0, 0, 1, 0, 0, 0, 2]
    for _ in 0..<200 { bytes += [0, 1, 0xFF, 0xFF] }
    guard case .nack(_, _, let missing) = try RTCPPacket.parse(compound: bytes)[0] else {
      Issue.record("no NACK")
      return
    }
    #expect(missing.count <= Limits.nackSequencesMax + 16)
  }
}
