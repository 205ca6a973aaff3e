import Base

@testable import AudioEngine
@testable import LiveKit
@testable import WebRTC

/// What a machine of 64 bits cannot show: numbers that strangers move, beyond what a word of 32 bits holds.
nonisolated(unsafe) let checks: [(name: String, run: () -> Void)] = [
  ("a word has 32 bits", { precondition(Int.bitWidth == 32) }),
  ("a copy that is written", writtenCopies),
  ("losses of more packets than a word counts", lossesBeyondAWord),
  ("counters at their limit", countersAtTheirLimit),
  ("the media clock of an old machine", clocksOfAnOldMachine),
  ("times that do not fit", timesThatDoNotFit),
  ("sizes that do not fit", sizesThatDoNotFit),
]

/// The compiler has to ask whether an array is held once after it has held it a second time (`Package.swift`).
private func writtenCopies() {
  let bytes = (1...20).map { UInt8($0) }
  // A loop over the array itself would hold it, too.
  for number: UInt8 in 1...20 { precondition(renumbered(bytes, number).first == number) }
  precondition(bytes.first == 1)
}

@inline(never) private func renumbered(_ bytes: [UInt8], _ number: UInt8) -> [UInt8] {
  var copy = bytes
  copy[0] = number
  return copy
}

/// Whoever leaves out 2 998 packets 716 400 times has lost more than 2^31.
private func lossesBeyondAWord() {
  let start = Instant(microseconds: 0)
  var stream = RTPReceiveStream(ssrc: 7, mid: "0", asksAgain: true, now: start)
  var sequence: UInt16 = 0
  for _ in 0..<716_400 {
    _ = stream.sequence.update(sequence)
    sequence &+= 2_999
  }
  let packet = RTPPacket(
    marker: false, payloadType: 111, sequence: sequence, timestamp: 960, ssrc: 7, payload: [1])
  _ = stream.receive(packet, now: start)
  precondition(stream.sequence.lost > Int64(Int32.max))
  let block = stream.takeReportBlock(now: start.advanced(byMilliseconds: 716_400))
  precondition(block?.cumulativeLost == 0x7F_FFFF)
  precondition(adding(stream.sequence.lost, to: 0) == .max && adding(stream.sequence.lost, to: .max) == .max)
}

private func countersAtTheirLimit() {
  let agent = ICEAgent(role: .controlling, random: SeededRandom(seed: 1))
  let base = SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 5000)
  agent.addLocalAddress(base, now: Instant(microseconds: 0))
  agent.counters.malformedMessages = .max
  agent.counters.unauthenticatedMessages = .max
  agent.handle(datagram: [0, 1, 0, 0], from: base, to: .udp(base), now: Instant(microseconds: 0))
  var request = STUNMessage(.request, transaction: TransactionID(high: 1, low: 2))
  request.add(STUNAttributeType.priority, number32: .max)
  agent.handle(datagram: request.serialized(), from: base, to: .udp(base), now: Instant(microseconds: 0))
  precondition(agent.counters.malformedMessages != .max || agent.counters.unauthenticatedMessages != .max)
}

private func clocksOfAnOldMachine() {
  for microseconds in [Int64.max - 20_000, 1 << 62, 0, -1_000_000_001, .min] {
    precondition(rtpTicks(microseconds: microseconds + 20_000) &- rtpTicks(microseconds: microseconds) == 960)
  }
}

private func timesThatDoNotFit() {
  let start = Instant(microseconds: 0)
  let end = Instant(microseconds: 1 << 60)
  precondition(end.milliseconds(since: start) == .max && start.milliseconds(since: end) == .min)
  precondition(end.seconds(since: start) == .max)
  precondition(start.advanced(byMilliseconds: .max).microseconds == Int64(Int32.max) * 1000)
  precondition(CalendarTime(.max).year == 9999 && CalendarTime(.min).year == 1)
}

/// A stream that announces 2^64 - 1 bytes, and its pieces.
private func sizesThatDoNotFit() {
  var streams = IncomingStreams(limits: Limits())
  var header = DataPacket.StreamHeader()
  header.streamID = "s"
  header.content = .bytes(name: "n")
  header.totalBytes = .max
  let origin = PacketOrigin(identity: "a", sid: "PA_a")
  let now = Instant(microseconds: 0)
  precondition(streams.header(header, from: origin, collects: false, now: now).count == 1)
  _ = streams.chunk(.init(streamID: "s", index: .max, content: [1]), from: origin, now: now)
  precondition(streams.count == 0)
}
