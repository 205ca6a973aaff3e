import Base

@testable import WebRTC

/// RTP: whatever can be read can be written, and says the same when read again.
func fuzzRTP(_ bytes: [UInt8]) {
  guard let packet = try? RTPPacket.parse(bytes) else { return }
  let again = try? RTPPacket.parse(packet.serialized())
  // Elements with id 0 are padding when written.
  if packet.extensions.allSatisfy({ $0.id != 0 }) { precondition(again?.payload == packet.payload) }
}

/// RTCP, alone and behind a well-formed report.
func fuzzRTCP(_ bytes: [UInt8]) {
  if let packets = try? RTCPPacket.parse(compound: bytes) {
    for packet in packets { _ = packet.serialized() }
  }
  _ = try? RTCPPacket.parse(compound: [0x80, 201, 0, 1, 0, 0, 0, 1] + bytes)
}
