import Base

/// The IANA numbers of the attributes that are read or written here.
enum STUNAttributeType {
  static let mappedAddress: UInt16 = 0x0001
  static let username: UInt16 = 0x0006
  static let messageIntegrity: UInt16 = 0x0008
  static let errorCode: UInt16 = 0x0009
  static let unknownAttributes: UInt16 = 0x000A
  static let channelNumber: UInt16 = 0x000C
  static let lifetime: UInt16 = 0x000D
  static let xorPeerAddress: UInt16 = 0x0012
  static let data: UInt16 = 0x0013
  static let realm: UInt16 = 0x0014
  static let nonce: UInt16 = 0x0015
  static let xorRelayedAddress: UInt16 = 0x0016
  static let requestedTransport: UInt16 = 0x0019
  static let messageIntegritySHA256: UInt16 = 0x001C
  static let xorMappedAddress: UInt16 = 0x0020
  static let priority: UInt16 = 0x0024
  static let useCandidate: UInt16 = 0x0025
  static let alternateServer: UInt16 = 0x8023
  static let fingerprint: UInt16 = 0x8028
  static let iceControlled: UInt16 = 0x8029
  static let iceControlling: UInt16 = 0x802A

  /// Whether a request must be refused when the attribute is not understood (RFC 8489 §5: below 0x8000). The
  /// integrity attributes do not get here; REALM, NONCE and the like have no meaning between ICE agents.
  static func isUnderstood(_ type: UInt16) -> Bool {
    switch type {
    case mappedAddress, username, errorCode, unknownAttributes, xorMappedAddress, priority, useCandidate: true
    default: type >= 0x8000
    }
  }
}

extension STUNMessage {
  /// The first attribute of a type; repetitions are ignored (RFC 8489 §14).
  func value(_ type: UInt16) -> [UInt8]? { attributes.first { $0.type == type }?.value }

  var username: [UInt8]? { value(STUNAttributeType.username) }
  var usesCandidate: Bool { value(STUNAttributeType.useCandidate) != nil }
  var priority: UInt32? { number32(STUNAttributeType.priority) }

  /// The tie-breaker of ICE-CONTROLLING, or of ICE-CONTROLLED (RFC 8445 §7.1.3).
  var controllingTieBreaker: UInt64? { number64(STUNAttributeType.iceControlling) }
  var controlledTieBreaker: UInt64? { number64(STUNAttributeType.iceControlled) }

  /// 300...699, nil if there is none or it is malformed.
  var errorCode: Int? {
    guard let value = value(STUNAttributeType.errorCode), value.count >= 4 else { return nil }
    let code = Int(value[2] & 7) * 100 + Int(value[3])
    return (300...699).contains(code) && value[3] < 100 ? code : nil
  }

  /// Types below 0x8000 that are not understood, each once.
  var unknownRequiredAttributes: [UInt16] {
    var unknown: [UInt16] = []
    for attribute in attributes where !STUNAttributeType.isUnderstood(attribute.type) {
      if !unknown.contains(attribute.type) { unknown.append(attribute.type) }
    }
    return unknown
  }

  /// XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS of a server of the old RFC 3489 kind.
  var mappedAddress: SocketAddress? {
    maskedAddress(STUNAttributeType.xorMappedAddress) ?? plainAddress(STUNAttributeType.mappedAddress)
  }

  /// An attribute in the form of XOR-MAPPED-ADDRESS.
  func maskedAddress(_ type: UInt16) -> SocketAddress? { value(type).flatMap { address($0, masked: true) } }

  /// An attribute in the form of MAPPED-ADDRESS.
  func plainAddress(_ type: UInt16) -> SocketAddress? { value(type).flatMap { address($0, masked: false) } }

  func number32(_ type: UInt16) -> UInt32? {
    guard let value = value(type), value.count == 4 else { return nil }
    return STUNMessage.word(value, at: 0)
  }

  mutating func add(_ type: UInt16, _ value: [UInt8] = []) {
    attributes.append(Attribute(type: type, value: value))
  }

  mutating func add(_ type: UInt16, number32 number: UInt32) {
    var writer = ByteWriter(capacity: 4)
    writer.u32(number)
    add(type, writer.bytes)
  }

  mutating func add(_ type: UInt16, number64 number: UInt64) {
    var writer = ByteWriter(capacity: 8)
    writer.u64(number)
    add(type, writer.bytes)
  }

  mutating func addMappedAddress(_ address: SocketAddress) {
    addMasked(STUNAttributeType.xorMappedAddress, address)
  }

  /// The form of XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
  mutating func addMasked(_ type: UInt16, _ address: SocketAddress) {
    var writer = ByteWriter(capacity: 20)
    writer.u8(0)
    writer.u8(address.ip.family == .v4 ? 1 : 2)
    writer.u16(address.port ^ UInt16(STUNMessage.magicCookie >> 16))
    for (byte, mask) in zip(address.ip.bytes, addressMask) { writer.u8(byte ^ mask) }
    add(type, writer.bytes)
  }

  /// ERROR-CODE (RFC 8489 §14.8). `code` is 300...699.
  mutating func addError(_ code: Int, reason: String) {
    var writer = ByteWriter(capacity: 4 + reason.utf8.count)
    writer.u16(0)
    writer.u8(UInt8(code / 100))
    writer.u8(UInt8(code % 100))
    writer.append(Array(reason.utf8))
    add(STUNAttributeType.errorCode, writer.bytes)
  }

  mutating func addUnknownAttributes(_ types: [UInt16]) {
    var writer = ByteWriter(capacity: types.count * 2)
    for type in types { writer.u16(type) }
    add(STUNAttributeType.unknownAttributes, writer.bytes)
  }

  private func number64(_ type: UInt16) -> UInt64? {
    guard let value = value(type), value.count == 8 else { return nil }
    return UInt64(STUNMessage.word(value, at: 0)) << 32 | UInt64(STUNMessage.word(value, at: 4))
  }

  /// Cookie and transaction id, with which addresses are masked against meddling NATs.
  private var addressMask: [UInt8] {
    var writer = ByteWriter(capacity: 16)
    writer.u32(STUNMessage.magicCookie)
    writer.u32(transaction.high)
    writer.u64(transaction.low)
    return writer.bytes
  }

  private func address(_ value: [UInt8], masked: Bool) -> SocketAddress? {
    guard value.count == 8 && value[1] == 1 || value.count == 20 && value[1] == 2 else { return nil }
    var port = UInt16(value[2]) << 8 | UInt16(value[3])
    var bytes = Array(value[4...])
    if masked {
      port ^= UInt16(STUNMessage.magicCookie >> 16)
      for (index, mask) in addressMask.prefix(bytes.count).enumerated() { bytes[index] ^= mask }
    }
    return IPAddress(bytes: bytes).map { SocketAddress(ip: $0, port: port) }
  }
}
