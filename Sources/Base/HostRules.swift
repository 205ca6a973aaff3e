/// A list of hosts, as `NO_PROXY` has it: names, domains that begin with a dot, addresses, networks, or `*`.
///
/// | rule | matches |
/// |---|---|
/// | `door.example.org` | that name |
/// | `.example.org` | that domain and everything below it |
/// | `10.0.0.0/8`, `fd00::/8`, `192.0.2.7` | a host that is written as such an address; names are not looked up for it |
/// | `*` | every host |
public struct HostRules: Equatable, Sendable {
  private enum Rule: Equatable, Sendable {
    case every
    case name([UInt8])
    case domain([UInt8])
    case network(IPAddress, prefixBits: Int)
  }

  private var rules: [Rule] = []
  public static let rulesMax = 64
  private static let hostBytesMax = 255

  /// nil for more than `rulesMax`, or for what is none of them.
  public init?(_ text: String) {
    for part in Array(text.utf8).split(separator: UInt8(ascii: ",")) {
      let word = trimmed(part)
      if word.isEmpty { continue }
      guard rules.count < HostRules.rulesMax, let rule = HostRules.rule(word) else { return nil }
      rules.append(rule)
    }
  }

  public func match(_ host: String) -> Bool {
    let name = host.utf8.map { lowercased($0) }
    let address = IPAddress(host)
    for rule in rules {
      switch rule {
      case .every: return true
      case .name(let own): if own == name { return true }
      case .domain(let own):
        if name.suffix(own.count).elementsEqual(own) || name.elementsEqual(own.dropFirst()) { return true }
      case .network(let network, let bits):
        if let address, address.isWithin(network, prefixBits: bits) { return true }
      }
    }
    return false
  }

  private static func rule(_ word: ArraySlice<UInt8>) -> Rule? {
    if word.spells("*") { return .every }
    let parts = word.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    var literal = parts[0]
    if literal.first == UInt8(ascii: "["), literal.last == UInt8(ascii: "]") {
      literal = literal.dropFirst().dropLast()
    }
    if let address = IPAddress(String(decoding: literal, as: UTF8.self)) {
      let all = address.family == .v4 ? 32 : 128
      if parts.count == 1 { return .network(address, prefixBits: all) }
      guard parts.count == 2, let bits = decimal(parts[1]), bits <= all else { return nil }
      return .network(address, prefixBits: bits)
    }
    let name = word.map { lowercased($0) }
    guard name.count <= hostBytesMax, name != [UInt8(ascii: ".")],
      name.allSatisfy({ isLetterOrDigit($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F })
    else { return nil }
    return name.first == UInt8(ascii: ".") ? .domain(name) : .name(name)
  }
}

extension IPAddress {
  func isWithin(_ network: IPAddress, prefixBits: Int) -> Bool {
    guard family == network.family else { return false }
    if family == .v4 { return low >> (32 - prefixBits) == network.low >> (32 - prefixBits) }
    if prefixBits <= 64 { return high >> (64 - prefixBits) == network.high >> (64 - prefixBits) }
    return high == network.high && low >> (128 - prefixBits) == network.low >> (128 - prefixBits)
  }

  /// Not of the internet: this machine, this link, a private network (RFC 1918, RFC 4193), or a carrier's own (RFC 6598).
  public var isPrivate: Bool {
    if isLoopback || isLinkLocal { return true }
    if family == .v6 { return high >> 57 == 0x7E }
    return low >> 24 == 10 || low >> 20 == 0xAC1 || low >> 16 == 0xC0A8 || low >> 22 == 0x191
  }
}

/// Whether a host, as it is written, is one of the local network: a private address, a name without a dot, or one under
/// a domain that the internet does not have (RFC 6762, RFC 8375, and what routers use).
public func isPrivateHost(_ host: String) -> Bool {
  if let address = IPAddress(host) { return address.isPrivate }
  let name = host.utf8.map { lowercased($0) }
  guard name.contains(UInt8(ascii: ".")) else { return true }
  for domain in [".local", ".localhost", ".lan", ".internal", ".home.arpa"] where name.ends(with: domain) {
    return true
  }
  return false
}
