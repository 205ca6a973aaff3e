import Foundation
import Testing

@testable import AudioEngine

/// One track over networks that misbehave, in virtual time.
struct JitterBufferTests {
  @Test func packetsInOrderPlayAfterTheDelayWithoutAGap() throws {
    let player = try Player(fixedDelay(60))
    player.play(try talk(440, frames: 500), periods: 1_000)
    // 60 ms of delay, of which the first 10 went by before the packet was seen, then the codec's own look-ahead.
    #expect(player.quietPeriods(0..<5) == 5)
    #expect(player.quietPeriods(8..<1_000) == 0)
    #expect(share(Array(player.heard[1_600...]), at: 440) > 0.99)
    let statistics = player.downlink.statistics
    #expect(statistics.packets == 500)
    #expect(statistics.lost == 0 && statistics.late == 0 && statistics.concealedMilliseconds == 0)
    #expect(statistics.trimmedMilliseconds == 0 && statistics.stretchedMilliseconds == 0)
    #expect(statistics.delayMilliseconds >= 40 && statistics.delayMilliseconds <= 80)
    #expect(statistics.levelDecibels < -8 && statistics.levelDecibels > -14)
  }

  @Test func reorderedPacketsSoundLikeOrderedOnes() throws {
    let ordered = try Player(fixedDelay())
    let packets = try talk(440, frames: 200)
    ordered.play(packets, periods: 400)
    var shuffled = packets
    for index in stride(from: 1, to: 198, by: 3) { shuffled[index].arrival += 3 }
    let player = try Player(fixedDelay())
    player.play(shuffled, periods: 420)
    #expect(player.downlink.statistics.lost == 0 && player.downlink.statistics.late == 0)
    #expect(player.heard.prefix(50_000) == ordered.heard.prefix(50_000))
  }

  @Test func duplicatesAreDroppedAndCounted() throws {
    let packets = try talk(440, frames: 200)
    let player = try Player()
    player.play(packets + packets, periods: 400)
    #expect(player.downlink.statistics.duplicates == 200)
    #expect(player.downlink.statistics.lost == 0)
    #expect(player.quietPeriods(9..<400) == 0)
  }

  @Test func tenPercentLossIsConcealed() throws {
    var random = SplitMix(state: 7)
    let packets = try talk(440, frames: 1_000)
    let kept = packets.filter { $0.sequence == 100 || $0.sequence == 1_099 || random.next() % 10 != 0 }
    let player = try Player()
    player.play(kept, periods: 2_010)
    let statistics = player.downlink.statistics
    #expect(statistics.lost == 1_000 - kept.count)
    #expect(statistics.concealedMilliseconds >= 20 * statistics.lost - 40)
    #expect(statistics.concealedMilliseconds <= 20 * statistics.lost + 100)
    #expect(player.quietPeriods(9..<1_990, below: 5) == 0)
    #expect(share(Array(player.heard[1_600...]), at: 440) > 0.8)
  }

  @Test func redundancyBeatsGuessing() throws {
    // A tone that steps: what was lost cannot be guessed from what came before.
    func distance(fec: Bool) throws -> Double {
      let uplink = try configured(fec: fec)
      var packets: [Packet] = []
      var payload: [UInt8] = []
      for index in 0..<400 {
        let frequency = 300.0 + Double((index / 2) * 7919 % 900)
        let samples = sine(frequency, from: index * 320, count: 320)
        _ = samples.withUnsafeBufferPointer { uplink.capture($0) }
        while let frame = uplink.pop(into: &payload) {
          packets.append(
            Packet(
              sequence: UInt16(index), timestamp: frame.rtpTimestamp, payload: payload, arrival: index * 2))
        }
      }
      let clean = try Player(fixedDelay())
      clean.play(packets, periods: 800)
      let lossy = try Player(fixedDelay())
      lossy.play(packets.filter { $0.sequence % 10 != 4 }, periods: 800)
      #expect(lossy.downlink.statistics.recovered == (fec ? 40 : 0))
      var error = 0.0
      for (left, right) in zip(clean.heard, lossy.heard) { error += pow(Double(left) - Double(right), 2) }
      return error
    }
    #expect(try distance(fec: true) < 0.7 * distance(fec: false))
  }

  private func configured(fec: Bool) throws -> Uplink {
    var configuration = UplinkConfiguration()
    configuration.inbandFEC = fec
    configuration.expectedLossPercent = 20
    configuration.bitrate = 32_000
    return try Uplink(configuration)
  }

  @Test func aBurstOfLossFadesToSilenceAndComesBack() throws {
    let packets = try talk(440, frames: 300)
    let player = try Player(fixedDelay())
    player.play(packets.filter { $0.sequence < 200 || $0.sequence >= 225 }, periods: 600)
    // 500 ms are lost from period 206 on: 100 ms are invented, the rest is silence.
    #expect(player.heard[(220 * 160)..<(254 * 160)].allSatisfy { $0 == 0 })
    #expect(player.quietPeriods(9..<206) == 0)
    #expect(player.quietPeriods(262..<598) == 0)
    #expect(player.downlink.statistics.lost == 25)
    #expect(player.downlink.statistics.concealedMilliseconds <= 120)
  }

  @Test func lateSpikesAreSurvivedAndRaiseTheDelay() throws {
    var packets = try talk(440, frames: 400)
    // Every second the network holds everything back for 100 ms, then delivers it at once.
    for index in packets.indices
    where (packets[index].arrival % 100) >= 50 && (packets[index].arrival % 100) < 60 {
      packets[index].arrival = packets[index].arrival / 100 * 100 + 60
    }
    let player = try Player()
    player.play(packets, periods: 800)
    let statistics = player.downlink.statistics
    #expect(statistics.lost == 0)
    #expect(statistics.underruns >= 1 && statistics.underruns <= 8)
    #expect(player.quietPeriods(9..<800, below: 5) == 0)
    #expect(statistics.delayMilliseconds <= 220)
  }

  @Test func aPacketAfterItsTimeIsCounted() throws {
    var packets = try talk(440, frames: 200)
    packets[50].arrival += 20
    let player = try Player()
    player.play(packets, periods: 400)
    #expect(player.downlink.statistics.late == 1)
    #expect(player.downlink.statistics.lost == 1)
    #expect(player.quietPeriods(9..<400) == 0)
  }

  @Test func sequenceAndTimestampWrap() throws {
    let packets = try talk(440, frames: 200, sequence: 65_500, timestamp: UInt32.max - 20_000)
    let player = try Player()
    player.play(
      packets.filter { $0.sequence != 65_535 && $0.sequence != 0 && $0.sequence != 20 }, periods: 400)
    #expect(player.downlink.statistics.lost == 3)
    #expect(player.downlink.statistics.discarded == 0)
    #expect(player.quietPeriods(9..<400, below: 5) == 0)
  }
}

struct SplitMix {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
