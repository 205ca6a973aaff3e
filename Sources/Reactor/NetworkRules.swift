import Base

/// What the owner of this machine says about how hosts are reached.
public struct NetworkRules: Sendable {
  /// Whether a public name may have an address of this machine.
  public var allowsLoopback = true
  /// Whether secrets go in the clear to private hosts only.
  public var requiresTLS = false
  public var proxy: HTTPProxy?

  public init() {}

  /// The proxy that leads to `host`; nil: it is dialled itself.
  func proxy(for host: String) -> HTTPProxy? {
    guard let proxy, !proxy.exceptions.match(host) else { return nil }
    return proxy
  }

  /// What of a name server's answer may be dialled.
  ///
  /// A public name whose address is this machine is a mistake of the name server or a filter's way to say no, and
  /// whatever listens here would be shown the token.
  func usable(
    _ addresses: [IPAddress], of host: String, onlyPrivate: Bool
  ) throws(ReactorFailure) -> [IPAddress] {
    var usable = addresses
    if !allowsLoopback, !isPrivateHost(host) {
      usable = addresses.filter { !$0.isLoopback && !$0.isUnspecified }
      guard !usable.isEmpty else { throw .loopbackAnswer(host: host) }
    }
    if onlyPrivate {
      usable = usable.filter { $0.isPrivate }
      guard !usable.isEmpty else { throw .clearText(host: host) }
    }
    return usable
  }
}

/// An HTTP proxy that opens connections (RFC 9110 §9.3.6, CONNECT).
public struct HTTPProxy: Sendable {
  public let address: ProxyAddress
  /// Hosts that are dialled without it.
  public let exceptions: HostRules
  private let password: String

  /// - Parameter password: of the address's user; it appears in no failure.
  public init(_ address: ProxyAddress, password: String, exceptions: HostRules) {
    self.address = address
    self.password = password
    self.exceptions = exceptions
  }

  var hostAndPort: String { joined(address.host, address.port) }
  var hasUser: Bool { !address.user.utf8.isEmpty }

  /// RFC 7617.
  func request(for target: String) -> [UInt8] {
    var text = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\nUser-Agent: lintel\r\n"
    if hasUser {
      let credentials = Array(address.user.utf8) + [UInt8(ascii: ":")] + Array(password.utf8)
      text += "Proxy-Authorization: Basic \(Base64.encode(credentials))\r\n"
    }
    return Array((text + "\r\n").utf8)
  }
}

/// `host:port`, or `[host]:port` for an IPv6 literal.
func joined(_ host: String, _ port: UInt16) -> String {
  host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
}
