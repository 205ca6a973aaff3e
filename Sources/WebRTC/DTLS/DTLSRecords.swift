import Base

/// The records of a datagram (RFC 6347 §4.1), as far as they can be told apart without keys.
enum DTLSRecords {
  private static let headerBytes = 13
  private static let alert: UInt8 = 21

  /// An alert of epoch 0 is in plain text: anybody can send one, and OpenSSL would end the handshake for it. RFC 6347
  /// §4.1.2.7 lets us ignore it. The rest of the datagram, and the description of the last such alert.
  static func withoutPlainAlerts(_ datagram: [UInt8]) -> (rest: [UInt8], alert: UInt8?) {
    var rest: [UInt8] = []
    var found: UInt8?
    var start = 0
    while start + headerBytes <= datagram.count {
      let length = Int(datagram[start + 11]) << 8 | Int(datagram[start + 12])
      let end = start + headerBytes + length
      let isPlain = datagram[start + 3] == 0 && datagram[start + 4] == 0
      // A torso is for OpenSSL to drop, unless it is of the kind that ends everything.
      if datagram[start] == alert, isPlain {
        found = length == 2 && end <= datagram.count ? datagram[end - 1] : found ?? 0
      } else {
        rest += datagram[start..<min(end, datagram.count)]
      }
      start = end
    }
    if start < datagram.count { rest += datagram[start...] }
    return (rest, found)
  }
}
