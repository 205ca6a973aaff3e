import Base
import CUv

/// The addresses of this machine.
public enum NetworkInterfaces {
  /// Addresses of interfaces that are up, best first: IPv4, global IPv6, unique local IPv6 (fc00::/7), then
  /// link-local IPv4, which is what a cable without a DHCP server has. Link-local IPv6 is left out, since it
  /// means nothing without an interface. Loopback comes last if asked for, or alone if nothing else is there.
  public static func usableAddresses(includeLoopback: Bool) throws(ReactorFailure) -> [IPAddress] {
    preferred(among: try addresses(), includeLoopback: includeLoopback)
  }

  static func preferred(among all: [IPAddress], includeLoopback: Bool) -> [IPAddress] {
    var ranks: [[IPAddress]] = [[], [], [], [], []]
    for address in all {
      guard let rank = rank(address), !ranks[rank].contains(address) else { continue }
      ranks[rank].append(address)
    }
    let usable = ranks[0] + ranks[1] + ranks[2] + ranks[3]
    return includeLoopback || usable.isEmpty ? usable + ranks[4] : usable
  }

  private static func rank(_ address: IPAddress) -> Int? {
    if address.isUnspecified { return nil }
    if address.isLoopback { return 4 }
    if address.family == .v4 { return address.isLinkLocal ? 3 : 0 }
    if address.isLinkLocal { return nil }
    return address.high >> 57 == 0x7E ? 2 : 1
  }

  private static func addresses() throws(ReactorFailure) -> [IPAddress] {
    var list: UnsafeMutablePointer<uv_interface_address_t>?
    var count: Int32 = 0
    let code = uv_interface_addresses(&list, &count)
    guard code == 0, let list else {
      throw .system(action: "listing the network interfaces", code: code)
    }
    defer { uv_free_interface_addresses(list, count) }
    var result: [IPAddress] = []
    for index in 0..<min(Int(count), ReactorLimits.interfaceAddressesMax) {
      if let address = SocketAddress(system: lintel_interface_sockaddr(list + index)) {
        result.append(address.ip)
      }
    }
    return result
  }
}
