import Testing

@testable import AudioEngine

struct ArrivalTests {
  @Test func quantilesOfWhatCame() {
    var histogram = ArrivalHistogram()
    // 0 to 99 ms in turn, beginning shortly before the delays wrap.
    for index in 0..<2_000 { histogram.note(delay: UInt32.max - 500 &+ UInt32(index * 37 % 100 * 48)) }
    let fastest = histogram.fastest
    #expect(abs(distance(fastest, from: UInt32.max - 500)) <= 120)
    for permille in [500, 900, 950] {
      let spread = distance(histogram.quantile(permille: permille), from: fastest) / 48
      #expect(abs(spread - permille / 10) <= 4, "\(permille) gave \(spread)")
    }
  }

  @Test func whatIsLongAgoIsForgotten() {
    var histogram = ArrivalHistogram()
    for _ in 0..<1_000 { histogram.note(delay: 20_000) }
    for _ in 0..<1_700 { histogram.note(delay: 10_000) }
    #expect(abs(distance(histogram.quantile(permille: 950), from: 10_000)) <= 240)
    // And quickly learned: one in twenty counts.
    for _ in 0..<30 { histogram.note(delay: 20_000) }
    #expect(abs(distance(histogram.quantile(permille: 950), from: 20_000)) <= 240)
  }

  @Test func anyDelayIsTaken() {
    var histogram = ArrivalHistogram()
    var random = SplitMix(state: 2)
    for _ in 0..<50_000 {
      histogram.note(delay: UInt32(truncatingIfNeeded: random.next()))
      #expect(distance(histogram.quantile(permille: 950), from: histogram.fastest) >= 0)
    }
  }

  /// A loop around the meter: its rate is what the speaker's line does.
  @Test(arguments: [300.0, -300, 0, 50], [0.0, 160])
  func theDriftIsLearned(partsPerMillion: Double, quantum: Double) {
    var drift = ClockDrift()
    var lag = 3.0
    var worst = 0.0
    for block in 0..<900 {
      lag += 32_000 * (Double(drift.ratePartsPerBillion) / 1e9 - partsPerMillion / 1e6)
      let seen = quantum == 0 ? lag : (lag / quantum).rounded(.down) * quantum
      drift.note(lagSamples: Int32(seen), milliseconds: 2_000)
      if block > 300 { worst = max(worst, abs(Double(drift.driftPartsPerBillion) / 1e3 - partsPerMillion)) }
    }
    #expect(worst < 20, "\(worst) ppm off")
    #expect(abs(lag) < 400)
  }
}
