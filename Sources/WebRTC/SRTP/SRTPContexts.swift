import Base

/// Protects what we send (RFC 3711 §3.3, §3.4).
final class SRTPSender {
  private struct Stream {
    /// Index of the newest protected RTP packet.
    var latest: UInt64?
    var nextControlIndex: UInt32 = 0
  }

  private let transform: SRTPTransform
  private var streams: [UInt32: Stream] = [:]

  init(transform: SRTPTransform) { self.transform = transform }

  convenience init(profile: SRTPProfile, master: SRTPMasterKey) throws(SRTPFailure) {
    self.init(transform: try SRTPTransform(profile: profile, master: master, encrypts: true))
  }

  /// Encrypts an RTP packet in place and appends its tag. Packets of an SSRC come in order: a sequence number
  /// that was used already is refused, as it would use a key stream twice.
  func protect(_ packet: inout [UInt8]) throws(SRTPFailure) {
    guard let header = ClearHeader(packet) else { throw .malformed }
    var stream = streams[header.ssrc] ?? Stream()
    var index = UInt64(header.sequence)
    if let latest = stream.latest {
      guard let guess = guessedPacketIndex(sequence: header.sequence, latest: latest), guess > latest else {
        throw .replayed
      }
      index = guess
    }
    guard index < 1 << 48 else { throw .exhausted }
    try transform.protect(&packet, payloadOffset: header.payloadOffset, ssrc: header.ssrc, index: index)
    stream.latest = index
    streams[header.ssrc] = stream
  }

  /// Encrypts a compound RTCP packet in place, appends index and tag.
  func protectControl(_ packet: inout [UInt8]) throws(SRTPFailure) {
    guard let ssrc = controlSSRC(packet) else { throw .malformed }
    var stream = streams[ssrc] ?? Stream()
    guard stream.nextControlIndex < SRTPTransform.encryptedFlag else { throw .exhausted }
    try transform.protectControl(&packet, ssrc: ssrc, index: stream.nextControlIndex)
    stream.nextControlIndex += 1
    streams[ssrc] = stream
  }

  /// The stream ended. Its SSRC must never be used again with these keys, as its counters would start anew.
  func forget(_ ssrc: UInt32) { streams[ssrc] = nil }
}

/// Authenticates, orders and decrypts what we receive.
final class SRTPReceiver {
  private struct Stream {
    var rtp: ReplayWindow?
    var rtcp: ReplayWindow?
    var lastUse: UInt64 = 0
  }

  private let transform: SRTPTransform
  private var streams: [UInt32: Stream] = [:]
  private var uses: UInt64 = 0
  /// The streams that descriptions name: their counters are kept however long they are silent, for without them no
  /// packet of theirs could be read again.
  var announced: Set<UInt32> = []

  init(transform: SRTPTransform) { self.transform = transform }

  convenience init(profile: SRTPProfile, master: SRTPMasterKey) throws(SRTPFailure) {
    self.init(transform: try SRTPTransform(profile: profile, master: master, encrypts: false))
  }

  var streamCount: Int { streams.count }

  /// Decrypts an SRTP packet in place, which becomes RTP. Nothing is remembered of a packet that fails.
  func unprotect(_ packet: inout [UInt8]) throws(SRTPFailure) {
    guard let header = ClearHeader(packet) else { throw .malformed }
    guard var window = streams[header.ssrc]?.rtp else { return try unprotectFirst(&packet, header) }
    guard let index = guessedPacketIndex(sequence: header.sequence, latest: window.latest),
      window.accepts(index)
    else { throw .replayed }
    try transform.unprotect(&packet, payloadOffset: header.payloadOffset, ssrc: header.ssrc, index: index)
    window.insert(index)
    update(header.ssrc) { $0.rtp = window }
  }

  /// The roll-over counter starts at 0, unless the packets from before the sender's first wrap were all lost:
  /// a low first sequence number may then belong to counter 1, and only the tag can tell.
  private func unprotectFirst(_ packet: inout [UInt8], _ header: ClearHeader) throws(SRTPFailure) {
    let original = packet
    var index = UInt64(header.sequence)
    do throws(SRTPFailure) {
      try transform.unprotect(&packet, payloadOffset: header.payloadOffset, ssrc: header.ssrc, index: index)
    } catch {
      guard error == .authentication, header.sequence < 0x8000 else { throw error }
      packet = original
      index |= 1 << 16
      try transform.unprotect(&packet, payloadOffset: header.payloadOffset, ssrc: header.ssrc, index: index)
    }
    update(header.ssrc) { $0.rtp = ReplayWindow(seen: index) }
  }

  /// Decrypts an SRTCP packet in place, which becomes a compound RTCP packet.
  func unprotectControl(_ packet: inout [UInt8]) throws(SRTPFailure) {
    guard let ssrc = controlSSRC(packet), let word = transform.controlIndexWord(packet) else {
      throw .malformed
    }
    let index = UInt64(word & ~SRTPTransform.encryptedFlag)
    var window = streams[ssrc]?.rtcp
    if let window, !window.accepts(index) { throw .replayed }
    try transform.unprotectControl(&packet, ssrc: ssrc, indexWord: word)
    window?.insert(index)
    update(ssrc) { $0.rtcp = window ?? ReplayWindow(seen: index) }
  }

  /// Only the owner of the keys gets here, so the bound is against its carelessness: with too many streams the
  /// one that was silent for longest, and is not announced, is forgotten.
  private func update(_ ssrc: UInt32, _ change: (inout Stream) -> Void) {
    uses += 1
    if streams[ssrc] == nil, streams.count >= Limits.srtpStreamsMax {
      var oldest: (ssrc: UInt32, isAnnounced: Bool, use: UInt64)?
      for (ssrc, stream) in streams {
        let isAnnounced = announced.contains(ssrc)
        let isWorse = oldest.map {
          isAnnounced == $0.isAnnounced ? stream.lastUse < $0.use : $0.isAnnounced
        }
        if isWorse ?? true { oldest = (ssrc, isAnnounced, stream.lastUse) }
      }
      if let oldest { streams[oldest.ssrc] = nil }
    }
    change(&streams[ssrc, default: Stream()])
    streams[ssrc]?.lastUse = uses
  }
}

/// The part of an RTP header that SRTP leaves readable (RFC 3711 §3.1).
private struct ClearHeader {
  var ssrc: UInt32
  var sequence: UInt16
  var payloadOffset: Int

  init?(_ packet: [UInt8]) {
    guard packet.count >= 12, packet[0] >> 6 == 2 else { return nil }
    var offset = 12 + 4 * Int(packet[0] & 15)
    if packet[0] & 0x10 != 0 {
      guard packet.count >= offset + 4 else { return nil }
      offset += 4 + 4 * (Int(packet[offset + 2]) << 8 | Int(packet[offset + 3]))
    }
    guard packet.count >= offset else { return nil }
    payloadOffset = offset
    sequence = UInt16(packet[2]) << 8 | UInt16(packet[3])
    ssrc = word(packet, at: 8)
  }
}

private func controlSSRC(_ packet: [UInt8]) -> UInt32? {
  packet.count >= 8 && packet[0] >> 6 == 2 ? word(packet, at: 4) : nil
}

private func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
  UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8
    | UInt32(bytes[offset + 3])
}
