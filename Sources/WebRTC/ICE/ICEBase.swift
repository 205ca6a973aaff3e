import Base

/// Where our datagrams leave and the peer's arrive: a base of RFC 8445 §3.
///
/// A UDP socket is named by its address. Streams and relays have a number as well, for a new one may get the address
/// of the one before.
struct ICEBase: Hashable, Sendable {
  /// Cheapest first: fewer bytes, fewer machines, less waiting behind what was lost.
  enum Kind: UInt8, Sendable, CaseIterable { case udp, tcp, relayedByUDP, relayedByTCP, relayedByTLS }

  /// Of the stream or the relay; 0: a UDP socket.
  var id = 0
  var address: SocketAddress
  var kind = Kind.udp

  /// Of a candidate or a check from here (RFC 8445 §5.1.2.1; RFC 6544 §4.2 puts TCP below UDP, as others do by 27).
  func priority(_ kind: ICECandidate.Kind, localPreference: UInt16) -> UInt32 {
    switch self.kind {
    case .udp: ICECandidate.priority(kind, localPreference: localPreference)
    case .tcp: ICECandidate.priority(kind, localPreference: localPreference) - 27 << 24
    case .relayedByUDP, .relayedByTCP, .relayedByTLS:
      ICECandidate.priority(.relayed, localPreference: localPreference)
    }
  }

  static func udp(_ address: SocketAddress) -> ICEBase { ICEBase(address: address) }
}
