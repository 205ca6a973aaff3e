import Base

/// The STUN servers that the server names, and their addresses as far as known. Pure.
struct STUNServers {
  private(set) var addresses: [SocketAddress] = []
  private var pending: [(name: String, port: UInt16)] = []

  static let defaultPort: UInt16 = 3478
  /// Of one name.
  static let addressesPerNameMax = 2

  init() {}

  /// Takes the `stun:` URLs (RFC 7064); `turn:` and `turns:` are for a client that relays.
  /// Returns the names to resolve.
  mutating func take(_ servers: [ICEServer], serversMax: Int) -> [String] {
    self = STUNServers()
    var names: [String] = []
    for url in servers.flatMap({ $0.urls }) {
      guard addresses.count + pending.count < serversMax, let (host, port) = STUNServers.parse(url) else {
        continue
      }
      if let ip = IPAddress(host) {
        addresses.append(SocketAddress(ip: ip, port: port))
      } else {
        if !names.contains(host) { names.append(host) }
        pending.append((host, port))
      }
    }
    return names
  }

  /// Returns the new addresses.
  mutating func resolved(name: String, _ ips: [IPAddress]) -> [SocketAddress] {
    var found: [SocketAddress] = []
    for server in pending where server.name == name {
      for ip in ips.prefix(STUNServers.addressesPerNameMax) {
        found.append(SocketAddress(ip: ip, port: server.port))
      }
    }
    pending = pending.filter { $0.name != name }
    addresses += found
    return found
  }

  /// `stun:host`, `stun:host:port` or `stun:[v6]:port`.
  static func parse(_ url: String) -> (host: String, port: UInt16)? {
    let bytes = Array(url.utf8)
    guard bytes.begins(with: "stun:") else { return nil }
    var rest = bytes[5...]
    // Some servers append a transport, which STUN over UDP does not need.
    if let query = rest.firstIndex(of: UInt8(ascii: "?")) { rest = rest[..<query] }
    var host = rest
    var port: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: "[") {
      guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      host = rest[(rest.startIndex + 1)..<close]
      let after = rest[(close + 1)...]
      guard after.isEmpty || after.first == UInt8(ascii: ":") else { return nil }
      port = after.dropFirst()
    } else if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
      host = rest[..<colon]
      port = rest[(colon + 1)...]
    }
    guard !host.isEmpty, host.count <= 253, host.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    guard let number = port.isEmpty ? defaultPort : portNumber(port) else { return nil }
    return (String(decoding: host, as: UTF8.self), number)
  }
}
