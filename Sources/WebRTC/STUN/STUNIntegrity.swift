import Base
import COpenSSL

extension STUNMessage {
  /// The wire form. With a key MESSAGE-INTEGRITY is added (short-term credentials: the password as it is, RFC 8489
  /// §9.1.1); FINGERPRINT always, as ICE wants it (RFC 8445 §7.1).
  func serialized(integrityKey: [UInt8]? = nil) -> [UInt8] {
    var writer = ByteWriter(capacity: 128)
    writer.u16(typeField)
    writer.u16(0)
    writer.u32(STUNMessage.magicCookie)
    writer.u32(transaction.high)
    writer.u64(transaction.low)
    for attribute in attributes {
      writer.u16(attribute.type)
      writer.u16(UInt16(attribute.value.count))
      writer.append(attribute.value)
      writer.pad(toMultipleOf: 4)
    }
    if let integrityKey {
      let offset = writer.count
      writer.patch(UInt16(offset + 24 - STUNMessage.headerBytes), at: 2)
      let code = hmac(.sha1, key: integrityKey, writer.bytes[0..<offset])
      writer.u16(STUNAttributeType.messageIntegrity)
      writer.u16(20)
      writer.append(code)
    }
    let length = writer.count + 8 - STUNMessage.headerBytes
    writer.patch(UInt16(length), at: 2)
    let fingerprint = STUNFingerprint.value(writer.bytes[0...], length: length)
    writer.u16(STUNAttributeType.fingerprint)
    writer.u16(4)
    writer.u32(fingerprint)
    return writer.bytes
  }

  /// Whether the message carries MESSAGE-INTEGRITY, or failing that MESSAGE-INTEGRITY-SHA256, made with this key.
  func isAuthentic(key: [UInt8]) -> Bool {
    if let offset = integrityOffset {
      return verify(.sha1, key: key, offset: offset, count: 20)
    }
    if let offset = integritySHA256Offset {
      return verify(.sha256, key: key, offset: offset, count: Int(datagram[offset + 3]))
    }
    return false
  }

  private func verify(_ hash: HMACHash, key: [UInt8], offset: Int, count: Int) -> Bool {
    // The length field counts as if the integrity attribute were the last one (§14.5).
    var covered = Array(datagram[0..<offset])
    let length = offset + 4 + count - STUNMessage.headerBytes
    covered[2] = UInt8(truncatingIfNeeded: length >> 8)
    covered[3] = UInt8(truncatingIfNeeded: length)
    let expected = hmac(hash, key: key, covered[0...])
    guard expected.count >= count else { return false }
    // Without an early way out, so that the time tells nothing about the place of the first difference.
    var difference: UInt8 = 0
    for index in 0..<count { difference |= expected[index] ^ datagram[offset + 4 + index] }
    return difference == 0
  }
}

enum HMACHash {
  case sha1, sha256
}

/// HMAC (RFC 2104). Empty if the library refuses, which no authentic message matches.
private func hmac(_ hash: HMACHash, key: [UInt8], _ message: ArraySlice<UInt8>) -> [UInt8] {
  let algorithm = hash == .sha1 ? EVP_sha1() : EVP_sha256()
  var length: UInt32 = 0
  let code = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
    let done = message.withUnsafeBufferPointer { message in
      HMAC(
        algorithm, key, Int32(key.count), message.baseAddress, message.count, buffer.baseAddress, &length)
    }
    count = done == nil ? 0 : Int(length)
  }
  return code
}

/// FINGERPRINT (RFC 8489 §14.7): the CRC-32 of ITU V.42, masked with "STUN".
enum STUNFingerprint {
  /// Of `message`, as if its length field held `length`.
  static func value(_ message: ArraySlice<UInt8>, length: Int) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for (index, byte) in message.enumerated() {
      var byte = byte
      if index == 2 { byte = UInt8(truncatingIfNeeded: length >> 8) }
      if index == 3 { byte = UInt8(truncatingIfNeeded: length) }
      crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8
    }
    return ~crc ^ 0x5354_554E
  }

  private static let table: [UInt32] = (0..<256).map { index in
    var value = UInt32(index)
    for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    return value
  }
}
