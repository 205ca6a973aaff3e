import Base
import Testing

@testable import WebRTC

/// A sender and a receiver that share a key.
struct SRTPPair {
  let sender: SRTPSender
  let receiver: SRTPReceiver
  let master: SRTPMasterKey

  init(_ profile: SRTPProfile) throws {
    let random = SeededRandom(seed: 7)
    master = SRTPMasterKey(key: random.bytes(profile.keyBytes), salt: random.bytes(profile.saltBytes))
    sender = try SRTPSender(profile: profile, master: master)
    receiver = try SRTPReceiver(profile: profile, master: master)
  }

  static let allProfiles: [SRTPProfile] = [.aes128CMSHA1, .aeadAES128GCM, .aeadAES256GCM]
}

/// A one-byte payload would do; this one differs from packet to packet.
func rtpBytes(sequence: UInt16, ssrc: UInt32 = 0x1234_5678, payload: [UInt8] = [1, 2, 3]) -> [UInt8] {
  var writer = ByteWriter()
  writer.u16(0x806F)
  writer.u16(sequence)
  writer.u32(UInt32(sequence) &* 960)
  writer.u32(ssrc)
  writer.append(payload + [UInt8(truncatingIfNeeded: sequence)])
  return writer.bytes
}

private let receiverReport: [UInt8] = [0x80, 201, 0, 1, 0x12, 0x34, 0x56, 0x78]

@Suite struct SRTPContextTests {
  @Test(arguments: SRTPPair.allProfiles)
  func wrapsWithLossAroundIt(profile: SRTPProfile) throws {
    let pair = try SRTPPair(profile)
    let random = SeededRandom(seed: 11)
    var received = 0
    for number in 0..<200 {
      let sequence = UInt16(truncatingIfNeeded: 65_500 + number)
      var packet = rtpBytes(sequence: sequence)
      try pair.sender.protect(&packet)
      // The very wrap (65 530 ... 10) is lost whole, and a fifth of the rest.
      if (30...46).contains(number) || random.next(below: 5) == 0 { continue }
      try pair.receiver.unprotect(&packet)
      #expect(packet == rtpBytes(sequence: sequence))
      received += 1
    }
    #expect(received > 120)
  }

  @Test(arguments: SRTPPair.allProfiles)
  func theFirstPacketMayComeAfterTheWrap(profile: SRTPProfile) throws {
    let pair = try SRTPPair(profile)
    for number in 0..<60 {
      var packet = rtpBytes(sequence: UInt16(truncatingIfNeeded: 65_500 + number))
      try pair.sender.protect(&packet)
      if number >= 40 {
        try pair.receiver.unprotect(&packet)
        #expect(packet == rtpBytes(sequence: UInt16(truncatingIfNeeded: 65_500 + number)))
      }
    }
  }

  @Test(arguments: SRTPPair.allProfiles)
  func acceptsReorderedPacketsOnceEach(profile: SRTPProfile) throws {
    let pair = try SRTPPair(profile)
    let random = SeededRandom(seed: 3)
    var sent: [[UInt8]] = []
    for number in 0..<100 {
      var packet = rtpBytes(sequence: UInt16(truncatingIfNeeded: 65_500 + number))
      try pair.sender.protect(&packet)
      sent.append(packet)
    }
    // Blocks of ten, each shuffled: also across the wrap.
    for start in stride(from: 0, to: 100, by: 10) {
      var order = Array(start..<start + 10)
      for index in stride(from: 9, to: 0, by: -1) { order.swapAt(index, random.next(below: index + 1)) }
      for index in order {
        var packet = sent[index]
        try pair.receiver.unprotect(&packet)
        #expect(packet == rtpBytes(sequence: UInt16(truncatingIfNeeded: 65_500 + index)))
      }
    }
    for packet in sent {
      var packet = packet
      #expect(throws: SRTPFailure.replayed) { try pair.receiver.unprotect(&packet) }
    }
  }

  @Test func theWindowEndsAfter128Packets() throws {
    let pair = try SRTPPair(.aeadAES128GCM)
    var sent: [[UInt8]] = []
    for number in 0..<300 {
      var packet = rtpBytes(sequence: UInt16(1000 + number))
      try pair.sender.protect(&packet)
      sent.append(packet)
    }
    var packet = sent[299]
    try pair.receiver.unprotect(&packet)
    packet = sent[299 - 127]
    try pair.receiver.unprotect(&packet)
    packet = sent[299 - 128]
    #expect(throws: SRTPFailure.replayed) { try pair.receiver.unprotect(&packet) }
  }

  @Test(arguments: SRTPPair.allProfiles)
  func everyFlippedBitIsNoticed(profile: SRTPProfile) throws {
    let pair = try SRTPPair(profile)
    var packet = rtpBytes(sequence: 9)
    try pair.sender.protect(&packet)
    var control = receiverReport
    try pair.sender.protectControl(&control)
    for bit in 0..<packet.count * 8 {
      var damaged = packet
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: SRTPFailure.self) { try pair.receiver.unprotect(&damaged) }
    }
    for bit in 0..<control.count * 8 {
      var damaged = control
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: SRTPFailure.self) { try pair.receiver.unprotectControl(&damaged) }
    }
    // None of this moved a window or made a stream.
    #expect(pair.receiver.streamCount == 0)
    try pair.receiver.unprotect(&packet)
    try pair.receiver.unprotectControl(&control)
    #expect(packet == rtpBytes(sequence: 9))
    #expect(control == receiverReport)
  }

  @Test(arguments: SRTPPair.allProfiles)
  func controlPacketsAreNotReplayed(profile: SRTPProfile) throws {
    let pair = try SRTPPair(profile)
    var sent: [[UInt8]] = []
    for _ in 0..<200 {
      var packet = receiverReport
      try pair.sender.protectControl(&packet)
      sent.append(packet)
    }
    for index in [0, 5, 3, 199, 80] {
      var packet = sent[index]
      try pair.receiver.unprotectControl(&packet)
      #expect(packet == receiverReport)
    }
    for index in [0, 5, 3, 199, 80, 60] {
      var packet = sent[index]
      #expect(throws: SRTPFailure.replayed) { try pair.receiver.unprotectControl(&packet) }
    }
  }

  @Test func aSequenceNumberIsProtectedOnlyOnce() throws {
    let pair = try SRTPPair(.aeadAES256GCM)
    for sequence in [UInt16(5), 6] {
      var packet = rtpBytes(sequence: sequence)
      try pair.sender.protect(&packet)
    }
    for sequence in [UInt16(6), 5] {
      var packet = rtpBytes(sequence: sequence)
      #expect(throws: SRTPFailure.replayed) { try pair.sender.protect(&packet) }
    }
  }

  @Test func streamsAreBounded() throws {
    let pair = try SRTPPair(.aes128CMSHA1)
    for ssrc in 0..<UInt32(Limits.srtpStreamsMax * 3) {
      var packet = rtpBytes(sequence: 1, ssrc: ssrc)
      try pair.sender.protect(&packet)
      try pair.receiver.unprotect(&packet)
    }
    #expect(pair.receiver.streamCount == Limits.srtpStreamsMax)
  }

  /// A track that is muted for long keeps its roll-over counter, which no packet says, whatever came meanwhile.
  @Test func anAnnouncedStreamIsNotForgotten() throws {
    let pair = try SRTPPair(.aeadAES128GCM)
    pair.receiver.announced = [7]
    for sequence in [UInt16(0), 30_000, 60_000, 24_464, 54_464, 18_928] {
      var packet = rtpBytes(sequence: sequence, ssrc: 7)
      try pair.sender.protect(&packet)
      try pair.receiver.unprotect(&packet)
    }
    for ssrc in 0..<UInt32(Limits.srtpStreamsMax * 2) {
      var packet = rtpBytes(sequence: 1, ssrc: 1000 + ssrc)
      try pair.sender.protect(&packet)
      try pair.receiver.unprotect(&packet)
    }
    var packet = rtpBytes(sequence: 18_929, ssrc: 7)
    try pair.sender.protect(&packet)
    try pair.receiver.unprotect(&packet)
    #expect(packet == rtpBytes(sequence: 18_929, ssrc: 7))
  }

  @Test(arguments: SRTPPair.allProfiles)
  func shortAndStrangePacketsAreRefused(profile: SRTPProfile) throws {
    let pair = try SRTPPair(profile)
    var whole = rtpBytes(sequence: 1)
    try pair.sender.protect(&whole)
    var control = receiverReport
    try pair.sender.protectControl(&control)
    for length in 0..<whole.count {
      var packet = Array(whole[0..<length])
      #expect(throws: SRTPFailure.self) { try pair.receiver.unprotect(&packet) }
    }
    for length in 0..<control.count {
      var packet = Array(control[0..<length])
      #expect(throws: SRTPFailure.self) { try pair.receiver.unprotectControl(&packet) }
    }
    // 15 CSRCs and an extension that would reach far beyond the end.
    var packet: [UInt8] = [0x9F, 111] + [UInt8](repeating: 0xFF, count: 80)
    #expect(throws: SRTPFailure.malformed) { try pair.receiver.unprotect(&packet) }
    #expect(throws: SRTPFailure.malformed) { try pair.sender.protect(&packet) }
  }

  @Test func indexGuessFollowsAppendixA() {
    #expect(guessedPacketIndex(sequence: 10, latest: 65_530) == 65_546)
    #expect(guessedPacketIndex(sequence: 65_530, latest: 65_546) == 65_530)
    #expect(guessedPacketIndex(sequence: 65_530, latest: 10) == nil)
    #expect(guessedPacketIndex(sequence: 0x8000, latest: 0) == 0x8000)
    #expect(guessedPacketIndex(sequence: 0, latest: 0x8000) == 0)
    #expect(guessedPacketIndex(sequence: 0, latest: 0x8001) == 0x10000)
  }
}
