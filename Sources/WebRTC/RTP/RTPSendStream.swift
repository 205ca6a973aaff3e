import Base

/// One SSRC that we send: numbering, counters for its reports, and the sent packets that a NACK may ask for.
struct RTPSendStream {
  let ssrc: UInt32
  let mid: String
  private(set) var packetsSent: UInt32 = 0
  /// Payload octets, without headers (RFC 3550 §6.4.1).
  private(set) var octetsSent: UInt32 = 0
  private(set) var retransmissions = 0
  private var nextSequence: UInt16
  private let timestampOffset: UInt32
  private var lastFrame: (timestamp: UInt32, sent: Instant)?
  private var lastReport: Instant?
  private var history: [SentPacket] = []
  /// Where in `history` the next packet goes, once it is full.
  private var oldest = 0

  private struct SentPacket {
    var sequence: UInt16
    /// As it went out, encrypted: the same bytes may go out again, as neither key nor counter differ.
    var datagram: [UInt8]
    var lastSent: Instant
  }

  static let clockRate: UInt32 = 48_000

  init(ssrc: UInt32, mid: String, firstSequence: UInt16, timestampOffset: UInt32) {
    self.ssrc = ssrc
    self.mid = mid
    nextSequence = firstSequence
    self.timestampOffset = timestampOffset
  }

  /// The next packet of the stream, in plain text.
  mutating func makePacket(
    _ frame: PeerConnection.AudioFrame, payloadType: UInt8, audioLevelID: UInt8?, midID: UInt8?,
    now: Instant
  ) -> RTPPacket {
    var packet = RTPPacket(
      marker: frame.marker, payloadType: payloadType, sequence: nextSequence,
      timestamp: frame.timestamp &+ timestampOffset, ssrc: ssrc, payload: frame.payload)
    if let audioLevelID {
      let level = AudioLevel(level: frame.level, voice: frame.voice)
      packet.extensions.append(.init(id: audioLevelID, value: level.value))
    }
    // RFC 8843 §15: the mid ties this SSRC to its section.
    if let midID { packet.extensions.append(.init(id: midID, value: Array(mid.utf8))) }
    nextSequence &+= 1
    packetsSent &+= 1
    octetsSent &+= UInt32(truncatingIfNeeded: frame.payload.count)
    lastFrame = (packet.timestamp, now)
    return packet
  }

  /// Keeps what went out under `sequence`.
  mutating func remember(_ datagram: [UInt8], sequence: UInt16, now: Instant) {
    let sent = SentPacket(sequence: sequence, datagram: datagram, lastSent: now)
    if history.count < Limits.rtpHistoryPackets {
      history.append(sent)
    } else {
      history[oldest] = sent
      oldest = (oldest + 1) % history.count
    }
  }

  /// What a NACK gets: packets that are still here and were not sent within `gapMilliseconds`.
  mutating func retransmit(_ missing: [UInt16], gapMilliseconds: Int, now: Instant) -> [[UInt8]] {
    var datagrams: [[UInt8]] = []
    for sequence in missing {
      guard let index = history.firstIndex(where: { $0.sequence == sequence }),
        now.milliseconds(since: history[index].lastSent) >= gapMilliseconds
      else { continue }
      history[index].lastSent = now
      datagrams.append(history[index].datagram)
      retransmissions &+= 1
    }
    return datagrams
  }

  /// When the next sender report is due; nil before the first packet.
  var reportDue: Instant? {
    guard let lastFrame else { return nil }
    return lastReport?.advanced(byMilliseconds: Limits.senderReportMilliseconds) ?? lastFrame.sent
  }

  /// RFC 3550 §6.4.1: what the media clock shows at this instant.
  mutating func senderReport(now: Instant) -> RTCPPacket.SenderInformation? {
    guard let lastFrame else { return nil }
    lastReport = now
    let elapsed = rtpTicks(microseconds: now.microseconds(since: lastFrame.sent))
    return RTCPPacket.SenderInformation(
      ntp: now.ntp, rtpTimestamp: lastFrame.timestamp &+ elapsed,
      packets: packetsSent, octets: octetsSent)
  }
}
