import Base
import Testing

@testable import WebRTC

/// What arrives too early, from strangers, or broken.
@Suite struct PeerConnectionInputTests {
  @Test func datagramsBeforeTheAnswerAreKept() throws {
    let call = try SimulatedCall()
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    let offer = call.offerer.connection.makeOffer(now: call.now)
    let answer = try call.answerer.connection.acceptOffer(offer, now: call.now)
    // The answerer, active, checks and would say hello, while its answer is still on the way.
    call.run(milliseconds: 900)
    #expect(call.offerer.connection.state == .new)
    try call.offerer.connection.acceptAnswer(answer, now: call.now)
    call.run(milliseconds: 600)
    #expect(call.offerer.connection.state == .connected)
    call.talk(mid: mid, frames: 3)
    call.run(milliseconds: 50)
    #expect(call.answerer.audio.count == 3)
  }

  @Test func mediaThatOvertakesTheHandshakeIsKept() throws {
    let call = try SimulatedCall(conditions: .init(delayMilliseconds: 10, jitterMilliseconds: 0))
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    try call.negotiate()
    // The offerer is DTLS server: its last flight completes the handshake of the answerer. Lose it, so that the
    // first words come before the copy of it.
    var lost = 0
    call.drops = { bytes, fromOfferer in
      guard fromOfferer, bytes[0] == 20, lost == 0 else { return false }
      lost += 1
      return true
    }
    for _ in 0..<200 where call.offerer.connection.state != .connected { call.run(milliseconds: 1) }
    #expect(call.answerer.connection.state == .connecting)
    call.talk(mid: mid, frames: 5)
    call.run(milliseconds: 1000)
    #expect(lost == 1)
    #expect(call.answerer.audio.map(\.frame) == [0, 1, 2, 3, 4])
  }

  /// Who has not passed a check of ICE is nobody, however much he sends.
  @Test func nothingIsKeptForStrangers() throws {
    let call = try SimulatedCall()
    for bytes in Self.attacks {
      for _ in 0..<100 {
        call.offerer.connection.handle(
          .datagram(bytes, from: Self.stranger, to: call.offerer.address), now: call.now)
      }
    }
    #expect(call.offerer.connection.earlyDatagrams.isEmpty)
    #expect(call.offerer.connection.statistics.strangerDatagrams == 100 * Self.attacks.count)
    #expect(call.offerer.connection.statistics.earlyDatagramsDropped == 0)
  }

  @Test func theEarlyBufferIsBounded() throws {
    let call = try SimulatedCall()
    _ = call.offerer.connection.addAudioSender(trackID: "microphone")
    let offer = call.offerer.connection.makeOffer(now: call.now)
    _ = try call.answerer.connection.acceptOffer(offer, now: call.now)
    // The answerer's checks have come through, its answer has not.
    call.run(milliseconds: 100)
    let before = call.offerer.connection.earlyDatagrams.count
    for _ in 0..<100 {
      call.offerer.connection.handle(
        .datagram(Self.attacks[0], from: call.answerer.address, to: call.offerer.address), now: call.now)
    }
    #expect(call.offerer.connection.earlyDatagrams.count == Limits.earlyDatagramsMax)
    #expect(
      call.offerer.connection.statistics.earlyDatagramsDropped == 100 + before - Limits.earlyDatagramsMax)
  }

  private static let stranger = SocketAddress(ip: IPAddress(v4: 0x0A00_0001), port: 9)

  /// A ClientHello's beginning, a fatal alert, close_notify, a wrong record, one that is too long, RTP and RTCP.
  private static let attacks: [[UInt8]] = [
    [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40],
    [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 1, 0],
    [20, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1],
    [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 2],
    [23, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 4, 0, 1, 1],
    [0x80, 111] + [UInt8](repeating: 1, count: 40), [0x80, 200] + [UInt8](repeating: 1, count: 40),
  ]

  /// Every two milliseconds of a join and of the call after it, at both ends, whichever of them is the DTLS server.
  @Test(arguments: [true, false]) func strangersStopNoJoin(answersActive: Bool) throws {
    let call = try SimulatedCall(answersActive: answersActive)
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    func attack() {
      for bytes in Self.attacks {
        for end in [call.offerer, call.answerer] {
          end.connection.handle(.datagram(bytes, from: Self.stranger, to: end.address), now: call.now)
        }
      }
    }
    attack()
    let offer = call.offerer.connection.makeOffer(now: call.now)
    let answer = try call.answerer.connection.acceptOffer(offer, now: call.now)
    for _ in 0..<50 {
      attack()
      call.run(milliseconds: 2)
    }
    try call.offerer.connection.acceptAnswer(answer, now: call.now)
    for _ in 0..<500 {
      attack()
      call.run(milliseconds: 2)
    }
    #expect(call.offerer.connection.state == .connected && call.answerer.connection.state == .connected)
    call.talk(mid: mid, frames: 3)
    call.run(milliseconds: 50)
    #expect(call.answerer.audio.map(\.frame) == [0, 1, 2])
    // Refused before it is looked at: nothing of it is a failure of ours.
    #expect(call.answerer.connection.statistics.authenticationFailures == 0)
    #expect(call.answerer.connection.statistics.malformed == 0)
  }

  @Test(arguments: 1...3)
  func rubbishDoesNoHarm(seed: Int) throws {
    let call = try SimulatedCall(seed: UInt64(seed))
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    let random = SeededRandom(seed: UInt64(seed) + 100)
    var captured: [[UInt8]] = []
    func attack() {
      for _ in 0..<300 {
        var bytes: [UInt8]
        if !captured.isEmpty, random.next(below: 2) == 0 {
          // Real packets of this very call, damaged, cut or sent twice.
          bytes = captured[random.next(below: captured.count)]
          for _ in 0..<random.next(below: 4) where !bytes.isEmpty {
            bytes[random.next(below: bytes.count)] ^= UInt8(1 + random.next(below: 255))
          }
          if random.next(below: 4) == 0 { bytes.removeLast(random.next(below: bytes.count + 1)) }
        } else {
          bytes = random.bytes(random.next(below: 200))
        }
        // From a stranger, and as if from the other end.
        for (end, other) in [(call.answerer, call.offerer), (call.offerer, call.answerer)] {
          for source in [Self.stranger, other.address] {
            if source == other.address, call.answerer.connection.state != .connected { continue }
            end.connection.handle(.datagram(bytes, from: source, to: end.address), now: call.now)
          }
        }
      }
      call.drain()
    }
    attack()
    try call.negotiate()
    call.run(milliseconds: 1000)
    #expect(call.answerer.connection.state == .connected)
    call.talk(mid: mid, frames: 20)
    captured = call.offerer.transmitted + call.answerer.transmitted
    attack()
    call.answerer.audio = []
    call.talk(mid: mid, frames: 50, firstFrame: 20)
    attack()
    call.run(milliseconds: 300)
    #expect(call.answerer.connection.state == .connected)
    #expect(call.answerer.audio.map(\.frame).sorted() == Array(20..<70))
    let statistics = call.answerer.connection.statistics
    #expect(statistics.malformed > 0 && statistics.replayed > 0 && statistics.authenticationFailures > 0)
  }

  @Test func aNewFingerprintIsRefused() throws {
    let call = try SimulatedCall()
    _ = call.offerer.connection.addAudioSender(trackID: "microphone")
    try call.negotiate()
    call.run(milliseconds: 1000)
    let stranger = try SimulatedCall(seed: 9)
    _ = stranger.offerer.connection.addAudioSender(trackID: "microphone")
    let offer = stranger.offerer.connection.makeOffer(now: call.now)
    #expect(throws: DescriptionFailure.fingerprintChanged) {
      try call.answerer.connection.acceptOffer(offer, now: call.now)
    }
    // The connection that stands is not hurt by it.
    call.run(milliseconds: 1000)
    #expect(call.answerer.connection.state == .connected)
  }

  @Test func theCertificateMustBeTheAnnouncedOne() throws {
    let call = try SimulatedCall()
    _ = call.offerer.connection.addAudioSender(trackID: "microphone")
    let offer = call.offerer.connection.makeOffer(now: call.now)
    let fingerprint = call.offerer.connection.configuration.certificate.fingerprint
    let forged = try Certificate().fingerprint
    let parts = offer.components(separatedByText: fingerprint)
    let answer = try call.answerer.connection.acceptOffer(parts.joined(separator: forged), now: call.now)
    try call.offerer.connection.acceptAnswer(answer, now: call.now)
    call.run(milliseconds: 2000)
    #expect(call.answerer.connection.state == .failed)
    #expect(call.answerer.reasons.last?.contains("fingerprint") == true)
    // Its word for it is in plain text, so it proves nothing.
    #expect(call.offerer.connection.state == .connecting)
  }

  @Test func descriptionsOutOfOrderAreRefusedWithWords() throws {
    let call = try SimulatedCall()
    #expect(throws: DescriptionFailure.self) {
      try call.answerer.connection.acceptAnswer("v=0\r\n", now: call.now)
    }
    _ = call.offerer.connection.addAudioSender(trackID: "microphone")
    let offer = call.offerer.connection.makeOffer(now: call.now)
    for text in ["", "v=0\r\n", "rubbish", String(offer.prefix(offer.count / 2))] {
      #expect(throws: DescriptionFailure.self) {
        try call.answerer.connection.acceptOffer(text, now: call.now)
      }
      #expect(throws: DescriptionFailure.self) {
        try call.offerer.connection.acceptAnswer(text, now: call.now)
      }
    }
    #expect(throws: DescriptionFailure.self) { try call.offerer.connection.acceptOffer(offer, now: call.now) }
    // None of this stands in the way of the right ones.
    try call.negotiate()
    call.run(milliseconds: 1000)
    #expect(call.offerer.connection.state == .connected)
  }
}

extension String {
  fileprivate func components(separatedByText separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}
