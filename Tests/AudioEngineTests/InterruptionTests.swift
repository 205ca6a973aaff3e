import Testing

@testable import AudioEngine

/// The network holds everything back for a while, then delivers it at once.
struct InterruptionTests {
  @Test(arguments: [30, 100, 300])
  func theDelayDrainsFast(periodsHeldBack: Int) throws {
    let payloads = try encoded(speech(seconds: 20))
    var packets = payloads.indices.map {
      Packet(sequence: UInt16($0), timestamp: UInt32($0 * 960), payload: payloads[$0], arrival: $0 * 2)
    }
    for index in packets.indices
    where packets[index].arrival >= 500 && packets[index].arrival < 500 + periodsHeldBack {
      packets[index].arrival = 500 + periodsHeldBack
    }
    let player = try Player()
    player.play(packets, periods: 500 + periodsHeldBack)
    player.play(packets, periods: 200)
    let statistics = player.downlink.statistics
    #expect(statistics.delayMilliseconds <= 100)
    // Up to the ceiling it is played faster; what is beyond it gives way at once.
    if periodsHeldBack == 30 {
      #expect(statistics.discarded == 0 && statistics.lost == 0)
      #expect(statistics.trimmedMilliseconds >= 200)
    } else {
      #expect(statistics.discarded >= 20)
    }
  }
}
