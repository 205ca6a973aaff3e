import Base
import Testing

@testable import AudioEngine
@testable import Board

/// From a packet's arrival to the loudspeaker, through the whole audio thread in virtual time.
struct EarTests {
  /// Milliseconds from the arrival of each packet in which a burst begins to the burst at the loudspeaker; with the
  /// encoder's look-ahead of 6.5 ms. The network adds up to `jitter`, the thread wakes up to `late` microseconds late.
  private func delays(_ rig: PumpRig, seconds: Int, jitter: Int = 0, late: Int = 0) throws -> [Double] {
    let packets = try bursts(seconds: seconds)
    var pushed: [Int: Instant] = [:]
    var seed: UInt32 = 7
    let random = { (most: Int) -> Int in
      seed = seed &* 1_664_525 &+ 1_013_904_223
      return Int(seed >> 8) % (most + 1)
    }
    if late > 0 { rig.board.wait.lateMicroseconds = { _ in random(late) } }
    rig.downlink.open(slot: 0)
    rig.pushes = { milliseconds in
      let number = milliseconds / 20
      guard number < packets.count else { return }
      let now = rig.board.wait.now
      let arrived = now.advanced(byMicroseconds: -random(jitter * 1_000))
      pushed[number] = now
      rig.downlink.push(
        slot: 0, sequence: UInt16(number), timestamp: UInt32(number * 960), payload: packets[number][...],
        arrivedAt: UInt32(truncatingIfNeeded: arrived.microseconds))
    }
    rig.run(milliseconds: seconds * 1_000)
    let started = try #require(rig.board.playback.startedAt)
    var delays: [Double] = []
    for number in stride(from: 50, to: packets.count - 50, by: 50) {
      guard let push = pushed[number] else { continue }
      let at = Int(push.microseconds(since: rig.begin)) * 2 / 125 - started
      guard let onset = (at..<(at + 3_200)).first(where: { abs(Int(rig.played[$0])) > 1_000 }) else {
        continue
      }
      delays.append(Double(onset - at) / 16)
    }
    return delays
  }

  /// Each second 100 ms of a tone, begun with the second.
  private func bursts(seconds: Int) throws -> [[UInt8]] {
    var encoder = try VoiceEncoder(complexity: 5, inbandFEC: false, frameSamples: 320)
    encoder.apply(
      EncoderSettings(bitrate: 32_000, expectedLossPercent: 0, discontinuousTransmission: false))
    return (0..<(seconds * 50)).map { frame in
      let samples = (0..<320).map { frame % 50 < 5 ? Int16($0 % 16 < 8 ? 9_000 : -9_000) : 0 }
      return [UInt8](unsafeUninitializedCapacity: 1_275) { bytes, count in
        count = samples.withUnsafeBufferPointer {
          encoder.encode($0.baseAddress!, into: bytes.baseAddress!, bytesMax: 1_275)
        }
      }
    }
  }

  @Test func aQuietMachineHearsSoon() throws {
    let rig = try PumpRig()
    let delays = try delays(rig, seconds: 60)
    let late = delays.suffix(30).sorted()
    #expect(late[15] <= 21, "\(delays)")
    let statistics = rig.downlink.statistics
    #expect(statistics.concealedMilliseconds <= 10 && rig.board.playback.dropouts == 0)
  }

  @Test func aBusyMachineHearsLaterAndLosesNothing() throws {
    let rig = try PumpRig()
    let delays = try delays(rig, seconds: 60, late: 5_000)
    let late = delays.suffix(30).sorted()
    #expect(late[15] > 21 && late[15] <= 40, "\(delays)")
    #expect(rig.board.playback.dropouts == 0)
    #expect(rig.downlink.statistics.concealedMilliseconds <= 60, "\(rig.downlink.statistics)")
  }

  /// As a sound server tells it.
  @Test func aCoarseCardPlaysToo() throws {
    let rig = try PumpRig()
    rig.board.playback.isCoarse = true
    let delays = try delays(rig, seconds: 40)
    #expect(delays.suffix(20).allSatisfy { $0 <= 45 }, "\(delays)")
    #expect(rig.board.playback.dropouts <= 2)
  }
}
