import JSON

/// `SIPHeaderOptions`: which headers become attributes `sip.h.*`.
public enum HeaderOptions: String, CaseIterable, Sendable {
  case none = "SIP_NO_HEADERS"
  case extensions = "SIP_X_HEADERS"
  case all = "SIP_ALL_HEADERS"
}

/// `SIPMediaEncryption`: SRTP on the way to the carrier.
public enum MediaEncryption: String, CaseIterable, Sendable {
  case disable = "SIP_MEDIA_ENCRYPT_DISABLE"
  case allow = "SIP_MEDIA_ENCRYPT_ALLOW"
  case require = "SIP_MEDIA_ENCRYPT_REQUIRE"
}

extension SIPCall {
  /// `SIPTransport`.
  public enum Transport: String, CaseIterable, Sendable {
    case auto = "SIP_TRANSPORT_AUTO"
    case udp = "SIP_TRANSPORT_UDP"
    case tcp = "SIP_TRANSPORT_TCP"
    case tls = "SIP_TRANSPORT_TLS"
  }

  /// `SIPOutboundConfig`: a trunk that is described in the call.
  public struct Trunk: Equatable, Sendable {
    /// A name or an address, without `sip:`.
    public var hostname: String
    public var transport: Transport?
    public var username: String?
    public var password: String?
    public var headersToAttributes: [(name: String, value: String)] = []
    public var attributesToHeaders: [(name: String, value: String)] = []
    public var destinationCountry: String?
    /// The host of the From header.
    public var fromHost: String?

    public init(hostname: String) { self.hostname = hostname }

    public static func == (one: Trunk, other: Trunk) -> Bool { one.json == other.json }

    var json: JSONValue {
      message([
        .init("hostname", .string(hostname)), .init("transport", .text(transport?.rawValue)),
        .init("auth_username", filled(username)), .init("auth_password", filled(password)),
        .init("headers_to_attributes", map(headersToAttributes)),
        .init("attributes_to_headers", map(attributesToHeaders)),
        .init("destination_country", filled(destinationCountry)), .init("from_host", filled(fromHost)),
      ])
    }
  }

  /// `SIPMediaConfig`.
  public struct Media: Equatable, Sendable {
    /// A name of `MediaEncryption`.
    public var encryption: String?
    /// Without sound of the phone for so long the call ends; 0 is the bridge's own time.
    public var timeoutSeconds: Int?
    public var onlyListedCodecs = false
    public var codecs: [(name: String, rate: Int)] = []

    public init() {}

    public static func == (one: Media, other: Media) -> Bool { one.json == other.json }

    var json: JSONValue {
      let list: [JSONValue] = codecs.map {
        message([.init("name", .string($0.name)), .init("rate", $0.rate == 0 ? .null : .number($0.rate))])
      }
      return message([
        .init("only_listed_codecs", yes(onlyListedCodecs)),
        .init("codecs", list.isEmpty ? .null : .array(list)), .init("encryption", filled(encryption)),
        .init("media_timeout", duration(timeoutSeconds)),
      ])
    }
  }

  public struct Destination: Equatable, Sendable {
    public var city: String?
    /// ISO 3166-1 alpha-2, in capitals.
    public var country: String?
    public var region: String?

    public init(city: String? = nil, country: String? = nil, region: String? = nil) {
      self.city = city
      self.country = country
      self.region = region
    }

    var json: JSONValue {
      message([
        .init("city", filled(city)), .init("country", filled(country)), .init("region", filled(region)),
      ])
    }
  }

  /// `SIPUri` in its parts.
  public struct URI: Equatable, Sendable {
    public var user: String?
    public var host: String?
    public var ip: String?
    public var port: UInt16?
    public var transport: Transport?

    public init() {}

    var json: JSONValue {
      message([
        .init("user", filled(user)), .init("host", filled(host)), .init("ip", filled(ip)),
        .init("port", .number(port.map { Int($0) })), .init("transport", .text(transport?.rawValue)),
      ])
    }
  }

  /// `SIPRequestDest`: an address as it is written, or in its parts.
  public enum Address: Equatable, Sendable, ExpressibleByStringLiteral {
    case raw(String)
    case values(URI)

    public init(stringLiteral text: String) { self = .raw(text) }

    fileprivate var member: JSONValue.Member {
      switch self {
      case .raw(let text): .init("raw", .string(text))
      case .values(let uri): .init("values", uri.json)
      }
    }

    var json: JSONValue { .object([member]) }
  }

  /// `SIPNamedDest`: an address with the name before it.
  public struct NamedAddress: Equatable, Sendable {
    public var address: Address
    public var displayName: String?

    public init(_ address: Address, displayName: String? = nil) {
      self.address = address
      self.displayName = displayName
    }

    public init(raw: String) { self.init(.raw(raw)) }

    var json: JSONValue { message([address.member, .init("display_name", .text(displayName))]) }
  }
}

extension SIPCall: CustomStringConvertible {
  /// Without keys, which may open doors, and without the trunk's password.
  public var description: String { "a telephone call into \(roomName)" }
}

extension SIPCall.Trunk: CustomStringConvertible {
  public var description: String { "a trunk at \(hostname)" }
}
