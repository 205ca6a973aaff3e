import Base

/// A server that relays, and what it wants to know of us (RFC 8656).
public struct RelayServer: Equatable, Sendable {
  public enum Transport: Hashable, Sendable {
    case udp(SocketAddress)
    case tcp(host: String, port: UInt16)
    /// The certificate is checked for the host.
    case tls(host: String, port: UInt16)
  }

  public var transport: Transport
  public var username: String
  public var password: String

  public init(_ transport: Transport, username: String, password: String) {
    self.transport = transport
    self.username = username
    self.password = password
  }

  var kind: ICEBase.Kind {
    switch transport {
    case .udp: .relayedByUDP
    case .tcp: .relayedByTCP
    case .tls: .relayedByTLS
    }
  }
}

extension RelayServer: CustomStringConvertible {
  /// As a URL has it (RFC 7065), without the user.
  public var description: String {
    switch transport {
    case .udp(let address): "turn:\(address)"
    case .tcp(let host, let port): "turn:\(host):\(port)?transport=tcp"
    case .tls(let host, let port): "turns:\(host):\(port)"
    }
  }
}

/// One relayed address, or the way to it.
struct ICERelay {
  /// Of the stream that leads there, and of the base.
  var id: Int
  var server: RelayServer
  var client: TURNClient
  /// The socket that it is asked from; nil: a stream.
  var socket: ICEBase?
  /// Until when the stream has to stand; nil: it does.
  var opensUntil: Instant?
  /// Once it is allocated.
  var base: ICEBase?
  var wakeAt: Instant?
  var isReleased = false
}
