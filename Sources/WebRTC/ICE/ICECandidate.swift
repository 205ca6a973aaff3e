import Base

/// A transport address that may reach an agent (RFC 8445 §5.1). Component 1.
struct ICECandidate: Equatable, Sendable {
  enum Kind: Equatable, Sendable {
    case host, serverReflexive, peerReflexive
    case relayed

    /// As a candidate line has it (RFC 8839 §5.1).
    var name: String {
      switch self {
      case .host: "host"
      case .serverReflexive: "srflx"
      case .peerReflexive: "prflx"
      case .relayed: "relay"
      }
    }
  }

  /// Equal for candidates of the same kind, base and server (RFC 8445 §5.1.1.3).
  var foundation: String
  var priority: UInt32
  var address: SocketAddress
  var kind: Kind
  /// The peer waits there for our TCP connection (RFC 6544 §4.5: tcptype passive); else it is UDP.
  var isTCP = false
  /// The base of a reflexive candidate; the mapped address of a relayed one.
  var related: SocketAddress?
  /// The generation that it belongs to, if the peer said so (RFC 8838 §15.1 leaves it optional).
  var usernameFragment: String?

  /// RFC 8445 §5.1.2.1.
  static func priority(_ kind: Kind, localPreference: UInt16) -> UInt32 {
    let typePreference: UInt32 =
      switch kind {
      case .host: 126
      case .peerReflexive: 110
      case .serverReflexive: 100
      case .relayed: 0
      }
    return typePreference << 24 | UInt32(localPreference) << 8 | 255
  }
}

/// Why a candidate line is not used.
enum CandidateFailure: Error, Equatable, Sendable {
  case malformed(String)
  /// Well-formed, but of a kind that this agent has no use for: TCP without `passive`, mDNS names, RTCP's own component.
  case ignored(String)

  var description: String {
    switch self {
    case .malformed(let what): "malformed candidate: \(what)"
    case .ignored(let what): "candidate ignored: \(what)"
    }
  }
}

extension ICECandidate {
  /// Reads `candidate:...`, with or without `a=` (RFC 8839 §5.1).
  static func parse(_ line: String) throws(CandidateFailure) -> ICECandidate {
    var bytes = Array(line.utf8)[...]
    guard bytes.count <= Limits.candidateBytesMax else { throw .malformed("too long") }
    while bytes.last == 0x0D || bytes.last == 0x0A || bytes.last == 0x20 { bytes = bytes.dropLast() }
    if bytes.begins(with: "a=") { bytes = bytes.dropFirst(2) }
    guard bytes.begins(with: "candidate:") else { throw .malformed("does not start with candidate:") }
    var reader = LineReader(bytes.dropFirst(10))
    // Foundation, component, transport, priority, host, port, "typ", kind.
    var fields: [ArraySlice<UInt8>] = []
    while fields.count < 8, let field = reader.token() { fields.append(field) }
    guard fields.count == 8 else { throw .malformed("fewer than eight fields") }
    guard (1...32).contains(fields[0].count), isICECharacters(fields[0]) else {
      throw .malformed("foundation must be 1 to 32 letters, digits, + or /")
    }
    guard let component = decimal(fields[1], max: 256), component > 0 else { throw .malformed("component") }
    guard let priority = decimal(fields[3], max: UInt64(UInt32.max)), priority > 0 else {
      throw .malformed("priority")
    }
    guard let port = decimal(fields[5], max: 65535) else { throw .malformed("port") }
    guard fields[6].spells("typ") else { throw .malformed("no typ") }
    var candidate = ICECandidate(
      foundation: text(fields[0]), priority: UInt32(priority),
      address: SocketAddress(ip: IPAddress(v4: 0), port: UInt16(port)), kind: .host)
    switch text(fields[7]) {
    case "host": candidate.kind = .host
    case "srflx": candidate.kind = .serverReflexive
    case "prflx": candidate.kind = .peerReflexive
    case "relay": candidate.kind = .relayed
    default: throw .ignored("unknown type")
    }
    switch lowercased(fields[2]) {
    case "udp": break
    case "tcp": candidate.isTCP = true
    default: throw .ignored("transport is neither UDP nor TCP")
    }
    try candidate.parseExtensions(&reader)
    guard component == 1 else { throw .ignored("component \(component)") }
    guard let ip = IPAddress(text(fields[4])) else {
      // RFC 8839 §5.1 allows names; what browsers send is mDNS, which a server never resolves either.
      guard isHostName(fields[4]) else { throw .malformed("address") }
      throw .ignored("a host name instead of an address")
    }
    guard !ip.isUnspecified, !ip.isMulticast, port > 0 else {
      throw .ignored("an address nobody can send to")
    }
    candidate.address = SocketAddress(ip: ip, port: UInt16(port))
    return candidate
  }

  /// The `candidate:...` value, for the description or to trickle (RFC 8838 §9).
  func serialized() -> String {
    var line =
      "candidate:\(foundation) 1 \(isTCP ? "tcp" : "udp") \(priority) \(address.ip) \(address.port) typ \(kind.name)"
    if let related { line += " raddr \(related.ip) rport \(related.port)" }
    if isTCP { line += " tcptype passive" }
    if let usernameFragment { line += " ufrag \(usernameFragment)" }
    return line
  }

  /// Name and value pairs; the unknown ones are skipped.
  private mutating func parseExtensions(_ reader: inout LineReader) throws(CandidateFailure) {
    var relatedIP: IPAddress?
    var relatedPort: UInt64?
    var waits = !isTCP
    while let name = reader.token() {
      guard let value = reader.token() else { throw .malformed("extension without a value") }
      switch text(name) {
      case "raddr": relatedIP = IPAddress(text(value))
      case "rport": relatedPort = decimal(value, max: 65535)
      case "tcptype": waits = waits || value.spells("passive")
      case "ufrag": usernameFragment = text(value)
      default: break
      }
    }
    guard waits else { throw .ignored("a TCP candidate that does not wait for connections") }
    if let relatedIP, let relatedPort { related = SocketAddress(ip: relatedIP, port: UInt16(relatedPort)) }
  }
}

extension IPAddress {
  /// 224.0.0.0/4, the broadcast address, or ff00::/8.
  var isMulticast: Bool {
    family == .v4 ? low >> 28 == 14 || low == 0xFFFF_FFFF : high >> 56 == 0xFF
  }
}

private func isHostName(_ bytes: ArraySlice<UInt8>) -> Bool {
  bytes.contains(UInt8(ascii: "."))
    && bytes.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."): true
      default: false
      }
    }
}
