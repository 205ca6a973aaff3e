import Base
import Testing

@testable import WebRTC

private let start = Instant(microseconds: 10_000_000)

private func packet(_ sequence: UInt16, timestamp: UInt32 = 0) -> RTPPacket {
  RTPPacket(payloadType: 111, sequence: sequence, timestamp: timestamp, ssrc: 7, payload: [1])
}

@Suite struct SequenceTrackerTests {
  @Test func countsAcrossTheWrap() {
    var tracker = SequenceTracker()
    for number in 0..<100 where number % 10 != 3 {
      _ = tracker.update(UInt16(truncatingIfNeeded: 65_500 + number))
    }
    #expect(tracker.expected == 100)
    #expect(tracker.lost == 10)
    #expect(tracker.takeFractionLost() == 25)  // 10 of 100, in 1/256.
    #expect(tracker.takeFractionLost() == 0)
  }

  @Test func namesTheGapAndTheLatecomer() {
    var tracker = SequenceTracker()
    _ = tracker.update(65_535)
    let base = Int64(65_535 + 0x10000)
    let gap = base + 1..<base + 4
    #expect(tracker.update(3) == .newest(base + 4, missing: gap))
    #expect(tracker.update(1) == .late(base + 2))
    #expect(tracker.update(65_534) == .late(base - 1))
    let end = base + 5
    #expect(tracker.update(4) == .newest(end, missing: end..<end))
  }

  @Test func aJumpIsBelievedTheSecondTime() {
    var tracker = SequenceTracker()
    _ = tracker.update(100)
    #expect(tracker.update(30_000) == .suspicious)
    let next: Int64 = 0x10000 + 101
    #expect(tracker.update(101) == .newest(next, missing: next..<next))
    #expect(tracker.update(30_000) == .suspicious)
    #expect(tracker.update(30_001) == .restarted(30_001 + 0x10000))
    #expect(tracker.expected == 1 && tracker.lost == 0)
  }

  @Test func duplicatesMakeTheLossNegative() {
    var tracker = SequenceTracker()
    _ = tracker.update(1)
    _ = tracker.update(2)
    _ = tracker.update(2)
    #expect(tracker.lost == -1)
    #expect(tracker.takeFractionLost() == 0)
  }
}

@Suite struct NackGeneratorTests {
  @Test func asksThreeTimesAndThenGivesUp() {
    var nacks = NackGenerator()
    nacks.noteGap(70_000..<70_002, peerKnowsRoundTrip: true, now: start)
    #expect(nacks.nextDue == start.advanced(byMilliseconds: 20))
    #expect(nacks.takeDue(now: start.advanced(byMilliseconds: 19)).isEmpty)
    var asked: [Int] = []
    for milliseconds in 20...600 {
      let due = nacks.takeDue(now: start.advanced(byMilliseconds: milliseconds))
      if !due.isEmpty {
        #expect(due == [4464, 4465])
        asked.append(milliseconds)
      }
    }
    #expect(asked == [20, 120, 220])
    #expect(nacks.nextDue == nil)
  }

  @Test func waitsLongerWhileThePeerKnowsNoRoundTrip() {
    var nacks = NackGenerator()
    nacks.noteGap(1..<2, peerKnowsRoundTrip: false, now: start)
    #expect(nacks.nextDue == start.advanced(byMilliseconds: 120))
  }

  @Test func whatArrivesIsNotAskedFor() {
    var nacks = NackGenerator()
    nacks.noteGap(1..<4, peerKnowsRoundTrip: true, now: start)
    let firstTime = nacks.noteArrival(2)
    let secondTime = nacks.noteArrival(2)
    #expect(firstTime && !secondTime)
    let asked = nacks.takeDue(now: start.advanced(byMilliseconds: 30))
    #expect(asked == [1, 3])
  }

  @Test func aLongOutageIsAskedForOnlyAtItsEnd() {
    var nacks = NackGenerator()
    nacks.noteGap(0..<2000, peerKnowsRoundTrip: true, now: start)
    let asked = nacks.takeDue(now: start.advanced(byMilliseconds: 20))
    #expect(asked == Array(1900..<2000))
    nacks.noteGap(3000..<3010, peerKnowsRoundTrip: true, now: start)
    let askedLater = nacks.takeDue(now: start.advanced(byMilliseconds: 20))
    #expect(askedLater == Array(3000..<3010))
  }

  @Test func staleOnesAreForgotten() {
    var nacks = NackGenerator()
    nacks.noteGap(0..<5, peerKnowsRoundTrip: true, now: start)
    #expect(nacks.takeDue(now: start.advanced(byMilliseconds: 401)).isEmpty)
    #expect(nacks.nextDue == nil)
  }
}

@Suite struct ReceiveStreamTests {
  @Test func jitterFollowsAppendixA8() {
    var stream = RTPReceiveStream(ssrc: 7, mid: "0", asksAgain: true, now: start)
    // Every other packet is 10 ms late: |D| is 480 ticks from packet to packet.
    for number in 0..<400 {
      let late = number % 2 == 0 ? 0 : 10
      _ = stream.receive(
        packet(UInt16(number), timestamp: UInt32(number * 960)),
        now: start.advanced(byMilliseconds: number * 20 + late))
    }
    let block = stream.takeReportBlock(now: start)
    #expect(block.map { (470...480).contains($0.jitter) } == true)
    #expect(block?.cumulativeLost == 0)
    #expect(block?.highestSequence == 399)
    #expect(block?.lastSenderReport == 0)
    // Nothing came since: nothing to report.
    #expect(stream.takeReportBlock(now: start) == nil)
  }

  @Test func aPauseIsNoJitter() {
    var stream = RTPReceiveStream(ssrc: 7, mid: "0", asksAgain: true, now: start)
    for number in 0..<50 {
      _ = stream.receive(
        packet(UInt16(number), timestamp: UInt32(number * 960)),
        now: start.advanced(byMilliseconds: number * 20 + (number >= 25 ? 600_000 : 0)))
    }
    #expect(stream.takeReportBlock(now: start)?.jitter == 0)
  }

  @Test func reportsTheSendersClockBack() {
    var stream = RTPReceiveStream(ssrc: 7, mid: "0", asksAgain: true, now: start)
    _ = stream.receive(packet(1), now: start)
    stream.noteSenderReport(
      .init(ntp: 0x1111_2222_3333_4444, rtpTimestamp: 0, packets: 0, octets: 0), now: start)
    let block = stream.takeReportBlock(now: start.advanced(byMilliseconds: 1500))
    #expect(block?.lastSenderReport == 0x2222_3333)
    #expect(block?.delaySinceLastSenderReport == 98_304)
    // From now on the sender honours early NACKs.
    _ = stream.receive(packet(5), now: start)
    #expect(stream.nacks.nextDue == start.advanced(byMilliseconds: 20))
  }

  @Test func withoutNackNothingIsAskedFor() {
    var stream = RTPReceiveStream(ssrc: 7, mid: "0", asksAgain: false, now: start)
    _ = stream.receive(packet(1), now: start)
    _ = stream.receive(packet(5), now: start)
    #expect(stream.nacks.nextDue == nil)
  }
}

@Suite struct SendStreamTests {
  private func frame(_ number: Int) -> PeerConnection.AudioFrame {
    .init(payload: [1, 2, 3], timestamp: UInt32(number * 960), marker: false, level: 200, voice: true)
  }

  @Test func numbersAcrossTheWrapAndFillsTheExtensions() {
    var stream = RTPSendStream(ssrc: 7, mid: "12", firstSequence: 65_535, timestampOffset: 0xFFFF_FFFF)
    let first = stream.makePacket(frame(0), payloadType: 111, audioLevelID: 1, midID: 4, now: start)
    let second = stream.makePacket(frame(1), payloadType: 111, audioLevelID: nil, midID: nil, now: start)
    #expect(first.sequence == 65_535 && second.sequence == 0)
    #expect(first.timestamp == 0xFFFF_FFFF)
    #expect(second.timestamp == 959)
    #expect(first.extensionValue(1) == [0xFF])
    #expect(first.extensionValue(4) == Array("12".utf8))
    #expect(second.extensions.isEmpty)
  }

  @Test func theReportShowsTheMediaClockOfNow() throws {
    var stream = RTPSendStream(ssrc: 7, mid: "0", firstSequence: 0, timestampOffset: 1000)
    #expect(stream.reportDue == nil)
    let tooEarly = stream.senderReport(now: start)
    #expect(tooEarly == nil)
    for number in 0..<10 {
      _ = stream.makePacket(frame(number), payloadType: 111, audioLevelID: nil, midID: nil, now: start)
    }
    #expect(stream.reportDue == start)
    let made = stream.senderReport(now: start.advanced(byMilliseconds: 500))
    let report = try #require(made)
    #expect(report.packets == 10 && report.octets == 30)
    #expect(report.rtpTimestamp == 1000 + 9 * 960 + 24_000)
    #expect(stream.reportDue == start.advanced(byMilliseconds: 3500))
    // Half a second is half of 2^32.
    #expect(report.ntp & 0xFFFF_FFFF == 0x8000_0000)
  }

  @Test func keeps200PacketsAndRepeatsEachOnlyAfterAWhile() {
    var stream = RTPSendStream(ssrc: 7, mid: "0", firstSequence: 65_500, timestampOffset: 0)
    for number in 0..<300 {
      let packet = stream.makePacket(
        frame(number), payloadType: 111, audioLevelID: nil, midID: nil, now: start)
      stream.remember([UInt8(number & 255)], sequence: packet.sequence, now: start)
    }
    let later = start.advanced(byMilliseconds: 50)
    // Numbers 99, 100 and 299: the first is forgotten, 63 = 65 500 + 99 - 65 536.
    func repeated(_ missing: [UInt16], after milliseconds: Int) -> [[UInt8]] {
      stream.retransmit(missing, gapMilliseconds: 20, now: later.advanced(byMilliseconds: milliseconds))
    }
    let first = repeated([63, 64, 263], after: 0)
    #expect(first == [[100], [43]])
    #expect(repeated([64], after: 19).isEmpty)
    let again = repeated([64], after: 20)
    #expect(again == [[100]])
    #expect(repeated([20_000], after: 30).isEmpty)
    #expect(stream.retransmissions == 3)
  }
}
