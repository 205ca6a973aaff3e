import Foundation

@testable import AudioEngine

/// One RTP packet on its way.
struct Packet {
  var sequence: UInt16
  var timestamp: UInt32
  var payload: [UInt8]
  /// The 10 ms period in which it arrives.
  var arrival: Int
}

/// A talker: a tone as the packets that a sender makes of it.
func talk(
  _ frequency: Double, frames: Int, sequence: UInt16 = 100, timestamp: UInt32 = 7_000,
  amplitude: Double = 12_000,
  configure: (inout UplinkConfiguration) -> Void = { _ in }
) throws -> [Packet] {
  var configuration = UplinkConfiguration()
  configure(&configuration)
  let uplink = try Uplink(configuration)
  var packets: [Packet] = []
  var payload: [UInt8] = []
  for index in 0..<frames {
    let samples = sine(frequency, from: index * 320, count: 320, amplitude: amplitude)
    _ = samples.withUnsafeBufferPointer { uplink.capture($0) }
    while let frame = uplink.pop(into: &payload) {
      packets.append(
        Packet(
          sequence: sequence &+ UInt16(truncatingIfNeeded: packets.count),
          timestamp: timestamp &+ frame.rtpTimestamp, payload: payload, arrival: index * 2))
    }
  }
  return packets
}

/// A downlink that does not adapt: what two of them play can be compared sample by sample.
func fixedDelay(_ milliseconds: Int = 60) -> DownlinkConfiguration {
  var configuration = DownlinkConfiguration()
  configuration.playoutDelayMilliseconds = milliseconds
  configuration.playoutDelayMillisecondsMin = milliseconds
  configuration.playoutDelayMillisecondsMax = milliseconds
  return configuration
}

/// A listener in virtual time: every period the packets that have arrived by then are pushed, and one period is
/// played. They came right after the period before.
final class Player {
  let downlink: Downlink
  var heard: [Int16] = []
  var period = 0

  init(_ configuration: DownlinkConfiguration = DownlinkConfiguration(), slots: Int = 1) throws {
    downlink = try Downlink(configuration)
    for slot in 0..<slots { downlink.open(slot: slot) }
  }

  func push(_ packet: Packet, slot: Int = 0) {
    downlink.push(
      slot: slot, sequence: packet.sequence, timestamp: packet.timestamp, payload: packet.payload[...],
      arrivedAt: UInt32(period) &* 10_000 &- 10_000)
  }

  /// Plays `periods` of 10 ms. `packets` may be in any order; those that arrive in the same period are pushed as
  /// they stand.
  func play(_ packets: [Packet], slot: Int = 0, periods: Int) {
    play([slot: packets], periods: periods)
  }

  func play(_ tracks: [Int: [Packet]], periods: Int) {
    var block = [Int16](repeating: 0, count: 160)
    for _ in 0..<periods {
      for (slot, packets) in tracks {
        for packet in packets where packet.arrival == period { push(packet, slot: slot) }
      }
      block.withUnsafeMutableBufferPointer { downlink.playback(into: $0, at: UInt32(period) &* 10_000) }
      heard += block
      period += 1
    }
  }

  /// How many periods of `range` are quieter than `limit`, by default a quarter of a tone of 12 000. What libopus
  /// invents for a lost piece of a pure tone is much quieter than the tone, but no silence.
  func quietPeriods(_ range: Range<Int>, below limit: Double = 2_000) -> Int {
    range.filter { rms(Array(heard[($0 * 160)..<($0 * 160 + 160)])) < limit }.count
  }
}

func rms(_ samples: [Int16]) -> Double {
  guard !samples.isEmpty else { return 0 }
  return (samples.map { Double($0) * Double($0) }.reduce(0, +) / Double(samples.count)).squareRoot()
}

/// The share of the power of `samples` at `frequency`, 0...1.
func share(_ samples: [Int16], at frequency: Double) -> Double {
  var real = 0.0
  var imaginary = 0.0
  var total = 0.0
  for (index, sample) in samples.enumerated() {
    let angle = 2 * .pi * frequency * Double(index) / 16_000
    real += Double(sample) * cos(angle)
    imaginary += Double(sample) * sin(angle)
    total += Double(sample) * Double(sample)
  }
  guard total > 0 else { return 0 }
  return 2 * (real * real + imaginary * imaginary) / (Double(samples.count) * total)
}
