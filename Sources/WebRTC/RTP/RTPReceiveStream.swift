import Base

/// One SSRC that we receive: loss, jitter, and what to tell its sender about them.
struct RTPReceiveStream {
  let ssrc: UInt32
  /// The section that it was found to belong to.
  let mid: String
  /// False for RED, whose redundancy replaces repetition, and where NACK was not negotiated.
  let asksAgain: Bool
  var sequence = SequenceTracker()
  private(set) var nacks = NackGenerator()
  /// Interarrival jitter times 16, in the media clock (RFC 3550 Appendix A.8).
  private var scaledJitter: UInt32 = 0
  private var lastTransit: UInt32?
  private var senderReport: (ntpMiddle: UInt32, arrived: Instant)?
  /// A report that lets the sender compute the round trip went out.
  private var peerKnowsRoundTrip = false
  private(set) var lastArrival: Instant
  private var reportedArrival: Instant?

  init(ssrc: UInt32, mid: String, asksAgain: Bool, now: Instant) {
    self.ssrc = ssrc
    self.mid = mid
    self.asksAgain = asksAgain
    lastArrival = now
  }

  /// False: the packet is not to be passed on (a lone one from far away in the numbering).
  mutating func receive(_ packet: RTPPacket, now: Instant) -> Bool {
    lastArrival = now
    switch sequence.update(packet.sequence) {
    case .newest(_, let missing):
      updateJitter(packet.timestamp, now: now)
      if asksAgain, !missing.isEmpty {
        nacks.noteGap(missing, peerKnowsRoundTrip: peerKnowsRoundTrip, now: now)
      }
    case .late(let number):
      // A packet that we asked for says nothing about the jitter of the path.
      if !nacks.noteArrival(number) { updateJitter(packet.timestamp, now: now) }
    case .suspicious:
      return false
    case .restarted:
      nacks.forgetAll()
      lastTransit = nil
    }
    return true
  }

  mutating func noteSenderReport(_ information: RTCPPacket.SenderInformation, now: Instant) {
    senderReport = (UInt32(truncatingIfNeeded: information.ntp >> 16), now)
  }

  mutating func takeDueNacks(now: Instant) -> [UInt16] { nacks.takeDue(now: now) }

  /// What the next receiver report says; nil if nothing came since the last one (RFC 3550 §6.4).
  mutating func takeReportBlock(now: Instant) -> ReportBlock? {
    guard let highest = sequence.highest, reportedArrival != lastArrival else { return nil }
    reportedArrival = lastArrival
    var block = ReportBlock(ssrc: ssrc)
    block.fractionLost = sequence.takeFractionLost()
    block.cumulativeLost = ReportBlock.bounded(sequence.lost)
    block.highestSequence = UInt32(truncatingIfNeeded: highest - 0x10000)
    block.jitter = scaledJitter >> 4
    if let senderReport {
      block.lastSenderReport = senderReport.ntpMiddle
      // The field ends after 18 h, in which the product fits 64 bits.
      let delay = min(now.microseconds(since: senderReport.arrived), Int64(UInt32.max) * 16)
      block.delaySinceLastSenderReport = UInt32(clamping: delay * 65_536 / 1_000_000)
      peerKnowsRoundTrip = true
    }
    return block
  }

  /// How unevenly packets arrive.
  var jitterMilliseconds: Int { rtpMilliseconds(scaledJitter >> 4) }

  private mutating func updateJitter(_ timestamp: UInt32, now: Instant) {
    let transit = rtpTicks(microseconds: now.microseconds) &- timestamp
    if let lastTransit {
      let difference = Int32(bitPattern: transit &- lastTransit).magnitude
      // A pause of the sender (mute, DTX) whose timestamps stood still would show for minutes: 1 s is no jitter.
      if difference < RTPSendStream.clockRate {
        scaledJitter = scaledJitter &+ difference &- (scaledJitter + 8) >> 4
      }
    }
    lastTransit = transit
  }
}

/// What the media clock shows after so many microseconds; it wraps, as its 32 bits do, and at no age of the machine
/// does anything overflow.
func rtpTicks(microseconds: Int64) -> UInt32 {
  let ticksPerMillisecond = Int64(RTPSendStream.clockRate / 1000)
  let (milliseconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1000)
  return UInt32(truncatingIfNeeded: milliseconds &* ticksPerMillisecond &+ rest * ticksPerMillisecond / 1000)
}

/// Adds losses to a counter, which stays at its limit where a word has 32 bits.
func adding(_ losses: Int64, to counter: Int) -> Int {
  let (sum, overflows) = Int64(counter).addingReportingOverflow(losses)
  return overflows ? .max : Int(clamping: sum)
}

/// Ticks of the media clock in whole milliseconds. As they come from the network they may be any number.
func rtpMilliseconds(_ ticks: UInt32) -> Int { Int(ticks / (RTPSendStream.clockRate / 1000)) }
