import Base
import Testing

@testable import WebRTC

/// Our SRTP against libsrtp, both ways.
@Suite(.enabled(if: PythonPeer.isAvailable, "\(PythonPeer.skipReason)"))
struct SRTPPeerTests {
  private let peer: PythonPeer

  init() throws { peer = try PythonPeer("srtp_peer.py") }

  private func ask(
    _ kind: String, _ direction: String, _ profile: SRTPProfile, _ key: SRTPMasterKey, _ packet: [UInt8]
  ) throws -> String {
    try peer.ask(
      "\(kind) \(direction) \(profile) \(hexadecimal(key.key + key.salt)) \(hexadecimal(packet))")
  }

  @Test(arguments: SRTPPair.allProfiles)
  func theStrangerReadsOurs(profile: SRTPProfile) throws {
    let pair = try SRTPPair(profile)
    let random = SeededRandom(seed: 1)
    for number in 0..<150 {
      let plain = rtpBytes(
        sequence: UInt16(truncatingIfNeeded: 65_500 + number), payload: random.bytes(random.next(below: 200)))
      var packet = plain
      try pair.sender.protect(&packet)
      if number % 7 == 3 { continue }
      #expect(try ask("rtp", "unprotect", profile, pair.master, packet) == hexadecimal(plain))
    }
    for _ in 0..<20 {
      let plain: [UInt8] = [0x80, 201, 0, 1, 0x12, 0x34, 0x56, 0x78, 0x81, 203, 0, 1, 1, 2, 3, 4]
      var packet = plain
      try pair.sender.protectControl(&packet)
      #expect(try ask("rtcp", "unprotect", profile, pair.master, packet) == hexadecimal(plain))
    }
  }

  @Test(arguments: SRTPPair.allProfiles)
  func weReadTheStrangers(profile: SRTPProfile) throws {
    let pair = try SRTPPair(profile)
    let random = SeededRandom(seed: 2)
    for number in 0..<150 {
      let plain = rtpBytes(
        sequence: UInt16(truncatingIfNeeded: 65_500 + number), payload: random.bytes(random.next(below: 200)))
      let answer = try ask("rtp", "protect", profile, pair.master, plain)
      if number % 7 == 3 { continue }
      var packet = try #require(bytes(hexadecimal: answer), "\(answer)")
      try pair.receiver.unprotect(&packet)
      #expect(packet == plain)
    }
    for _ in 0..<20 {
      let plain: [UInt8] = [0x80, 201, 0, 1, 0x12, 0x34, 0x56, 0x78, 0x81, 203, 0, 1, 1, 2, 3, 4]
      let answer = try ask("rtcp", "protect", profile, pair.master, plain)
      var packet = try #require(bytes(hexadecimal: answer), "\(answer)")
      try pair.receiver.unprotectControl(&packet)
      #expect(packet == plain)
    }
  }

  @Test(arguments: SRTPPair.allProfiles)
  func theStrangerRefusesReplays(profile: SRTPProfile) throws {
    let pair = try SRTPPair(profile)
    var packet = rtpBytes(sequence: 1)
    try pair.sender.protect(&packet)
    #expect(try ask("rtp", "unprotect", profile, pair.master, packet) == hexadecimal(rtpBytes(sequence: 1)))
    #expect(try ask("rtp", "unprotect", profile, pair.master, packet).hasPrefix("error"))
  }
}
