import Base

/// Cuts the byte stream of a TURN server into STUN messages and ChannelData (RFC 8656 §3.1 and §12.5), which tell
/// their own length. What follows bytes that are neither cannot be found again, so they are the end of the stream.
struct TURNFraming {
  private var bytes: [UInt8] = []
  private var start = 0

  /// What the stream brought. `next` is asked until it has nothing, so no more than one unfinished frame is kept.
  mutating func append(_ more: [UInt8]) {
    bytes.removeFirst(start)
    start = 0
    bytes += more
  }

  /// The next whole frame, without the padding of ChannelData; nil: there is more to come.
  mutating func next() throws(TURNFailure) -> [UInt8]? {
    let rest = bytes.count - start
    guard rest >= 4 else { return nil }
    let length = Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])
    let count: Int
    switch bytes[start] {
    case 0...63:
      // A web server that answers where TURN was expected is told at once by the cookie.
      guard rest >= 8 else { return nil }
      guard STUNMessage.word(bytes, at: start + 4) == STUNMessage.magicCookie, length % 4 == 0 else {
        throw .notTURN
      }
      count = STUNMessage.headerBytes + length
    case 64...79: count = 4 + length
    default: throw .notTURN
    }
    guard count <= Limits.turnFrameBytesMax else { throw .notTURN }
    let padded = (count + 3) / 4 * 4
    guard rest >= padded else { return nil }
    let frame = Array(bytes[start..<start + count])
    start += padded
    return frame
  }
}

/// Why a stream from a TURN server cannot be read on. The words follow "the TURN server".
enum TURNFailure: Error, Equatable, Sendable {
  /// Or a frame of more than `Limits.turnFrameBytesMax`, as "HTTP" is one of 21 584 bytes.
  case notTURN

  var description: String { "does not speak TURN" }
}
