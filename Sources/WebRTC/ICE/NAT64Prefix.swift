import Base

/// The translator of a network that has only IPv6 (RFC 6052): how it writes an IPv4 address, so that a peer that is
/// known by that alone can be reached. Known from what the network's name server makes of a name that has IPv4
/// addresses only (RFC 7050).
public struct NAT64Prefix: Equatable, Sendable {
  public static let name = "ipv4only.arpa"

  /// The prefix, and zeros.
  private var bytes: [UInt8]
  /// Where the four bytes of IPv4 go: byte 8 is never among them (RFC 6052 §2.2).
  private var places: [Int]

  private static let layouts = [
    [12, 13, 14, 15], [9, 10, 11, 12], [7, 9, 10, 11], [6, 7, 9, 10], [5, 6, 7, 9], [4, 5, 6, 7],
  ]

  /// From one address of `name`; nil if it is no translation of the two that the name has (RFC 7050 §8.2).
  public init?(answer: IPAddress) {
    let bytes = answer.bytes
    for places in NAT64Prefix.layouts where answer.family == .v6 {
      let found = places.map { bytes[$0] }
      guard found == [192, 0, 0, 170] || found == [192, 0, 0, 171] else { continue }
      self.bytes = bytes
      self.places = places
      for place in places { self.bytes[place] = 0 }
      // What follows is zeros, and so is byte 8 but for the longest prefix, of which it is a part.
      let end = places[3] + 1
      if end == 16 || self.bytes[8] == 0 && self.bytes[end...].allSatisfy({ $0 == 0 }) { return }
    }
    return nil
  }

  /// nil for what is IPv6 already.
  public func translated(_ address: SocketAddress) -> SocketAddress? {
    guard address.ip.family == .v4 else { return nil }
    var bytes = bytes
    for (place, byte) in zip(places, address.ip.bytes) { bytes[place] = byte }
    return IPAddress(bytes: bytes).map { SocketAddress(ip: $0, port: address.port) }
  }
}
