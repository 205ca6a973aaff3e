import Base

/// The ciphers of one direction, for RTP and for RTCP: everything of SRTP but the counters.
final class SRTPTransform {
  private enum Cipher {
    case counterMode(CounterModeCipher, Authenticator)
    case galois(GaloisCipher)
  }

  let profile: SRTPProfile
  private let rtp: Cipher
  private let rtcp: Cipher
  private let rtpSalt: [UInt8]
  private let rtcpSalt: [UInt8]
  /// The E bit of the SRTCP index word (RFC 3711 §3.4).
  static let encryptedFlag: UInt32 = 0x8000_0000

  convenience init(profile: SRTPProfile, master: SRTPMasterKey, encrypts: Bool) throws(SRTPFailure) {
    try self.init(
      profile: profile, rtp: master.rtpKeys(profile), rtcp: master.rtcpKeys(profile), encrypts: encrypts)
  }

  init(
    profile: SRTPProfile, rtp: SRTPSessionKeys, rtcp: SRTPSessionKeys, encrypts: Bool
  ) throws(SRTPFailure) {
    self.profile = profile
    rtpSalt = rtp.salt
    rtcpSalt = rtcp.salt
    self.rtp = try SRTPTransform.makeCipher(profile, rtp, encrypts)
    self.rtcp = try SRTPTransform.makeCipher(profile, rtcp, encrypts)
  }

  private static func makeCipher(
    _ profile: SRTPProfile, _ keys: SRTPSessionKeys, _ encrypts: Bool
  ) throws(SRTPFailure) -> Cipher {
    if profile == .aes128CMSHA1 {
      return .counterMode(
        try CounterModeCipher(key: keys.encryption), try Authenticator(key: keys.authentication))
    }
    return .galois(try GaloisCipher(key: keys.encryption, encrypts: encrypts))
  }

  /// Encrypts the payload, which starts at `payloadOffset`, in place and appends the tag.
  func protect(_ packet: inout [UInt8], payloadOffset: Int, ssrc: UInt32, index: UInt64) throws(SRTPFailure) {
    let end = packet.count
    packet += [UInt8](repeating: 0, count: profile.tagBytes)
    try packet.withUnsafeMutableBufferPointer { bytes throws(SRTPFailure) in
      let text = UnsafeMutableBufferPointer(rebasing: bytes[payloadOffset..<end])
      switch rtp {
      case .counterMode(let cipher, let authenticator):
        try cipher.apply(iv: counterModeIV(rtpSalt, ssrc: ssrc, index: index), to: text)
        let tag = try authenticator.tag(
          raw(bytes, 0, end), rollOver: UInt32(truncatingIfNeeded: index >> 16))
        for (position, byte) in tag.enumerated() { bytes[end + position] = byte }
      case .galois(let cipher):
        try cipher.seal(
          iv: galoisIV(rtpSalt, ssrc: ssrc, index: index), associated: [raw(bytes, 0, payloadOffset)],
          text: text, tag: UnsafeMutableRawBufferPointer(rebasing: mutableRaw(bytes)[end...]))
      }
    }
  }

  /// Verifies the tag and decrypts in place; the tag is removed. If this throws, `packet` may be rubbish.
  func unprotect(
    _ packet: inout [UInt8], payloadOffset: Int, ssrc: UInt32, index: UInt64
  ) throws(SRTPFailure) {
    let end = packet.count - profile.tagBytes
    guard end >= payloadOffset else { throw .malformed }
    try packet.withUnsafeMutableBufferPointer { bytes throws(SRTPFailure) in
      let text = UnsafeMutableBufferPointer(rebasing: bytes[payloadOffset..<end])
      switch rtp {
      case .counterMode(let cipher, let authenticator):
        try authenticator.verify(
          raw(bytes, end, bytes.count), of: raw(bytes, 0, end),
          rollOver: UInt32(truncatingIfNeeded: index >> 16))
        try cipher.apply(iv: counterModeIV(rtpSalt, ssrc: ssrc, index: index), to: text)
      case .galois(let cipher):
        try cipher.open(
          iv: galoisIV(rtpSalt, ssrc: ssrc, index: index), associated: [raw(bytes, 0, payloadOffset)],
          text: text, tag: UnsafeMutableRawBufferPointer(rebasing: mutableRaw(bytes)[end...]))
      }
    }
    packet.removeLast(profile.tagBytes)
  }

  /// Bytes of an RTCP packet that stay readable: its first header and SSRC.
  private static let rtcpClearBytes = 8

  /// Encrypts a compound RTCP packet in place, appends the index word and the tag in the profile's order.
  func protectControl(_ packet: inout [UInt8], ssrc: UInt32, index: UInt32) throws(SRTPFailure) {
    let clear = SRTPTransform.rtcpClearBytes
    let end = packet.count
    let word = bigEndianBytes(index | SRTPTransform.encryptedFlag)
    switch rtcp {
    case .counterMode(let cipher, let authenticator):
      try packet.withUnsafeMutableBufferPointer { bytes throws(SRTPFailure) in
        try cipher.apply(
          iv: counterModeIV(rtcpSalt, ssrc: ssrc, index: UInt64(index)),
          to: UnsafeMutableBufferPointer(rebasing: bytes[clear..<end]))
      }
      packet += word
      packet += try packet.withUnsafeBufferPointer { bytes throws(SRTPFailure) in
        try authenticator.tag(UnsafeRawBufferPointer(bytes), rollOver: nil)
      }
    case .galois(let cipher):
      packet += [UInt8](repeating: 0, count: profile.tagBytes)
      try packet.withUnsafeMutableBufferPointer { bytes throws(SRTPFailure) in
        try word.withUnsafeBufferPointer { word throws(SRTPFailure) in
          try cipher.seal(
            iv: galoisControlIV(rtcpSalt, ssrc: ssrc, index: index),
            associated: [raw(bytes, 0, clear), UnsafeRawBufferPointer(word)],
            text: UnsafeMutableBufferPointer(rebasing: bytes[clear..<end]),
            tag: UnsafeMutableRawBufferPointer(rebasing: mutableRaw(bytes)[end...]))
        }
      }
      packet += word
    }
  }

  /// The index word of an SRTCP packet: after the tag with AEAD (RFC 7714 §9.2), before it otherwise
  /// (RFC 3711 §3.4). nil if the packet is too short to have one.
  func controlIndexWord(_ packet: [UInt8]) -> UInt32? {
    guard packet.count >= SRTPTransform.rtcpClearBytes + 4 + profile.tagBytes else { return nil }
    let start = packet.count - 4 - (profile == .aes128CMSHA1 ? profile.tagBytes : 0)
    var word: UInt32 = 0
    for byte in packet[start..<start + 4] { word = word << 8 | UInt32(byte) }
    return word
  }

  /// Verifies and decrypts in place, removes index word and tag. If this throws, `packet` may be rubbish.
  func unprotectControl(_ packet: inout [UInt8], ssrc: UInt32, indexWord: UInt32) throws(SRTPFailure) {
    let clear = SRTPTransform.rtcpClearBytes
    let index = indexWord & ~SRTPTransform.encryptedFlag
    let isEncrypted = indexWord != index
    let end = packet.count - 4 - profile.tagBytes
    guard end >= clear else { throw .malformed }
    try packet.withUnsafeMutableBufferPointer { bytes throws(SRTPFailure) in
      // Without the E flag a packet is authenticated only.
      let text = UnsafeMutableBufferPointer(rebasing: bytes[(isEncrypted ? clear : end)..<end])
      switch rtcp {
      case .counterMode(let cipher, let authenticator):
        try authenticator.verify(raw(bytes, end + 4, bytes.count), of: raw(bytes, 0, end + 4), rollOver: nil)
        try cipher.apply(iv: counterModeIV(rtcpSalt, ssrc: ssrc, index: UInt64(index)), to: text)
      case .galois(let cipher):
        try cipher.open(
          iv: galoisControlIV(rtcpSalt, ssrc: ssrc, index: index),
          associated: [raw(bytes, 0, isEncrypted ? clear : end), raw(bytes, end + 16, bytes.count)],
          text: text, tag: UnsafeMutableRawBufferPointer(rebasing: mutableRaw(bytes)[end..<end + 16]))
      }
    }
    packet.removeLast(4 + profile.tagBytes)
  }
}

/// RFC 3711 §4.1.1: salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16.
private func counterModeIV(_ salt: [UInt8], ssrc: UInt32, index: UInt64) -> [UInt8] {
  var iv = salt
  iv.append(0)
  iv.append(0)
  mix(ssrc, into: &iv, at: 4)
  mix(UInt32(truncatingIfNeeded: index >> 16), into: &iv, at: 8)
  iv[12] ^= UInt8(truncatingIfNeeded: index >> 8)
  iv[13] ^= UInt8(truncatingIfNeeded: index)
  return iv
}

/// RFC 7714 §8.1: salt XOR (0, 0, SSRC, roll-over counter, sequence).
private func galoisIV(_ salt: [UInt8], ssrc: UInt32, index: UInt64) -> [UInt8] {
  var iv = salt
  mix(ssrc, into: &iv, at: 2)
  mix(UInt32(truncatingIfNeeded: index >> 16), into: &iv, at: 6)
  iv[10] ^= UInt8(truncatingIfNeeded: index >> 8)
  iv[11] ^= UInt8(truncatingIfNeeded: index)
  return iv
}

/// RFC 7714 §9.1: salt XOR (0, 0, SSRC, 0, 0, index).
private func galoisControlIV(_ salt: [UInt8], ssrc: UInt32, index: UInt32) -> [UInt8] {
  var iv = salt
  mix(ssrc, into: &iv, at: 2)
  mix(index, into: &iv, at: 8)
  return iv
}

private func mix(_ word: UInt32, into bytes: inout [UInt8], at offset: Int) {
  for position in 0..<4 {
    bytes[offset + position] ^= UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32(position)))
  }
}

private func bigEndianBytes(_ word: UInt32) -> [UInt8] {
  var bytes: [UInt8] = [0, 0, 0, 0]
  mix(word, into: &bytes, at: 0)
  return bytes
}

private func raw(
  _ bytes: UnsafeMutableBufferPointer<UInt8>, _ start: Int, _ end: Int
) -> UnsafeRawBufferPointer {
  UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<end])
}

private func mutableRaw(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> UnsafeMutableRawBufferPointer {
  UnsafeMutableRawBufferPointer(bytes)
}
