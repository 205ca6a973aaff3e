import Base
import Testing

@testable import WebRTC

/// Numbers that others move: at the ends of what the fields and the words hold.
@Suite struct NumberLimitTests {
  static let start = Instant(microseconds: 0)

  static func packet(_ sequence: UInt16) -> RTPPacket {
    RTPPacket(marker: false, payloadType: 111, sequence: sequence, timestamp: 0, ssrc: 7, payload: [1])
  }

  /// Who leaves out as many packets as is believed, again and again, fills the 24 bits of the report in an hour.
  @Test func lossesStayWithinTheirField() {
    var stream = RTPReceiveStream(ssrc: 7, mid: "0", asksAgain: false, now: Self.start)
    var sequence: UInt16 = 0
    for number in 0..<3_000 {
      let now = Self.start.advanced(byMilliseconds: number)
      _ = stream.receive(Self.packet(sequence), now: now)
      sequence &+= 2_999
    }
    #expect(stream.sequence.lost > 0x80_0000)
    let block = stream.takeReportBlock(now: Self.start.advanced(byMilliseconds: 3_000))
    #expect(block?.cumulativeLost == 0x7F_FFFF)
    #expect(ReportBlock.bounded(.min) == -0x80_0000 && ReportBlock.bounded(.max) == 0x7F_FFFF)
  }

  @Test(
    arguments: [(.max, 0, .max), (0, .max, .max), (.max, .max, .max), (5, 7, 12)] as [(Int64, Int, Int)])
  func lossesStayWithinTheirCounter(losses: Int64, counter: Int, expected: Int) {
    #expect(adding(losses, to: counter) == expected)
  }

  @Test(arguments: [0, 1, 999, 1_000, -20_000, .max - 20_000, .min] as [Int64])
  func theMediaClockGoesOnAtAnyAge(microseconds: Int64) {
    #expect(rtpTicks(microseconds: microseconds + 20_000) &- rtpTicks(microseconds: microseconds) == 960)
  }

  @Test func theMediaClockIsTheOneOf48Kilohertz() {
    #expect(rtpTicks(microseconds: 1_000_000) == 48_000)
    #expect(rtpTicks(microseconds: 20_833) == 999)
    #expect(rtpTicks(microseconds: .max) == rtpTicks(microseconds: .max - 1))
  }

  @Test(arguments: [.max - 10, 1 << 62, 200_000_000_000_000] as [Int64])
  func anOldMachineStillReceives(microseconds: Int64) {
    let now = Instant(microseconds: microseconds)
    var stream = RTPReceiveStream(ssrc: 7, mid: "0", asksAgain: true, now: now)
    let report = RTCPPacket.SenderInformation(ntp: .max, rtpTimestamp: .max, packets: .max, octets: .max)
    stream.noteSenderReport(report, now: Instant(microseconds: 0))
    let isTaken = stream.receive(Self.packet(0xFFFF), now: now)
    #expect(isTaken)
    #expect(stream.takeReportBlock(now: now)?.delaySinceLastSenderReport == .max)
  }
}
