import Base
import Foundation
import Testing

@testable import WebRTC

/// Real UDP between our peer connection and aiortc's.
@Suite(.serialized, .enabled(if: PythonPeer.isAvailable, "\(PythonPeer.skipReason)"))
struct AiortcTests {
  private struct Request: Encodable {
    var `do`: String
    var sdp: String?
  }

  private struct Answer: Decodable {
    var sdp: String?
    var state: String?
    var dtls: String?
    var frames: Int?
    var packetsReceived: Int?
    var packetsLost: Int?
    var roundTrip: Double?
  }

  private let peer: PythonPeer

  init() throws { peer = try PythonPeer("webrtc_peer.py") }

  /// The peer may be slow to answer while media flows, so our side is kept running.
  private func ask(_ what: String, sdp: String? = nil, while end: LoopbackEnd) throws -> Answer {
    try peer.send(String(decoding: JSONEncoder().encode(Request(do: what, sdp: sdp)), as: UTF8.self))
    for _ in 0..<3000 {
      if let line = try peer.poll() { return try JSONDecoder().decode(Answer.self, from: Data(line.utf8)) }
      end.run(milliseconds: 10)
    }
    throw PythonPeer.Failure(words: "no answer to \(what) in 30 s")
  }

  @Test(arguments: [true, false], [SRTPProfile.aeadAES256GCM, .aeadAES128GCM, .aes128CMSHA1])
  func aiortcHearsUs(asServer: Bool, profile: SRTPProfile) throws {
    let end = try LoopbackEnd(profiles: [profile])
    let mid = end.connection.addAudioSender(trackID: "microphone")
    var offer = end.connection.makeOffer(now: LoopbackEnd.clock())
    // aiortc answers `active` wherever it may; taking that role away makes us the DTLS client.
    if !asServer { offer = offer.replacingOccurrences(of: "a=setup:actpass", with: "a=setup:active") }
    let answer = try #require(try ask("answer", sdp: offer, while: end).sdp)
    try end.connection.acceptAnswer(answer, now: LoopbackEnd.clock())
    end.run(milliseconds: 10_000) { end.connection.state == .connected }
    #expect(end.states == [.connecting, .connected])
    #expect(end.connection.dtls?.role == (asServer ? .server : .client))
    let start = LoopbackEnd.clock()
    for number in 0..<150 {
      // The shortest Opus frame that decodes: 20 ms of silence.
      let frame = PeerConnection.AudioFrame(
        payload: [0xF8, 0xFF, 0xFE], timestamp: UInt32(number * 960), marker: number == 0, level: 127,
        voice: false)
      end.connection.send(frame, mid: mid, now: LoopbackEnd.clock())
      let next = start.advanced(byMilliseconds: 20 * (number + 1))
      end.run(milliseconds: max(0, next.milliseconds(since: LoopbackEnd.clock())))
    }
    // A busy machine may need a while to get to the last packets, and to its next report.
    var report = try ask("report", while: end)
    for _ in 0..<20 {
      if report.packetsReceived == 150, end.connection.statistics.roundTripMilliseconds != nil { break }
      end.run(milliseconds: 250)
      report = try ask("report", while: end)
    }
    #expect(report.state == "connected")
    #expect(report.packetsReceived == 150)
    #expect(report.packetsLost == 0)
    #expect((report.frames ?? 0) >= 100)
    // Its receiver reports came back with our sender report's time in them.
    #expect(end.connection.statistics.roundTripMilliseconds != nil)
    end.connection.close(now: LoopbackEnd.clock())
    end.run(milliseconds: 20)
  }

  @Test(arguments: [true, false])
  func weHearAiortc(asClient: Bool) throws {
    let end = try LoopbackEnd(answersActive: asClient)
    let offer = try #require(try ask("offer", while: end).sdp)
    let answer = try end.connection.acceptOffer(offer, now: LoopbackEnd.clock())
    _ = try ask("apply", sdp: answer, while: end)
    end.run(milliseconds: 10_000) { end.connection.state == .connected }
    #expect(end.states == [.connecting, .connected])
    #expect(end.connection.dtls?.role == (asClient ? .client : .server))
    end.run(milliseconds: 10_000) { end.audio.count >= 150 }
    #expect(end.audio.count >= 150)
    let sequences = end.audio.map(\.sequence)
    #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
    #expect(end.connection.statistics.localPacketsLost == 0)
    #expect(end.connection.statistics.malformed == 0)
    #expect(end.connection.statistics.authenticationFailures == 0)
    let report = try ask("report", while: end)
    #expect(report.state == "connected")
    #expect(report.roundTrip != nil, "our receiver reports tell it the round trip")
  }
}
