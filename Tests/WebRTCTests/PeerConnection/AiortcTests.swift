import Base
import Foundation
import Testing

@testable import WebRTC

/// A peer connection with a real UDP socket on 127.0.0.1 and the real clock.
private final class LoopbackEnd {
  let connection: PeerConnection
  var states: [PeerConnection.State] = []
  var audio: [PeerConnection.ReceivedAudio] = []
  private let socket: Int32
  private let address: SocketAddress

  init(answersActive: Bool = true, profiles: [SRTPProfile]? = nil) throws {
    let descriptor = Foundation.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    socket = descriptor
    var bound = sockaddr_in()
    bound.sin_family = sa_family_t(AF_INET)
    bound.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &bound) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(descriptor, .init(__sockaddr__: $0), length)
        _ = getsockname(descriptor, .init(__sockaddr__: $0), &length)
      }
    }
    address = SocketAddress(ip: IPAddress(v4: 0x7F00_0001), port: UInt16(bigEndian: bound.sin_port))
    var configuration = PeerConnection.Configuration(certificate: try Certificate(), canonicalName: "lintel")
    configuration.answersActive = answersActive
    if let profiles { configuration.srtpProfiles = profiles }
    connection = PeerConnection(
      configuration: configuration, random: SeededRandom(seed: UInt64.random(in: .min ... .max)),
      now: LoopbackEnd.clock())
    connection.handle(.localAddress(address), now: LoopbackEnd.clock())
  }

  deinit { close(socket) }

  static func clock() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }

  func run(milliseconds: Int, until done: () -> Bool = { false }) {
    let end = LoopbackEnd.clock().advanced(byMilliseconds: milliseconds)
    while LoopbackEnd.clock() < end, !done() {
      let next = min(drain() ?? end, end)
      var state = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      let wait = max(0, next.milliseconds(since: LoopbackEnd.clock()))
      guard poll(&state, 1, Int32(wait)) > 0 else {
        connection.handle(.timeout, now: LoopbackEnd.clock())
        continue
      }
      var buffer = [UInt8](repeating: 0, count: 2048)
      var from = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let count = withUnsafeMutablePointer(to: &from) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(socket, &buffer, buffer.count, 0, .init(__sockaddr__: $0), &length)
        }
      }
      guard count > 0 else { continue }
      let source = SocketAddress(
        ip: IPAddress(v4: UInt32(bigEndian: from.sin_addr.s_addr)), port: UInt16(bigEndian: from.sin_port))
      connection.handle(
        .datagram(Array(buffer[0..<count]), from: source, to: address), now: LoopbackEnd.clock())
    }
    _ = drain()
  }

  private func drain() -> Instant? {
    while true {
      switch connection.poll(now: LoopbackEnd.clock()) {
      case .transmit(let bytes, _, let to): transmit(bytes, to)
      case .event(.stateChanged(let state, _)): states.append(state)
      case .event(.audio(let received)): audio.append(received)
      case .event: break
      case .wait(let until): return until
      }
    }
  }

  private func transmit(_ bytes: [UInt8], _ to: SocketAddress) {
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_addr.s_addr = UInt32(truncatingIfNeeded: to.ip.low).bigEndian
    target.sin_port = to.port.bigEndian
    _ = withUnsafeMutablePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(
          socket, bytes, bytes.count, 0, .init(__sockaddr__: $0), socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

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
