import Testing

@testable import AudioEngine

/// Input that nobody should send: it is counted, nothing grows, and sound returns with the first good packets.
struct AbuseTests {
  private func recovers(_ player: Player, from period: Int) throws {
    var packets = try talk(440, frames: 150, sequence: 20_000, timestamp: 99)
    for index in packets.indices { packets[index].arrival += period }
    player.play(packets, periods: 300)
    #expect(player.quietPeriods((period + 30)..<(period + 290)) == 0)
  }

  @Test func tenThousandPacketsAtOnce() throws {
    let player = try Player()
    let packets = try talk(440, frames: 300)
    for index in 0..<10_000 {
      var packet = packets[index % 300]
      packet.sequence = UInt16(truncatingIfNeeded: index)
      packet.timestamp = UInt32(index * 960)
      player.push(packet)
    }
    player.play([], periods: 100)
    let statistics = player.downlink.statistics
    #expect(statistics.ringFull > 9_000)
    #expect(statistics.packets + statistics.ringFull == 10_000)
    #expect(statistics.delayMilliseconds <= 500)
    try recovers(player, from: 100)
  }

  @Test func emptyGarbageAndOverlongPayloads() throws {
    let player = try Player()
    var random = SplitMix(state: 1)
    var pushed = 0
    for period in 0..<200 {
      let length = [0, 1, 2, 3, 40, 300, 1_275, 1_276, 5_000][period % 9]
      let payload = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      player.push(
        Packet(sequence: UInt16(period), timestamp: UInt32(period * 480), payload: payload, arrival: 0))
      pushed += 1
      player.play([], periods: 1)
    }
    #expect(player.downlink.statistics.packets == pushed)
    #expect(player.downlink.statistics.undecodable >= 60)
    try recovers(player, from: 200)
  }

  @Test func packetsOfEveryLengthThatOpusKnows() throws {
    // Configuration 0...31 of the first byte (RFC 6716 §3.1), one frame each: 2.5 to 60 ms.
    let player = try Player()
    var timestamp: UInt32 = 0
    for index in 0..<320 {
      let payload = [UInt8(index % 32) << 3] + [UInt8](repeating: 0x55, count: 30)
      let samples = payload.withUnsafeBytes { VoiceDecoder.samples(in: $0) }
      player.push(Packet(sequence: UInt16(index), timestamp: timestamp, payload: payload, arrival: 0))
      timestamp += UInt32((samples ?? 0) * 3)
      player.play([], periods: 2)
    }
    #expect(player.downlink.statistics.packets == 320)
    try recovers(player, from: 640)
  }

  @Test func configurationOutOfRangeIsRefused() {
    var uplink = UplinkConfiguration()
    uplink.complexity = 11
    #expect(throws: AudioFailure.valueOutOfRange(key: "complexity", value: 11, legal: "0 to 10")) {
      try Uplink(uplink)
    }
    var downlink = DownlinkConfiguration()
    downlink.playoutDelayMilliseconds = 4
    #expect(throws: AudioFailure.valueOutOfRange(key: "jitter-ms", value: 4, legal: "5 to 400")) {
      try Downlink(downlink)
    }
    downlink.playoutDelayMilliseconds = 200
    downlink.playoutDelayMillisecondsMax = 100
    #expect(throws: AudioFailure.valueOutOfRange(key: "jitter-ms", value: 200, legal: "5 to 100")) {
      try Downlink(downlink)
    }
  }
}
