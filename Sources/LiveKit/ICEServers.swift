import Base
import WebRTC

/// Servers that help to find a path, as the room server or the owner names them (RFC 8839's peer configuration).
public struct ICEServer: Equatable, Sendable {
  /// `stun:` (RFC 7064), `turn:` and `turns:` (RFC 7065).
  public var urls: [String]
  public var username: String
  public var credential: String

  public init(urls: [String] = [], username: String = "", credential: String = "") {
    self.urls = urls
    self.username = username
    self.credential = credential
  }
}

/// The STUN and TURN servers of a session, and their addresses as far as known. Pure.
struct ICEServers {
  enum Server: Equatable {
    case stun(SocketAddress)
    case turn(RelayServer)
  }

  private(set) var known: [Server] = []
  private var pending: [(place: ICEServerAddress, login: ICEServer)] = []
  /// Whether one of them relays.
  private(set) var hasRelay = false

  /// Of one name.
  static let addressesPerNameMax = 2

  /// Names are being looked up.
  var isWaiting: Bool { !pending.isEmpty }

  /// A relay may be needed later, a server that tells our address is not, once media has a path.
  var waitsForRelay: Bool { pending.contains { $0.place.scheme != .stun } }

  func waitsForRelay(at name: String) -> Bool {
    pending.contains { $0.place.host == name && $0.place.scheme != .stun }
  }

  mutating func stopWaiting() { pending = [] }

  /// Returns the names to resolve. Those of TURN over TCP are resolved where they are dialled.
  mutating func take(_ servers: [ICEServer], serversMax: Int) -> [String] {
    self = ICEServers()
    var names: [String] = []
    for server in servers {
      for url in server.urls {
        guard known.count + pending.count < serversMax, let place = ICEServerAddress(url) else { continue }
        hasRelay = hasRelay || place.scheme != .stun
        let isResolved = place.scheme == .turnTCP || place.scheme == .turnTLS || IPAddress(place.host) != nil
        if isResolved {
          known.append(found(place, server, IPAddress(place.host)))
        } else {
          if !names.contains(place.host) { names.append(place.host) }
          pending.append((place, server))
        }
      }
    }
    return names
  }

  /// Returns the new servers.
  mutating func resolved(name: String, _ ips: [IPAddress]) -> [Server] {
    var new: [Server] = []
    for server in pending where server.place.host == name {
      for ip in ips.prefix(ICEServers.addressesPerNameMax) {
        new.append(found(server.place, server.login, ip))
      }
    }
    pending = pending.filter { $0.place.host != name }
    known += new
    return new
  }

  private func found(_ place: ICEServerAddress, _ login: ICEServer, _ ip: IPAddress?) -> Server {
    let address = SocketAddress(ip: ip ?? IPAddress(v4: 0), port: place.port)
    let transport: RelayServer.Transport
    switch place.scheme {
    case .stun: return .stun(address)
    case .turnUDP: transport = .udp(address)
    case .turnTCP: transport = .tcp(host: place.host, port: place.port)
    case .turnTLS: transport = .tls(host: place.host, port: place.port)
    }
    return .turn(RelayServer(transport, username: login.username, password: login.credential))
  }
}
