@testable import AudioEngine

/// A sender, a network and a speaker in virtual time, each with a clock of its own. Packets are handed over at
/// their exact time; the speaker asks for a period every 10 ms of its clock.
final class Call {
  struct Sent {
    var sequence: UInt16
    var timestamp: UInt32
    var payload: Int
    /// On the true clock.
    var arrival: Double
    var sentAt: Double
  }

  let downlink: Downlink
  let payloads: [[UInt8]]
  /// How much faster than true time the clocks run, in parts per million.
  var senderClock = 0.0
  var speakerClock = 0.0
  /// How late the audio thread wakes for a period, in milliseconds.
  var wakeDelay: (_ period: Int) -> Double = { _ in 0 }
  /// Asks for as many samples as the engine wants (`Downlink.samplesNext`), and so at other times.
  var follows = false
  /// The payloads are sent in turn; after the last one comes this one.
  var loopTo = 0
  /// Called with each period and the true time, in milliseconds, at which the speaker asked for it.
  var onPeriod: ((UnsafeBufferPointer<Int16>, Double) -> Void)?
  /// The delays of the packets that arrived, in milliseconds.
  private(set) var networkDelays: [Double] = []
  private(set) var lost: Set<Int> = []

  private var network: Network
  private var flying: [Sent] = []
  private var sent = 0
  private var asked = 0
  private var offset = 0.0
  private let block = UnsafeMutableBufferPointer<Int16>.allocate(capacity: 160)

  init(_ payloads: [[UInt8]], _ network: Network, _ configuration: DownlinkConfiguration = .init()) throws {
    self.payloads = payloads
    self.network = network
    downlink = try Downlink(configuration)
    downlink.open(slot: 0)
  }

  deinit { block.deallocate() }

  func run(milliseconds: Double) {
    let end = Double(asked) / 16 + milliseconds
    while true {
      // The speaker starts 3.7 ms after the sender: no edge falls on an edge.
      let now = 3.7 + Double(asked) / 16 / (1 + speakerClock / 1e6)
      guard now < end else { return }
      let awake = now + offset + wakeDelay(asked / 160)
      send(until: awake)
      deliver(until: awake)
      let part = UnsafeMutableBufferPointer(rebasing: block[..<(follows ? downlink.samplesNext : 160)])
      downlink.playback(into: part, at: Self.microseconds(awake))
      onPeriod?(UnsafeBufferPointer(part), now)
      asked += part.count
    }
  }

  /// From now on the speaker asks for the same samples so much later, as its card keeps less.
  func looksMove(byMilliseconds later: Int) {
    offset += Double(later)
    downlink.looksMoved(byMicroseconds: later * 1_000)
  }

  private func send(until now: Double) {
    while true {
      // A frame is sent when its last sample was taken.
      let time = Double(sent + 1) * 20 / (1 + senderClock / 1e6)
      guard time <= now else { return }
      if let delay = network.carry() {
        let length = payloads.count - loopTo
        let payload = sent < payloads.count ? sent : loopTo + (sent - loopTo) % length
        networkDelays.append(delay)
        flying.append(
          Sent(
            sequence: UInt16(truncatingIfNeeded: sent), timestamp: UInt32(truncatingIfNeeded: sent * 960),
            payload: payload, arrival: time + delay, sentAt: time))
      } else {
        lost.insert(sent)
      }
      sent += 1
    }
  }

  private func deliver(until now: Double) {
    guard flying.contains(where: { $0.arrival <= now }) else { return }
    let arrived = flying.filter { $0.arrival <= now }.sorted { $0.arrival < $1.arrival }
    flying.removeAll { $0.arrival <= now }
    for packet in arrived {
      downlink.push(
        slot: 0, sequence: packet.sequence, timestamp: packet.timestamp,
        payload: payloads[packet.payload][...], arrivedAt: Self.microseconds(packet.arrival))
    }
  }

  /// What a clock shows that began shortly before it wraps.
  private static func microseconds(_ milliseconds: Double) -> UInt32 {
    UInt32(truncatingIfNeeded: 4_290_000_000 + Int(milliseconds * 1_000))
  }

  /// The delay that would have let `share` of the packets through in time, over the fastest one's.
  func hindsight(_ share: Double, from begin: Int = 0) -> Double {
    let sorted = networkDelays[begin...].sorted()
    return sorted[Int(Double(sorted.count - 1) * share)] - sorted[0]
  }
}
