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
      let best = max(20, call.hindsight(0.95))
      #expect(abs(mean - best) < 20, "mean \(mean), hindsight \(best)")
    }
  }

  @Test func aPerfectNetworkGetsTheFloor() throws {
    let payloads = try encoded(speech(seconds: 10))
    let clean = try decoded(payloads)
    let call = try Call(payloads, Network(seed: 1))
    var heard: [Int16] = []
    call.onPeriod = { period, _ in heard += period }
    call.run(milliseconds: 9_500)
    let delays = (8..<18).compactMap { playoutDelay(heard, clean, at: $0 * 8_000) }
    let median = delays.sorted()[delays.count / 2] - 30
    // A card's buffer of 40 ms comes on top of it.
    #expect(median <= 23)
    #expect(call.downlink.statistics.concealedMilliseconds == 0)
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
