import Foundation
import Testing

@testable import AudioEngine

/// Streams that jump, pause, restart, or are no streams at all.
struct StreamChangeTests {
  @Test func aTimestampJumpPlaysOnAtOnce() throws {
    var packets = try talk(440, frames: 200)
    for index in 100..<200 { packets[index].timestamp &+= 90_000_000 }
    let player = try Player()
    player.play(packets, periods: 400)
    #expect(player.downlink.statistics.lost == 0)
    #expect(player.quietPeriods(9..<400) == 0)
  }

  @Test func timestampsThatRunBackwardsPlayOn() throws {
    var packets = try talk(440, frames: 200)
    for index in 100..<200 { packets[index].timestamp = 500_000 &- UInt32(index) * 960 }
    let player = try Player()
    player.play(packets, periods: 400)
    #expect(player.quietPeriods(9..<400) == 0)
  }

  @Test func aSequenceJumpIsBelievedWhenItIsConfirmed() throws {
    var packets = try talk(440, frames: 200)
    for index in 100..<200 {
      packets[index].sequence &+= 30_000
      packets[index].timestamp &+= 1_234_567
    }
    let player = try Player()
    player.play(packets, periods: 400)
    #expect(player.downlink.statistics.discarded <= 5)
    // The new stream waits for its own delay; the old one fades meanwhile.
    #expect(player.quietPeriods(9..<400) <= 12)
    #expect(player.quietPeriods(230..<400) == 0)
  }

  @Test func oneStrayPacketDisturbsNothing() throws {
    var packets = try talk(440, frames: 200)
    packets.append(Packet(sequence: 40_000, timestamp: 5, payload: packets[3].payload, arrival: 200))
    let player = try Player()
    player.play(packets, periods: 400)
    #expect(player.downlink.statistics.discarded == 1)
    #expect(player.quietPeriods(9..<400) == 0)
  }

  @Test func aReopenedSlotForgetsTheOldStream() throws {
    let player = try Player()
    player.play(try talk(440, frames: 50), periods: 100)
    player.downlink.open(slot: 0)
    var next = try talk(1_000, frames: 100, sequence: 9, timestamp: 1)
    for index in next.indices { next[index].arrival += 100 }
    player.play(next, periods: 200)
    #expect(share(Array(player.heard[(110 * 160)..<(290 * 160)]), at: 1_000) > 0.97)
    #expect(player.downlink.statistics.late == 0)
  }

  @Test func aClosedSlotIsSilentAndTakesNothing() throws {
    let player = try Player()
    let packets = try talk(440, frames: 100)
    player.play(packets, periods: 100)
    player.downlink.close(slot: 0)
    player.play(packets, periods: 50)
    #expect(player.heard[(100 * 160)...].allSatisfy { $0 == 0 })
    #expect(player.downlink.push(slot: 0, sequence: 1, timestamp: 1, payload: [0xF8], arrivedAt: 0) == false)
    #expect(player.downlink.push(slot: 8, sequence: 1, timestamp: 1, payload: [0xF8], arrivedAt: 0) == false)
    #expect(player.downlink.push(slot: -1, sequence: 1, timestamp: 1, payload: [0xF8], arrivedAt: 0) == false)
  }

  @Test func aServersMuteIsNoLoss() throws {
    // As a LiveKit server mutes: blank frames for a while, then nothing; afterwards the next sequence number
    // with a timestamp that followed the clock.
    let talking = try talk(440, frames: 100)
    var packets = talking
    var sequence = UInt16(200)
    var timestamp = UInt32(7_000 + 100 * 960)
    for index in 0..<10 {
      let blank = [0xF8, 0xFF, 0xFE] + [UInt8](repeating: 0, count: 65)
      packets.append(
        Packet(sequence: sequence, timestamp: timestamp, payload: blank, arrival: 200 + index * 2))
      sequence += 1
      timestamp += 960
    }
    timestamp += 72_683
    for (index, packet) in try talk(440, frames: 100).enumerated() {
      packets.append(
        Packet(
          sequence: sequence + UInt16(index), timestamp: timestamp + UInt32(index) * 960,
          payload: packet.payload, arrival: 371 + index * 2))
    }
    let player = try Player()
    player.play(packets, periods: 570)
    let statistics = player.downlink.statistics
    #expect(statistics.lost == 0 && statistics.late == 0)
    #expect(statistics.undecodable == 0)
    #expect(player.quietPeriods(240..<370) == 130)
    #expect(player.quietPeriods(380..<570) == 0)
  }

  @Test func discontinuousTransmissionPausesWithoutLoss() throws {
    let uplink = try Uplink()
    uplink.setDiscontinuousTransmission(true)
    var packets: [Packet] = []
    var payload: [UInt8] = []
    var discontinuous = 0
    var markers = 0
    for index in 0..<500 {
      // A second of tone, then silence with a little noise, then tone.
      let speaking = index < 50 || index >= 400
      let samples = sine(440, from: index * 320, count: 320, amplitude: speaking ? 12_000 : 2)
      _ = samples.withUnsafeBufferPointer { uplink.capture($0) }
      while let frame = uplink.pop(into: &payload) {
        discontinuous += frame.discontinuous ? 1 : 0
        markers += frame.marker ? 1 : 0
        packets.append(
          Packet(
            sequence: UInt16(packets.count), timestamp: frame.rtpTimestamp, payload: payload,
            arrival: index * 2))
      }
    }
    #expect(packets.count < 250)
    #expect(discontinuous >= 1 && markers >= 2)
    let player = try Player()
    player.play(packets, periods: 1_000)
    #expect(player.downlink.statistics.lost == 0 && player.downlink.statistics.late == 0)
    #expect(player.quietPeriods(9..<101) == 0)
    #expect(player.quietPeriods(200..<780) == 580)
    #expect(player.quietPeriods(812..<1_000) == 0)
  }
}
