import Base
import CLinux

/// The addresses of this machine.
public struct NetworkInterfaces: Equatable {
  /// For new sockets, best first: that of the default route of either family, IPv4, global IPv6 (temporary ones
  /// first, RFC 8981), unique local IPv6 (fc00::/7), link-local IPv4, which is what a cable without a DHCP server
  /// has, then those of bridges and containers. Link-local IPv6 is left out, since it means nothing without an
  /// interface. Loopback comes last if asked for, or alone if nothing else is there.
  public private(set) var best: [IPAddress] = []
  /// Sockets of these may stay as well: deprecated ones, which may be used to the end of a talk.
  public private(set) var present: [IPAddress] = []

  /// None.
  public init() {}

  public static func read(includeLoopback: Bool) throws(ReactorFailure) -> NetworkInterfaces {
    NetworkInterfaces(
      try table(), defaults: probes.compactMap { sourceAddress(towards: $0) },
      includeLoopback: includeLoopback)
  }

  /// - Parameter defaults: from where the kernel sends to the rest of the world.
  init(_ table: NetworkTable, defaults: [IPAddress], includeLoopback: Bool) {
    let usable = table.addresses.filter {
      !$0.ip.isUnspecified && !($0.ip.isLinkLocal && $0.ip.family == .v6)
    }
    let outward = usable.filter { !$0.ip.isLoopback }
    // A cable that is out may be in again before anybody misses it, so its addresses are kept if there are no others.
    let connected = outward.filter { table.link(of: $0)?.isRunning == true }
    var ranks: [Int] = []
    for address in connected.isEmpty ? outward : connected {
      let isInner = table.link(of: address)?.isInner == true
      let rank =
        defaults.firstIndex(of: address.ip)
        ?? defaults.count + Self.rank(address) + (isInner ? Self.ranks : 0)
      insert(address, rank, &ranks)
    }
    for address in usable where address.ip.isLoopback && (includeLoopback || present.isEmpty) {
      insert(address, .max, &ranks)
    }
    let deprecated = usable.filter { $0.isDeprecated }.map { $0.ip }
    best = present.filter { !deprecated.contains($0) }
  }

  private mutating func insert(_ address: NetworkTable.Address, _ rank: Int, _ ranks: inout [Int]) {
    guard !present.contains(address.ip) else { return }
    let place = ranks.firstIndex { $0 > rank } ?? ranks.count
    ranks.insert(rank, at: place)
    present.insert(address.ip, at: place)
  }

  private static let ranks = 5

  private static func rank(_ address: NetworkTable.Address) -> Int {
    if address.ip.family == .v4 { return address.ip.isLinkLocal ? 4 : 0 }
    if address.ip.high >> 57 == 0x7E { return 3 }
    return address.isTemporary ? 1 : 2
  }

  /// Addresses for documentation (RFC 5737, RFC 3849), which are nobody's, so that only a default route leads there.
  private static let probes = [IPAddress(v4: 0xC000_0201), IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 1)]

  private static func sourceAddress(towards ip: IPAddress) -> IPAddress? {
    let bytes = ip.bytes
    var source = bytes
    return lintel_source_address(bytes, Int32(bytes.count), &source) == 1 ? IPAddress(bytes: source) : nil
  }

  private static func table() throws(ReactorFailure) -> NetworkTable {
    let descriptor = lintel_netlink_socket(0)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    var table = NetworkTable()
    for question in [RTM_GETLINK, RTM_GETADDR] {
      guard lintel_netlink_ask(descriptor, UInt16(question)) == 0 else { throw failure() }
      for _ in 0..<ReactorLimits.networkAnswersMax {
        guard let bytes = receiveNetlink(descriptor) else { throw failure() }
        table.read(bytes)
        if table.isDone { break }
      }
    }
    return table
  }

  private static func failure() -> ReactorFailure {
    .system(action: "listing the network addresses", code: -lintel_errno())
  }
}

/// One read; nil and errno if there is nothing.
func receiveNetlink(_ descriptor: Int32) -> [UInt8]? {
  var count = 0
  let bytes = [UInt8](unsafeUninitializedCapacity: ReactorLimits.netlinkBytes) { buffer, filled in
    count = lintel_netlink_receive(descriptor, buffer.baseAddress, buffer.count)
    filled = max(0, count)
  }
  return count < 0 ? nil : bytes
}
