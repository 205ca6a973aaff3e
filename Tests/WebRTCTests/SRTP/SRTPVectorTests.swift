import Base
import Testing

@testable import WebRTC

private func hex(_ text: String) -> [UInt8] { bytes(hexadecimal: text)! }

@Suite struct SRTPVectorTests {
  /// RFC 3711 Appendix B.2: the key stream of AES-CM.
  @Test(arguments: [
    ("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000", "E03EAD0935C95E80E166B16DD92B4EB4"),
    ("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0001", "D23513162B02D0F72A43A2FE4A5F97AB"),
    ("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0002", "41E95B3BB0A2E8DD477901E4FCA894C0"),
    ("F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF", "EC8CDF7398607CB0F2D21675EA9EA1E4"),
    ("F0F1F2F3F4F5F6F7F8F9FAFBFCFDFF00", "362B7C3C6773516318A077D7FC5073AE"),
    ("F0F1F2F3F4F5F6F7F8F9FAFBFCFDFF01", "6A2CC3787889374FBEB4C81B17BA6C44"),
  ])
  func counterModeKeyStream(iv: String, stream: String) throws {
    let cipher = try CounterModeCipher(key: hex("2B7E151628AED2A6ABF7158809CF4F3C"))
    var block = [UInt8](repeating: 0, count: 16)
    try block.withUnsafeMutableBufferPointer { try cipher.apply(iv: hex(iv), to: $0) }
    #expect(block == hex(stream))
  }

  /// RFC 3711 Appendix B.3.
  @Test func keyDerivation() throws {
    let master = SRTPMasterKey(
      key: hex("E1F97A0D3E018BE0D64FA32C06DE4139"), salt: hex("0EC675AD498AFEEBB6960B3AABE6"))
    let keys = try master.rtpKeys(.aes128CMSHA1)
    #expect(keys.encryption == hex("C61E7A93744F39EE10734AFE3FF7A087"))
    #expect(keys.salt == hex("30CBBC08863D8C85D49DB34A9AE1"))
    #expect(keys.authentication == hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"))
    #expect(try master.rtcpKeys(.aes128CMSHA1) != keys)
  }

  private static let rtp =
    "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070"
    + "61727465 73207472 6573"
  private static let rtcp =
    "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61"
    + "deadbeef deadbeef deadbeef deadbeef deadbeef"

  private static func galoisKeys(_ count: Int) -> SRTPSessionKeys {
    SRTPSessionKeys(
      encryption: (0..<count).map { UInt8($0) }, authentication: [],
      salt: hex("517569642070726f2071756f"))
  }

  /// RFC 7714 §16.1.1, §16.2.1: SRTP with AEAD_AES_128_GCM and AEAD_AES_256_GCM, both ways.
  @Test(arguments: [
    (
      SRTPProfile.aeadAES128GCM,
      "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a"
        + "51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce"
    ),
    (
      SRTPProfile.aeadAES256GCM,
      "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02"
        + "76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13"
    ),
  ])
  func galoisRTP(profile: SRTPProfile, expected: String) throws {
    let keys = Self.galoisKeys(profile.keyBytes)
    var packet = hex(Self.rtp)
    let sender = try SRTPTransform(profile: profile, rtp: keys, rtcp: keys, encrypts: true)
    try sender.protect(&packet, payloadOffset: 12, ssrc: 0x5501_a0b2, index: 0xf17b)
    #expect(packet == hex(expected))
    let receiver = SRTPReceiver(
      transform: try SRTPTransform(profile: profile, rtp: keys, rtcp: keys, encrypts: false))
    try receiver.unprotect(&packet)
    #expect(packet == hex(Self.rtp))
  }

  /// RFC 7714 §17.1, §17.3: SRTCP, index 0x5d4.
  @Test(arguments: [
    (
      SRTPProfile.aeadAES128GCM,
      "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda"
        + "4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4"
    ),
    (
      SRTPProfile.aeadAES256GCM,
      "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be"
        + "8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4"
    ),
  ])
  func galoisRTCP(profile: SRTPProfile, expected: String) throws {
    let keys = Self.galoisKeys(profile.keyBytes)
    var packet = hex(Self.rtcp)
    let sender = try SRTPTransform(profile: profile, rtp: keys, rtcp: keys, encrypts: true)
    try sender.protectControl(&packet, ssrc: 0x4d61_7273, index: 0x5d4)
    #expect(packet == hex(expected))
    let receiver = SRTPReceiver(
      transform: try SRTPTransform(profile: profile, rtp: keys, rtcp: keys, encrypts: false))
    try receiver.unprotectControl(&packet)
    #expect(packet == hex(Self.rtcp))
  }

  /// RFC 7714 §17.2: authenticated only, the E flag is 0.
  @Test func galoisRTCPWithoutEncryption() throws {
    let keys = Self.galoisKeys(16)
    let receiver = SRTPReceiver(
      transform: try SRTPTransform(profile: .aeadAES128GCM, rtp: keys, rtcp: keys, encrypts: false))
    var packet = hex(Self.rtcp + "841dd968 3dd78ec9 2ae58790 125f62b3 000005d4")
    try receiver.unprotectControl(&packet)
    #expect(packet == hex(Self.rtcp))
  }
}
