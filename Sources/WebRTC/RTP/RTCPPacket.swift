import Base

/// How one source's packets arrive (RFC 3550 §6.4.1).
struct ReportBlock: Equatable, Sendable {
  var ssrc: UInt32
  /// Since the previous report, in 1/256.
  var fractionLost: UInt8 = 0
  /// 24 bits, signed: duplicates count against losses (RFC 3550 §6.4.1 clamps them).
  var cumulativeLost = 0
  var highestSequence: UInt32 = 0
  /// In the clock rate of the source.
  var jitter: UInt32 = 0
  /// The middle 32 bits of the NTP time of the source's last sender report; 0 before the first.
  var lastSenderReport: UInt32 = 0
  /// Since that report came, in 1/65 536 s.
  var delaySinceLastSenderReport: UInt32 = 0

  static func bounded(_ lost: Int64) -> Int { Int(min(max(lost, -0x80_0000), 0x7F_FFFF)) }
}

/// What an RTCP packet says, as far as it matters here.
enum RTCPPacket: Equatable, Sendable {
  struct SenderInformation: Equatable, Sendable {
    var ntp: UInt64
    var rtpTimestamp: UInt32
    var packets: UInt32
    var octets: UInt32
  }

  case senderReport(ssrc: UInt32, SenderInformation, [ReportBlock])
  case receiverReport(ssrc: UInt32, [ReportBlock])
  /// CNAMEs (RFC 3550 §6.5.1); other items are skipped.
  case sourceDescription([(ssrc: UInt32, canonicalName: String)])
  case goodbye([UInt32])
  /// Generic NACK (RFC 4585 §6.2.1): the sequence numbers of `media` that `sender` misses.
  case nack(sender: UInt32, media: UInt32, [UInt16])
  /// Well-formed, but nothing for us (XR, REMB, application-defined).
  case other(type: UInt8)

  static func == (left: RTCPPacket, right: RTCPPacket) -> Bool {
    left.serialized() == right.serialized()
  }

  private enum PacketType {
    static let senderReport: UInt8 = 200
    static let receiverReport: UInt8 = 201
    static let sourceDescription: UInt8 = 202
    static let goodbye: UInt8 = 203
    static let transportFeedback: UInt8 = 205
  }

  /// Reads a compound packet (RFC 3550 §6.1), or a reduced-size one (RFC 5506). All or nothing: a compound whose
  /// lengths do not add up is refused whole.
  static func parse(compound bytes: [UInt8]) throws(RTPFailure) -> [RTCPPacket] {
    var packets: [RTCPPacket] = []
    var start = 0
    while start < bytes.count {
      guard bytes.count - start >= 4 else { throw .truncated }
      guard bytes[start] >> 6 == 2 else { throw .version }
      let length = (Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])) * 4
      let next = start + 4 + length
      guard next <= bytes.count else { throw .inconsistent }
      var end = next
      if bytes[start] & 0x20 != 0 {
        // §6.4.1: padding is allowed in the last packet only, and counts itself.
        let padding = Int(bytes[next - 1])
        guard next == bytes.count, padding > 0, padding <= length else { throw .padding }
        end -= padding
      }
      let body = ByteReader(bytes, from: start + 4, to: end)
      do throws(ByteError) {
        packets.append(try parse(type: bytes[start + 1], count: bytes[start] & 31, body))
      } catch {
        throw .truncated
      }
      start = next
    }
    return packets
  }

  private static func parse(
    type: UInt8, count: UInt8, _ body: ByteReader
  ) throws(ByteError) -> RTCPPacket {
    var reader = body
    switch type {
    case PacketType.senderReport:
      let ssrc = try reader.u32()
      let information = SenderInformation(
        ntp: try reader.u64(), rtpTimestamp: try reader.u32(), packets: try reader.u32(),
        octets: try reader.u32())
      return .senderReport(ssrc: ssrc, information, try parseBlocks(count, &reader))
    case PacketType.receiverReport:
      let ssrc = try reader.u32()
      return .receiverReport(ssrc: ssrc, try parseBlocks(count, &reader))
    case PacketType.sourceDescription:
      return .sourceDescription(try parseChunks(count, &reader))
    case PacketType.goodbye:
      var sources: [UInt32] = []
      for _ in 0..<count { sources.append(try reader.u32()) }
      return .goodbye(sources)
    case PacketType.transportFeedback where count == 1:
      let sender = try reader.u32()
      let media = try reader.u32()
      return .nack(sender: sender, media: media, try parseNack(&reader))
    default:
      return .other(type: type)
    }
  }

  private static func parseBlocks(
    _ count: UInt8, _ reader: inout ByteReader
  ) throws(ByteError) -> [ReportBlock] {
    var blocks: [ReportBlock] = []
    for _ in 0..<count {
      var block = ReportBlock(ssrc: try reader.u32())
      block.fractionLost = try reader.u8()
      let lost = Int(try reader.u24())
      block.cumulativeLost = lost >= 0x80_0000 ? lost - 0x100_0000 : lost
      block.highestSequence = try reader.u32()
      block.jitter = try reader.u32()
      block.lastSenderReport = try reader.u32()
      block.delaySinceLastSenderReport = try reader.u32()
      blocks.append(block)
    }
    return blocks
  }

  private static func parseChunks(
    _ count: UInt8, _ reader: inout ByteReader
  ) throws(ByteError) -> [(ssrc: UInt32, canonicalName: String)] {
    var chunks: [(ssrc: UInt32, canonicalName: String)] = []
    for _ in 0..<count {
      let ssrc = try reader.u32()
      var name = ""
      while true {
        let item = try reader.u8()
        if item == 0 { break }
        let value = try reader.take(Int(try reader.u8()))
        if item == 1 { name = String(decoding: value, as: UTF8.self) }
      }
      // Each chunk starts at a 32-bit boundary, counted from the packet's start, which is at one itself.
      while reader.offset % 4 != 0 { try reader.skip(1) }
      chunks.append((ssrc, name))
    }
    return chunks
  }

  private static func parseNack(_ reader: inout ByteReader) throws(ByteError) -> [UInt16] {
    var missing: [UInt16] = []
    while !reader.isAtEnd, missing.count < Limits.nackSequencesMax {
      let first = try reader.u16()
      let mask = try reader.u16()
      missing.append(first)
      for bit in 0..<16 where mask >> UInt16(bit) & 1 != 0 { missing.append(first &+ UInt16(bit + 1)) }
    }
    return missing
  }

  // Writing.

  /// In network form; several of these in a row are a compound packet.
  func serialized() -> [UInt8] {
    var writer = ByteWriter(capacity: 64)
    switch self {
    case .senderReport(let ssrc, let information, let blocks):
      begin(&writer, count: blocks.count, type: PacketType.senderReport)
      writer.u32(ssrc)
      writer.u64(information.ntp)
      writer.u32(information.rtpTimestamp)
      writer.u32(information.packets)
      writer.u32(information.octets)
      write(blocks, &writer)
    case .receiverReport(let ssrc, let blocks):
      begin(&writer, count: blocks.count, type: PacketType.receiverReport)
      writer.u32(ssrc)
      write(blocks, &writer)
    case .sourceDescription(let chunks):
      begin(&writer, count: chunks.count, type: PacketType.sourceDescription)
      for (ssrc, name) in chunks {
        writer.u32(ssrc)
        writer.u8(1)
        let text = Array(name.utf8.prefix(255))
        writer.u8(UInt8(text.count))
        writer.append(text)
        // At least one zero byte ends the items (RFC 3550 §6.5).
        writer.u8(0)
        writer.pad(toMultipleOf: 4)
      }
    case .goodbye(let sources):
      begin(&writer, count: sources.count, type: PacketType.goodbye)
      for source in sources { writer.u32(source) }
    case .nack(let sender, let media, let missing):
      begin(&writer, count: 1, type: PacketType.transportFeedback)
      writer.u32(sender)
      writer.u32(media)
      for (first, mask) in RTCPPacket.pack(missing) {
        writer.u16(first)
        writer.u16(mask)
      }
    case .other(let type):
      begin(&writer, count: 0, type: type)
    }
    writer.patch(UInt16(writer.count / 4 - 1), at: 2)
    return writer.bytes
  }

  private func begin(_ writer: inout ByteWriter, count: Int, type: UInt8) {
    writer.u8(0x80 | UInt8(count & 31))
    writer.u8(type)
    writer.u16(0)
  }

  private func write(_ blocks: [ReportBlock], _ writer: inout ByteWriter) {
    for block in blocks {
      writer.u32(block.ssrc)
      writer.u8(block.fractionLost)
      writer.u24(UInt32(truncatingIfNeeded: ReportBlock.bounded(Int64(block.cumulativeLost))) & 0xFF_FFFF)
      writer.u32(block.highestSequence)
      writer.u32(block.jitter)
      writer.u32(block.lastSenderReport)
      writer.u32(block.delaySinceLastSenderReport)
    }
  }

  /// Each entry names one packet and, by bits, which of the sixteen after it are missing too.
  private static func pack(_ missing: [UInt16]) -> [(first: UInt16, mask: UInt16)] {
    var entries: [(first: UInt16, mask: UInt16)] = []
    for sequence in missing {
      if let last = entries.last {
        let distance = sequence &- last.first
        if distance == 0 { continue }
        if distance <= 16 {
          entries[entries.count - 1].mask |= 1 << (distance - 1)
          continue
        }
      }
      entries.append((sequence, 0))
    }
    return entries
  }
}
