/// What one direction of RTP or RTCP is protected with (RFC 3711 §4.3.1).
struct SRTPSessionKeys: Equatable {
  var encryption: [UInt8]
  var authentication: [UInt8]
  var salt: [UInt8]
}

extension SRTPMasterKey {
  /// The session keys of SRTP. Key derivation rate 0: they last as long as the master key.
  func rtpKeys(_ profile: SRTPProfile) throws(SRTPFailure) -> SRTPSessionKeys {
    try sessionKeys(profile, firstLabel: 0)
  }

  /// The session keys of SRTCP.
  func rtcpKeys(_ profile: SRTPProfile) throws(SRTPFailure) -> SRTPSessionKeys {
    try sessionKeys(profile, firstLabel: 3)
  }

  private func sessionKeys(
    _ profile: SRTPProfile, firstLabel: UInt8
  ) throws(SRTPFailure) -> SRTPSessionKeys {
    let generator = try CounterModeCipher(key: key)
    return SRTPSessionKeys(
      encryption: try derive(generator, label: firstLabel, count: profile.keyBytes),
      authentication: profile == .aes128CMSHA1
        ? try derive(generator, label: firstLabel + 1, count: 20) : [],
      salt: try derive(generator, label: firstLabel + 2, count: profile.saltBytes))
  }

  /// RFC 3711 §4.3.3: the key stream whose IV is the master salt with the label added into its eighth byte.
  /// A 12-byte salt is padded on the right (RFC 7714 §11).
  private func derive(
    _ generator: CounterModeCipher, label: UInt8, count: Int
  ) throws(SRTPFailure) -> [UInt8] {
    var iv = salt + [UInt8](repeating: 0, count: 16 - salt.count)
    iv[7] ^= label
    var stream = [UInt8](repeating: 0, count: count)
    try stream.withUnsafeMutableBufferPointer { bytes throws(SRTPFailure) in
      try generator.apply(iv: iv, to: bytes)
    }
    return stream
  }
}
