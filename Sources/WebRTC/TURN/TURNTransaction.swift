import Base

/// A request that waits for its response.
struct TURNTransaction {
  enum Purpose: Equatable {
    case allocate
    case refresh
    /// The allocation is let go (LIFETIME 0).
    case release
    case permission(SocketAddress)
    case binding(SocketAddress)

    /// RFC 8656 §17.
    var method: UInt16 {
      switch self {
      case .allocate: TURNMethod.allocate
      case .refresh, .release: TURNMethod.refresh
      case .permission: TURNMethod.createPermission
      case .binding: TURNMethod.channelBind
      }
    }
  }

  var id: TransactionID
  var purpose: Purpose
  var datagram: [UInt8]
  /// Of the integrity of request and response; empty: the request bore none.
  var key: [UInt8]
  /// How often the server asked for this request again with another nonce.
  var challenges: Int
  var transmissions = 1
  var intervalMilliseconds: Int
  var nextAt: Instant
}

/// RFC 8656 §17.
enum TURNMethod {
  static let allocate: UInt16 = 3
  static let refresh: UInt16 = 4
  static let send: UInt16 = 6
  static let data: UInt16 = 7
  static let createPermission: UInt16 = 8
  static let channelBind: UInt16 = 9
}

/// A peer that the relay shall let through. Channel and permission count on their own (RFC 8656 §9 and §12).
struct TURNPeer {
  let address: SocketAddress
  /// 0: none yet, or none is left.
  var channel: UInt16 = 0
  var isBound = false
  var isRefused = false
  /// nil: a request is under way.
  var permissionDueAt: Instant?
  /// nil: a request is under way, or none is wanted.
  var bindingDueAt: Instant?
  /// When somebody here last wanted to reach it.
  var usedAt: Instant
}

extension TURNPeer {
  init(_ address: SocketAddress, _ now: Instant) {
    self.address = address
    permissionDueAt = now
    usedAt = now
  }
}

/// The code of a response in words for a technician (RFC 8656 §19, RFC 8489 §14.8). They follow "the TURN server".
func turnWords(_ code: Int) -> String {
  switch code {
  case 400: "finds the request or the password wrong (400)"
  case 401: "refuses user name and password (401)"
  case 403: "forbids it (403)"
  case 437: "does not know the allocation any more (437)"
  case 438: "calls every nonce stale (438)"
  case 441: "has another user name for the allocation (441)"
  case 486: "has given this user all the addresses it may have (486)"
  case 508: "has no address left (508)"
  default: "answers error \(code)"
  }
}
