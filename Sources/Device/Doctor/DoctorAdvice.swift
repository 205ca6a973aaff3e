import Base
import Control

/// What helps against a failure of the room, by its code.
enum DoctorAdvice {
  static func of(_ code: String) -> String {
    switch code {
    case "expired-token":
      "put a fresh token in its place; a device that renews it uses [token] source = endpoint"
    case "token-not-yet-valid", "clock-not-set":
      "correct the clock of this device, or of whoever issues tokens"
    case "not-allowed": "issue the token with the key and secret of this server"
    case "malformed-token": "put a whole token in its place, as the server's tools print it"
    case "token-too-open": "chmod 600 the file"
    case "token-unreadable", "token-empty", "token-too-long", "no-token":
      "put the token into the file of [token] file, owned by the user of linteld, mode 600"
    case "token-no-secret": "put the server's API secret into the file of [token] api-secret-file, mode 600"
    case "token-endpoint-refused", "token-endpoint-rejected":
      "ask whoever runs the token endpoint what it knows this device by"
    case "token-endpoint-unavailable", "token-endpoint-answer": "the log of the token endpoint says more"
    case "token-endpoint-timeout", "token-endpoint-unreachable", "token-endpoint-tls",
      "token-endpoint-not-found",
      "token-endpoint-redirected":
      "correct [token] endpoint, or see that it can be reached from here: curl says more"
    case "media-timeout", "media-failed":
      "open UDP to the room server in the firewall, or have the server offer TURN over TLS"
    case "no-relay":
      "correct [network] turn, turn-username and the password, or the room server's own, or set force-relay = no"
    case "captive-portal":
      "sign in to this network with a browser, or have whoever runs it let this device through without"
    case "proxy": "correct [network] proxy and proxy-password-file, or ask whoever runs the proxy"
    case "room-does-not-exist": "create the room, or let the server create rooms by itself"
    case "dismissed-duplicate-identity": "give every device an identity of its own in its token"
    case "publish-not-allowed": "have the token issued with canPublish"
    default: "try again; if it stays, the server's log says more"
    }
  }

  static func isAboutToken(_ code: String) -> Bool {
    switch code {
    case "expired-token", "clock-not-set", "malformed-token", "not-allowed",
      "no-token", "publish-not-allowed":
      true
    default: code.utf8.begins(with: "token-")
    }
  }
}

/// What of a server's URL a technician looks at.
struct ServerAddress {
  let isSecure: Bool
  /// With the port, if there is one.
  let authority: String
  let host: String

  init?(_ url: String) {
    let bytes = Array(url.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].begins(with: "://") else {
      return nil
    }
    isSecure = bytes[..<colon].last.map { $0 | 0x20 } == UInt8(ascii: "s") && colon > 2
    let rest = bytes[(colon + 3)...].prefix { $0 != UInt8(ascii: "/") }
    guard !rest.isEmpty else { return nil }
    authority = String(decoding: rest, as: UTF8.self)
    var name = rest
    if rest.first == UInt8(ascii: "[") {
      name = rest.dropFirst().prefix { $0 != UInt8(ascii: "]") }
    } else {
      name = rest.prefix { $0 != UInt8(ascii: ":") }
    }
    host = String(decoding: name, as: UTF8.self)
  }

  /// Whether `asked`, which was asked with TLS, would have the token sent over a network without.
  func isDowngrade(from asked: ServerAddress) -> Bool { asked.isSecure && !isSecure && !isLoopback }

  var isLiteral: Bool { IPAddress(host) != nil }
  var isLoopback: Bool { IPAddress(host)?.isLoopback ?? (host == "localhost") }
}
