import Base
import WebRTC

/// Whether IPv4 has to be reached through a translator, and which. Pure.
struct Translation {
  private(set) var prefix: NAT64Prefix?
  private var isDecided = false

  /// Takes an address of this machine, best first. True once: only IPv6 leads out of here, so `NAT64Prefix.name` has
  /// to be looked up.
  mutating func isWanted(by address: IPAddress) -> Bool {
    guard !isDecided, !address.isLoopback, !address.isLinkLocal else { return false }
    isDecided = true
    return address.family == .v6
  }

  /// Takes the answer; a network without a translator has none.
  mutating func resolved(_ answer: [IPAddress]) {
    for address in answer where prefix == nil { prefix = NAT64Prefix(answer: address) }
  }
}
