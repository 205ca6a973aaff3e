import Base

/// Tells an address from which nothing can be sent any more from a datagram that could not be sent. Of the system's
/// refusals in a row those of one moment count as one, for a route may be missing while it is changed.
public struct SendRefusals: Sendable {
  static let most = 3
  static let apartMilliseconds = 200

  private var count = 0
  private var lastAt: Instant?

  public init() {}

  public mutating func sent() { count = 0 }

  /// True once, when the address has to be given up.
  public mutating func refused(now: Instant) -> Bool {
    if count > 0, let lastAt, now < lastAt.advanced(byMilliseconds: Self.apartMilliseconds) { return false }
    lastAt = now
    count += 1
    return count == Self.most
  }
}
