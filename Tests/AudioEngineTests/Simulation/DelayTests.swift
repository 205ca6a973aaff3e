import Testing

@testable import AudioEngine

/// How long packets wait, measured from outside: what is heard is found again in the clean decode, and so the
/// time between a packet's sending and its playing is known whatever the engine thinks of itself.
struct DelayTests {
  private static let seconds = 60

  struct Case: CustomTestStringConvertible {
    var jitter: Network.Jitter
    var testDescription: String { "\(jitter)" }
  }

  @Test(arguments: [
    Case(jitter: .uniform(milliseconds: 0)), Case(jitter: .uniform(milliseconds: 30)),
    Case(jitter: .uniform(milliseconds: 80)), Case(jitter: .exponential(milliseconds: 10)),
    Case(jitter: .exponential(milliseconds: 27)),
  ])
  func theMeanIsNearWhatHindsightWouldChoose(_ example: Case) throws {
    let payloads = try encoded(speech(seconds: Self.seconds))
    let clean = try decoded(payloads)
    for seed in [UInt64(1), 2, 3] {
      let call = try Call(payloads, Network(seed: seed, jitter: example.jitter))
      var heard: [Int16] = []
      heard.reserveCapacity(clean.count + 16_000)
      call.onPeriod = { period, _ in heard += period }
      call.run(milliseconds: Double(Self.seconds) * 1_000 - 500)
      let delays = (20..<(Self.seconds * 2 - 3)).compactMap { playoutDelay(heard, clean, at: $0 * 8_000) }
      #expect(delays.count > 50)
      let mean = delays.reduce(0, +) / Double(delays.count) - (call.networkDelays.min() ?? 0)
      // A fixed delay under the floor is not allowed, hindsight or not.
      let best = max(5, call.hindsight(0.95))
      #expect(abs(mean - best) < 20, "mean \(mean), hindsight \(best)")
    }
  }

  /// What is heard of a call, and for how long its packets waited beyond what the fastest one took.
  private func waits(_ call: Call, _ clean: [Int16], seconds: Int) -> [Double] {
    var heard: [Int16] = []
    call.onPeriod = { period, _ in heard += period }
    call.run(milliseconds: Double(seconds) * 1_000 - 500)
    let delays = (8..<(seconds * 2 - 2)).compactMap { playoutDelay(heard, clean, at: $0 * 8_000) }
    return delays.map { $0 - (call.networkDelays.min() ?? 0) }.sorted()
  }

  @Test(arguments: [false, true]) func aPerfectNetworkHardlyWaits(follows: Bool) throws {
    let payloads = try encoded(speech(seconds: 20))
    let call = try Call(payloads, Network(seed: 1))
    call.follows = follows
    let waits = try waits(call, decoded(payloads), seconds: 20)
    // A period until it is looked for, where the looks do not follow; 1.25 ms of the histogram, 3 of the
    // stretching.
    #expect(waits[waits.count / 2] <= (follows ? 8 : 17), "\(waits)")
    #expect(call.downlink.statistics.concealedMilliseconds == 0 && call.downlink.statistics.late == 0)
  }

  /// Wherever the packets fall in the histogram, a network that hardly varies gets hardly more than the floor.
  @Test(arguments: [0.0, 0.4, 0.8, 1.2, 1.6, 2.0]) func aMillisecondCostsLittleMore(offset: Double) throws {
    var network = Network(seed: 6, jitter: .uniform(milliseconds: 1.5))
    network.baseMilliseconds += offset
    let call = try Call(encoded(speech(seconds: 12)), network)
    call.follows = true
    call.run(milliseconds: 10_000)
    let statistics = call.downlink.statistics
    #expect(statistics.targetMilliseconds <= 6, "\(statistics.targetMilliseconds)")
    #expect(statistics.late == 0 && statistics.concealedMilliseconds == 0)
  }

  /// The start value is a guess; half a second of packets knows better.
  @Test func theGuessIsSoonForgotten() throws {
    let call = try Call(
      encoded(speech(seconds: 3)), Network(seed: 7, jitter: .uniform(milliseconds: 3)))
    call.follows = true
    call.run(milliseconds: 200)
    #expect(call.downlink.statistics.targetMilliseconds >= 20)
    call.run(milliseconds: 500)
    let target = call.downlink.statistics.targetMilliseconds
    #expect(target <= 9, "\(target)")
  }

  /// The packets fall ever differently between the looks, which follow them: nothing is stretched for that.
  @Test(arguments: [-80.0, 80]) func theLooksFollowADriftingSender(partsPerMillion: Double) throws {
    let payloads = try encoded(speech(seconds: 60))
    let call = try Call(payloads, Network(seed: 4, jitter: .uniform(milliseconds: 4)))
    call.follows = true
    call.senderClock = partsPerMillion
    call.loopTo = 100
    call.run(milliseconds: 60_000)
    let before = call.downlink.statistics
    call.run(milliseconds: 240_000)
    let after = call.downlink.statistics
    #expect(after.targetMilliseconds <= 13, "\(after.targetMilliseconds)")
    #expect(after.concealedMilliseconds - before.concealedMilliseconds <= 100)
    #expect(after.stretchedMilliseconds - before.stretchedMilliseconds <= 100)
    #expect(after.trimmedMilliseconds - before.trimmedMilliseconds <= 100)
  }

  /// A sound card needs less and less ahead: what was learned of the network stays, and so does the clock.
  @Test func whatTheCardKeepsIsNoNewsOfTheNetwork() throws {
    let payloads = try encoded(speech(seconds: 60))
    let call = try Call(payloads, Network(seed: 4, jitter: .uniform(milliseconds: 4)))
    call.follows = true
    call.loopTo = 100
    call.run(milliseconds: 20_000)
    let before = call.downlink.statistics
    for less in [5, 6] {
      call.looksMove(byMilliseconds: less)
      call.run(milliseconds: 10_000)
    }
    #expect(call.downlink.statistics.concealedMilliseconds == before.concealedMilliseconds)
    // Where more has to be kept, the packets are needed at once so much earlier.
    call.looksMove(byMilliseconds: -3)
    call.run(milliseconds: 10_000)
    let after = call.downlink.statistics
    #expect(after.concealedMilliseconds - before.concealedMilliseconds <= 20 && after.late == before.late)
    #expect(abs(after.targetMilliseconds - before.targetMilliseconds) <= 3)
    #expect(after.driftPartsPerMillion == 0)
  }
}

/// Milliseconds from the sending of the packet that is heard at sample `place` to that moment; nil where it cannot
/// be told (silence).
func playoutDelay(_ heard: [Int16], _ clean: [Int16], at place: Int) -> Double? {
  let length = 1_200
  guard place + length <= heard.count else { return nil }
  return heard.withUnsafeBufferPointer { heard in
    clean.withUnsafeBufferPointer { clean in
      var best = 0.0
      var bestLag = 0
      var own = 0.0
      for index in 0..<length { own += Double(heard[place + index]) * Double(heard[place + index]) }
      guard own > 1_000_000 * Double(length) else { return nil }
      for lag in 0..<min(place, 9_600) where place - lag + length <= clean.count {
        var cross: Int64 = 0
        var other: Int64 = 0
        for index in 0..<length {
          let right = Int64(clean[place - lag + index])
          cross += Int64(heard[place + index]) * right
          other += right * right
        }
        let similarity = cross > 0 ? Double(cross) * Double(cross) / (Double(other) * own) : 0
        if similarity > best {
          best = similarity
          bestLag = lag
        }
      }
      // A frame is sent 20 ms after its first sample; the speaker's clock started 3.7 ms after the sender's.
      return best > 0.8 ? Double(bestLag) / 16 + 3.7 - 20 : nil
    }
  }
}
