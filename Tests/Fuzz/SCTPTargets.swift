import Base
import CUsrSCTP

@testable import WebRTC

/// OPEN and its acknowledgement: what is read must survive being written and read again.
func fuzzDCEP(_ bytes: [UInt8]) {
  guard let message = DCEPMessage(bytes) else { return }
  guard case .open(var open) = message else { return precondition(message == .acknowledgement) }
  // Bytes that are no UTF-8 are read as longer ones.
  guard open.label.utf8.count <= Limits.dataChannelLabelBytesMax else { return }
  precondition(DCEPMessage(message.serialized()) == message)
  open.label = ""
  precondition(DCEPMessage(DCEPMessage.open(open).serialized()) == .open(open))
}

/// One side of an established association that the input feeds with packets: as they are, or with the header,
/// the checksum and the lengths that let them in.
func fuzzSCTPPacket(_ bytes: [UInt8]) {
  let pair = FuzzedAssociation()
  var reader = ByteReader(bytes)
  while let step = try? reader.u8() {
    let count = Int((try? reader.u8()) ?? 0) * (step & 8 != 0 ? 4 : 1)
    let body = Array((try? reader.take(min(count, reader.remaining))) ?? [])
    switch step & 7 {
    case 0: pair.feed(body)
    case 1: pair.feed(pair.packet(body))
    case 2: pair.feed(pair.packet(pair.chunk(body)))
    case 3: pair.feed(pair.packet(pair.dataChunk(body, type: 0x00, flags: 3)))
    case 4: pair.feed(pair.packet(pair.dataChunk(body, type: 0x00, flags: step >> 4)))
    case 5: pair.feed(pair.packet(pair.resetChunk(body)))
    case 6:
      _ = pair.channels.open(label: "", ordered: step & 16 == 0, maxRetransmits: step & 32 == 0 ? nil : 0)
      if let id = pair.channels.channels.first?.id {
        if step & 64 == 0 {
          try? pair.channels.send(body, id, now: pair.now)
        } else {
          pair.channels.close(id, now: pair.now)
        }
      }
    default: pair.now = pair.now.advanced(byMilliseconds: count * 16)
    }
    pair.settle()
  }
  _ = pair.channels.close(now: pair.now)
}

private final class FuzzedAssociation {
  let channels = DataChannels()
  var now = Instant(microseconds: 1_000_000)
  private let peer: SCTPAssociation
  /// Of packets to us, and the next of the peer's transmission sequence numbers.
  private var header: [UInt8] = []
  private var sequence: UInt32 = 0
  private var requestSequence: UInt32 = 0

  init() {
    channels.start(isDTLSClient: true, localPort: 5000, remotePort: 5000, now: now)
    peer = SCTPAssociation(localPort: 5000, remotePort: 5000, now: now)
    for _ in 0..<8 {
      while let packet = peer.nextPacket() {
        if packet.count >= 32, packet[12] == 1 || packet[12] == 2 {
          sequence = number(packet, 28)
          requestSequence = sequence
        }
        header = Array(packet[0..<8])
        channels.receive(packet, now: now)
      }
      while let packet = channels.nextPacket() { peer.receive(packet, now: now) }
    }
    precondition(channels.streams > 0, "not established")
    while peer.nextEvent() != nil {}
  }

  func feed(_ packet: [UInt8]) { channels.receive(packet, now: now) }

  /// Common header and checksum (RFC 9260 §3.1) around chunks.
  func packet(_ chunks: [UInt8]) -> [UInt8] {
    var packet = header + [0, 0, 0, 0] + chunks
    let checksum = packet.withUnsafeMutableBytes { usrsctp_crc32c($0.baseAddress, $0.count) }
    withUnsafeBytes(of: checksum) { packet.replaceSubrange(8..<12, with: $0) }
    return packet
  }

  /// Type and flags are the first two bytes; the length is made right.
  func chunk(_ body: [UInt8]) -> [UInt8] {
    guard body.count >= 2 else { return body }
    return padded([body[0], body[1]] + two(UInt16(body.count + 2)) + body[2...])
  }

  /// On the stream and with the identifier that the first two bytes name.
  func dataChunk(_ body: [UInt8], type: UInt8, flags: UInt8) -> [UInt8] {
    let stream = UInt16(body.first ?? 0) & 7
    let identifiers: [UInt32] = [50, 51, 53, 56, 57, 0]
    let identifier = identifiers[Int(body.dropFirst().first ?? 0) % identifiers.count]
    let content = body.dropFirst(2)
    let chunk =
      [type, flags] + two(UInt16(16 + content.count)) + four(sequence) + two(stream)
      + two(UInt16(body.count > 2 ? body[2] & 3 : 0)) + four(identifier) + content
    sequence &+= 1
    return padded(chunk)
  }

  /// RE-CONFIG with the parameter type in the first byte and the request's number in its place (RFC 6525 §3.1).
  func resetChunk(_ body: [UInt8]) -> [UInt8] {
    let content = body.dropFirst()
    let parameter =
      two(13 + UInt16(body.first ?? 0) % 6) + two(UInt16(8 + content.count)) + four(requestSequence) + content
    requestSequence &+= 1
    return padded([0x82, 0] + two(UInt16(4 + parameter.count)) + parameter)
  }

  func settle() {
    channels.advance(now: now)
    var packets = 0
    while let packet = channels.nextPacket() {
      precondition(packet.count <= Limits.sctpPacketBytesMax + 12)
      packets += 1
    }
    precondition(packets < 2000, "one packet set off \(packets)")
    channels.events = []
    precondition(channels.channels.count <= Limits.dataChannelsMax)
    if let next = channels.nextTimeout { precondition(next > now) }
  }

  private func number(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8
      | UInt32(bytes[offset + 3])
  }

  private func two(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
  private func four(_ value: UInt32) -> [UInt8] {
    two(UInt16(value >> 16)) + two(UInt16(truncatingIfNeeded: value))
  }
  private func padded(_ chunk: [UInt8]) -> [UInt8] {
    chunk + [UInt8](repeating: 0, count: (4 - chunk.count % 4) % 4)
  }
}
