import Base

/// Protects what we send (RFC 3711 §3.3, §3.4).
final class SRTPSender {
  private struct Stream {
    let ssrc: UInt32
    /// Index of the newest protected RTP packet.
    var latest: UInt64?
    var nextControlIndex: UInt32 = 0
  }

  private let transform: SRTPTransform
  private var streams: [Stream] = []

  init(transform: SRTPTransform) { self.transform = transform }

  convenience init(profile: SRTPProfile, master: SRTPMasterKey) throws(SRTPFailure) {
    self.init(transform: try SRTPTransform(profile: profile, master: master, encrypts: true))
  }

  /// Encrypts an RTP packet in place and appends its tag. Packets of an SSRC come in order: a sequence number
  /// that was used already is refused, as it would use a key stream twice.
  func protect(_ packet: inout [UInt8]) throws(SRTPFailure) {
    guard let header = ClearHeader(packet) else { throw .malformed }
    let place = place(of: header.ssrc)
    var index = UInt64(header.sequence)
    if let latest = streams[place].latest {
      guard let guess = guessedPacketIndex(sequence: header.sequence, latest: latest), guess > latest else {
        throw .replayed
      }
      index = guess
    }
    guard index < 1 << 48 else { throw .exhausted }
    try transform.protect(&packet, payloadOffset: header.payloadOffset, ssrc: header.ssrc, index: index)
    streams[place].latest = index
  }

  /// Encrypts a compound RTCP packet in place, appends index and tag.
  func protectControl(_ packet: inout [UInt8]) throws(SRTPFailure) {
    guard let ssrc = controlSSRC(packet) else { throw .malformed }
    let place = place(of: ssrc)
    let index = streams[place].nextControlIndex
    guard index < SRTPTransform.encryptedFlag else { throw .exhausted }
    try transform.protectControl(&packet, ssrc: ssrc, index: index)
    streams[place].nextControlIndex += 1
  }

  /// The stream ended. Its SSRC must never be used again with these keys, as its counters would start anew.
  func forget(_ ssrc: UInt32) { streams = streams.filter { $0.ssrc != ssrc } }

  private func place(of ssrc: UInt32) -> Int {
    if let place = streams.firstIndex(where: { $0.ssrc == ssrc }) { return place }
    streams.append(Stream(ssrc: ssrc))
    return streams.count - 1
  }
}

/// Authenticates, orders and decrypts what we receive.
final class SRTPReceiver {
  private struct Stream {
    let ssrc: UInt32
    var rtp: ReplayWindow?
    var rtcp: ReplayWindow?
    var lastUse: UInt64 = 0
  }

  private let transform: SRTPTransform
  private var streams: [Stream] = []
  private var uses: UInt64 = 0
  /// The streams that descriptions name: their counters are kept however long they are silent, for without them no
  /// packet of theirs could be read again.
  var announced: [UInt32] = []

  init(transform: SRTPTransform) { self.transform = transform }

  convenience init(profile: SRTPProfile, master: SRTPMasterKey) throws(SRTPFailure) {
    self.init(transform: try SRTPTransform(profile: profile, master: master, encrypts: false))
  }

  var streamCount: Int { streams.count }

  /// Decrypts an SRTP packet in place, which becomes RTP. Nothing is remembered of a packet that fails.
  func unprotect(_ packet: inout [UInt8]) throws(SRTPFailure) {
    guard let header = ClearHeader(packet) else { throw .malformed }
    guard var window = stream(header.ssrc)?.rtp else { return try unprotectFirst(&packet, header) }
    guard let index = guessedPacketIndex(sequence: header.sequence, latest: window.latest),
      window.accepts(index)
    else { throw .replayed }
    try transform.unprotect(&packet, payloadOffset: header.payloadOffset, ssrc: header.ssrc, index: index)
    window.insert(index)
    streams[place(of: header.ssrc)].rtp = window
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
    streams[place(of: header.ssrc)].rtp = ReplayWindow(seen: index)
  }

  /// Decrypts an SRTCP packet in place, which becomes a compound RTCP packet.
  func unprotectControl(_ packet: inout [UInt8]) throws(SRTPFailure) {
    guard let ssrc = controlSSRC(packet), let word = transform.controlIndexWord(packet) else {
      throw .malformed
    }
    let index = UInt64(word & ~SRTPTransform.encryptedFlag)
    var window = stream(ssrc)?.rtcp
    if let window, !window.accepts(index) { throw .replayed }
    try transform.unprotectControl(&packet, ssrc: ssrc, indexWord: word)
    window?.insert(index)
    streams[place(of: ssrc)].rtcp = window ?? ReplayWindow(seen: index)
  }

  private func stream(_ ssrc: UInt32) -> Stream? { streams.first { $0.ssrc == ssrc } }

  /// Where a stream is that is used now. Only the owner of the keys gets here, so the bound is against its carelessness:
  /// with too many streams the one that was silent for longest, and is not announced, is forgotten.
  private func place(of ssrc: UInt32) -> Int {
    uses += 1
    var place = streams.firstIndex { $0.ssrc == ssrc } ?? streams.count
    if place == streams.count {
      if streams.count >= Limits.srtpStreamsMax { streams.remove(at: leastNeeded) }
      place = streams.count
      streams.append(Stream(ssrc: ssrc))
    }
    streams[place].lastUse = uses
    return place
  }

  private var leastNeeded: Int {
    var least = 0
    for place in streams.indices {
      let isAnnounced = announced.contains(streams[place].ssrc)
      let isLess =
        isAnnounced == announced.contains(streams[least].ssrc)
        ? streams[place].lastUse < streams[least].lastUse : !isAnnounced
      if isLess { least = place }
    }
    return least
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
