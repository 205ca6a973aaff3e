import Base

/// Packets on a byte stream, each behind its length in 16 bits (RFC 4571 §2), as ICE over TCP has them (RFC 6544 §3).
struct StreamFraming {
  /// The length bytes and the beginning of an unfinished packet: less than the longest packet that is looked at.
  private var rest: [UInt8] = []
  /// Of a packet that is too long to be anything; it is passed over without being kept.
  private var skipping = 0
  private(set) var skipped = 0

  static func frame(_ packet: [UInt8]) -> [UInt8] {
    [UInt8(truncatingIfNeeded: packet.count >> 8), UInt8(truncatingIfNeeded: packet.count)] + packet
  }

  /// What the stream brought; returns the packets that are whole now. An empty one says nothing and is left out.
  mutating func take(_ bytes: [UInt8]) -> [[UInt8]] {
    let all = rest + bytes
    var packets: [[UInt8]] = []
    var start = min(skipping, all.count)
    skipping -= start
    while all.count - start >= 2 {
      let length = Int(all[start]) << 8 | Int(all[start + 1])
      if length > Limits.datagramBytesMax {
        skipped &+= 1
        let here = min(2 + length, all.count - start)
        skipping = 2 + length - here
        start += here
        continue
      }
      guard all.count - start >= 2 + length else { break }
      if length > 0 { packets.append(Array(all[(start + 2)..<(start + 2 + length)])) }
      start += 2 + length
    }
    rest = Array(all[start...])
    return packets
  }
}
