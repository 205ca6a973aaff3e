/// What a datagram on the shared port is, told by its first byte (RFC 7983 §7, updated by RFC 9443 §3).
enum DatagramKind: Equatable, Sendable {
  case stun
  case dtls
  case turnChannel
  /// RTP or RTCP; their payload types tell them apart (RFC 5761 §4).
  case media
  case unknown

  init(_ datagram: [UInt8]) {
    switch datagram.first {
    case .some(0...3): self = .stun
    case .some(20...63): self = .dtls
    case .some(64...79): self = .turnChannel
    case .some(128...191): self = .media
    default: self = .unknown
    }
  }
}
