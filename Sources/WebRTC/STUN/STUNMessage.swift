import Base

/// Why a datagram is not a STUN message that can be used.
enum STUNFailure: Error, Equatable, Sendable {
  case truncated
  case notSTUN
  case lengthMismatch
  case tooLong
  case tooManyAttributes
  case fingerprintMismatch

  var description: String {
    switch self {
    case .truncated: "STUN message ends too early"
    case .notSTUN: "not a STUN message (no magic cookie)"
    case .lengthMismatch: "STUN length does not fit the datagram"
    case .tooLong: "STUN message longer than \(Limits.stunMessageBytesMax) bytes"
    case .tooManyAttributes: "STUN message with more than \(Limits.stunAttributesMax) attributes"
    case .fingerprintMismatch: "STUN fingerprint is wrong"
    }
  }
}

/// 96 bits that tie a response to its request (RFC 8489 §5).
struct TransactionID: Hashable, Sendable {
  var high: UInt32
  var low: UInt64

  init(high: UInt32, low: UInt64) {
    self.high = high
    self.low = low
  }

  init(random: any RandomSource) {
    high = random.nextUInt32()
    low = random.nextUInt64()
  }
}

/// A STUN message (RFC 8489 §5): its attributes in the order of the wire, read by the accessors of
/// `STUNAttributes.swift`.
struct STUNMessage: Equatable, Sendable {
  enum Class: UInt8, Sendable {
    case request = 0
    case indication, success, error
  }

  struct Attribute: Equatable, Sendable {
    var type: UInt16
    var value: [UInt8]
  }

  static let magicCookie: UInt32 = 0x2112_A442
  static let bindingMethod: UInt16 = 1
  static let headerBytes = 20

  var messageClass: Class
  var method: UInt16
  var transaction: TransactionID
  /// Only those before MESSAGE-INTEGRITY: what follows is not protected, so it is ignored (§14.5).
  var attributes: [Attribute] = []
  /// Where the integrity attributes begin in the datagram that was parsed.
  private(set) var integrityOffset: Int?
  private(set) var integritySHA256Offset: Int?
  private(set) var hasFingerprint = false
  /// The datagram, for the integrity check; empty if the message was not parsed.
  private(set) var datagram: [UInt8] = []

  init(_ messageClass: Class, method: UInt16 = bindingMethod, transaction: TransactionID) {
    self.messageClass = messageClass
    self.method = method
    self.transaction = transaction
  }

  /// Parses a whole datagram; a FINGERPRINT is checked where there is one.
  static func parse(_ datagram: [UInt8]) throws(STUNFailure) -> STUNMessage {
    guard datagram.count >= headerBytes else { throw .truncated }
    guard datagram.count <= Limits.stunMessageBytesMax else { throw .tooLong }
    let type = UInt16(datagram[0]) << 8 | UInt16(datagram[1])
    guard type & 0xC000 == 0, word(datagram, at: 4) == magicCookie else { throw .notSTUN }
    let length = Int(datagram[2]) << 8 | Int(datagram[3])
    guard length % 4 == 0, length == datagram.count - headerBytes else { throw .lengthMismatch }
    // The class bits lie among those of the method (§5, figure 3).
    let classBits = UInt8(type >> 7 & 2 | type >> 4 & 1)
    var message = STUNMessage(
      Class(rawValue: classBits) ?? .request, method: type & 0xF | type >> 1 & 0x70 | type >> 2 & 0xF80,
      transaction: TransactionID(
        high: word(datagram, at: 8),
        low: UInt64(word(datagram, at: 12)) << 32 | UInt64(word(datagram, at: 16))))
    message.datagram = datagram
    try message.parseAttributes()
    return message
  }

  /// The first two bytes of the wire form.
  var typeField: UInt16 {
    let bits = UInt16(messageClass.rawValue)
    let methodBits = method & 0xF | (method & 0x70) << 1 | (method & 0xF80) << 2
    return methodBits | (bits & 1) << 4 | (bits & 2) << 7
  }

  private mutating func parseAttributes() throws(STUNFailure) {
    var offset = STUNMessage.headerBytes
    var count = 0
    while offset < datagram.count {
      guard datagram.count - offset >= 4 else { throw .truncated }
      guard !hasFingerprint else { break }  // §14.7: it is the last one
      count += 1
      guard count <= Limits.stunAttributesMax else { throw .tooManyAttributes }
      let type = UInt16(datagram[offset]) << 8 | UInt16(datagram[offset + 1])
      let length = Int(datagram[offset + 2]) << 8 | Int(datagram[offset + 3])
      let end = offset + 4 + length
      let next = offset + 4 + (length + 3) / 4 * 4
      guard next <= datagram.count else { throw .truncated }
      switch type {
      case STUNAttributeType.messageIntegrity where integrityOffset == nil:
        guard length == 20 else { throw .lengthMismatch }
        if integritySHA256Offset == nil { integrityOffset = offset }
      case STUNAttributeType.messageIntegritySHA256 where integritySHA256Offset == nil:
        guard (16...32).contains(length), length % 4 == 0 else { throw .lengthMismatch }
        integritySHA256Offset = offset
      case STUNAttributeType.fingerprint:
        guard length == 4 else { throw .lengthMismatch }
        let expected = STUNFingerprint.value(datagram[0..<offset], length: end - STUNMessage.headerBytes)
        guard STUNMessage.word(datagram, at: offset + 4) == expected else { throw .fingerprintMismatch }
        hasFingerprint = true
      default:
        if integrityOffset == nil, integritySHA256Offset == nil {
          attributes.append(Attribute(type: type, value: Array(datagram[(offset + 4)..<end])))
        }
      }
      offset = next
    }
  }

  static func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8
      | UInt32(bytes[offset + 3])
  }
}
