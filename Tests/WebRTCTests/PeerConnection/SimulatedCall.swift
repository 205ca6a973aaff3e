import Base
import Testing

@testable import WebRTC

/// An offering and an answering peer connection, joined by a seeded network and a signalling path in virtual time.
final class SimulatedCall {
  struct Conditions {
    var lossPercent = 0
    var delayMilliseconds = 10
    /// Added at random, so that packets overtake each other.
    var jitterMilliseconds = 5
  }

  final class End {
    let connection: PeerConnection
    let address: SocketAddress
    var states: [PeerConnection.State] = []
    var reasons: [String] = []
    var candidates: [String] = []
    var audio: [PeerConnection.ReceivedAudio] = []
    var transmitted: [[UInt8]] = []
    var channels: [(id: PeerConnection.DataChannelID, label: String)] = []
    var messages: [(id: PeerConnection.DataChannelID, bytes: [UInt8])] = []
    var writable: [PeerConnection.DataChannelID] = []
    var closed: [(id: PeerConnection.DataChannelID, label: String)] = []

    init(_ connection: PeerConnection, _ address: SocketAddress) {
      self.connection = connection
      self.address = address
    }
  }

  let offerer: End
  let answerer: End
  var now = Instant(microseconds: 5_000_000)
  var conditions: Conditions
  /// Tells which packets of which direction the network drops, beyond its loss rate.
  var drops: (_ bytes: [UInt8], _ fromOfferer: Bool) -> Bool = { _, _ in false }
  var severed = false
  private let random: SeededRandom
  private var flying: [(due: Instant, order: Int, bytes: [UInt8], from: SocketAddress, to: SocketAddress)] =
    []
  private var order = 0

  init(
    seed: UInt64 = 1, answersActive: Bool = true, conditions: Conditions = Conditions(),
    firstSequence: UInt16 = 65_500
  ) throws {
    random = SeededRandom(seed: seed)
    self.conditions = conditions
    func end(_ name: String, _ host: UInt32, seed: UInt64) throws -> End {
      var configuration = PeerConnection.Configuration(certificate: try Certificate(), canonicalName: name)
      configuration.answersActive = answersActive
      configuration.firstSequence = firstSequence
      let connection = PeerConnection(
        configuration: configuration, random: SeededRandom(seed: seed), now: Instant(microseconds: 5_000_000))
      return End(connection, SocketAddress(ip: IPAddress(v4: host), port: 40_000))
    }
    offerer = try end("offerer", 0xC000_0201, seed: seed &* 2 &+ 1)
    answerer = try end("answerer", 0xC633_6401, seed: seed &* 2)
    offerer.connection.handle(.localAddress(offerer.address), now: now)
    answerer.connection.handle(.localAddress(answerer.address), now: now)
  }

  /// One offer and answer.
  func negotiate() throws {
    let offer = offerer.connection.makeOffer(now: now)
    let answer = try answerer.connection.acceptOffer(offer, now: now)
    try offerer.connection.acceptAnswer(answer, now: now)
    drain()
  }

  func run(milliseconds: Int) {
    let end = now.advanced(byMilliseconds: milliseconds)
    while true {
      var next = earliest(drain(), nil)
      for packet in flying { next = earliest(next, packet.due) }
      guard let next, next <= end else { break }
      VirtualWallClock.advance(microseconds: Int(max(now, next).microseconds(since: now)))
      now = max(now, next)
      offerer.connection.handle(.timeout, now: now)
      answerer.connection.handle(.timeout, now: now)
      let arrived = flying.filter { $0.due <= now }.sorted { ($0.due, $0.order) < ($1.due, $1.order) }
      flying.removeAll { $0.due <= now }
      for packet in arrived {
        let receiver = packet.to == offerer.address ? offerer : answerer
        guard packet.to == receiver.address else { continue }
        receiver.connection.handle(.datagram(packet.bytes, from: packet.from, to: packet.to), now: now)
        drain()
      }
    }
    VirtualWallClock.advance(microseconds: Int(end.microseconds(since: now)))
    now = end
  }

  /// Sends `count` frames of 20 ms; the payload of frame n is n in two bytes and some more.
  func talk(mid: String, frames: Int, firstFrame: Int = 0) {
    for number in firstFrame..<firstFrame + frames {
      offerer.connection.send(
        PeerConnection.AudioFrame(
          payload: [UInt8(number >> 8), UInt8(number & 255)] + [UInt8](repeating: 0x55, count: 60),
          timestamp: UInt32(number * 960), marker: number == firstFrame, level: 30, voice: true),
        mid: mid, now: now)
      run(milliseconds: 20)
    }
  }

  @discardableResult func drain() -> Instant? {
    earliest(drain(offerer), drain(answerer))
  }

  private func drain(_ end: End) -> Instant? {
    while true {
      switch end.connection.poll(now: now) {
      case .transmit(let bytes, let from, let to):
        end.transmitted.append(bytes)
        #expect(bytes.count <= 1200)
        transmit(bytes, from, to)
      case .openStream, .sendStream, .closeStream, .event(.pathHealthChanged), .event(.relayFailed): break
      case .event(.candidate(let line, _, _)): end.candidates.append(line)
      case .event(.stateChanged(let state, let reason)):
        end.states.append(state)
        end.reasons.append(reason)
      case .event(.audio(let audio)): end.audio.append(audio)
      case .event(.dataChannelOpened(let id, let label)): end.channels.append((id, label))
      case .event(.dataChannelMessage(let id, let bytes)): end.messages.append((id, bytes))
      case .event(.dataChannelWritable(let id)): end.writable.append(id)
      case .event(.dataChannelClosed(let id, let label)): end.closed.append((id, label))
      case .wait(let until): return until
      }
    }
  }

  private func transmit(_ bytes: [UInt8], _ from: SocketAddress, _ to: SocketAddress) {
    if severed || random.next(below: 100) < conditions.lossPercent { return }
    if drops(bytes, from == offerer.address) { return }
    let delay =
      conditions.delayMilliseconds * 1000 + random.next(below: conditions.jitterMilliseconds * 1000 + 1)
    order += 1
    flying.append((now.advanced(byMicroseconds: delay), order, bytes, from, to))
  }
}

extension PeerConnection.ReceivedAudio {
  /// The number that `SimulatedCall.talk` gave the frame.
  var frame: Int { Int(payload[0]) << 8 | Int(payload[1]) }
}
