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

  @Test func nearlyAllAreWaitedForWhereTheyAreNear() {
    // 1 in 25 is later than the others, by 5 ms or by more.
    for (later, isWaitedFor) in [(5, true), (9, false)] {
      var histogram = ArrivalHistogram()
      for index in 0..<2_000 { histogram.note(delay: 5_000 + UInt32(index % 25 == 7 ? later * 48 : 0)) }
      let late = distance(histogram.quantile(permille: 950, orNearly: 998), from: 5_000)
      #expect(late <= (isWaitedFor ? later * 48 + 120 : 120) && late > (isWaitedFor ? later * 48 : 0))
      #expect(distance(histogram.quantile(permille: 950), from: 5_000) <= 120)
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

  @Test func theDriftIsLearnedWithinAMinute() {
    var drift = ClockDrift()
    var lag = 0.0
    var random = SplitMix(state: 8)
    for _ in 0..<30 {
      lag += 32_000 * (Double(drift.ratePartsPerBillion) / 1e9 - 300 / 1e6)
      drift.note(lagSamples: Int32(lag) + Int32(random.next() % 8), milliseconds: 2_000, noiseSamples: 16)
    }
    #expect(abs(Double(drift.driftPartsPerBillion) / 1e3 - 300) < 45)
    #expect(abs(Double(drift.ratePartsPerBillion) / 1e3 - 300) < 100)
  }

  @Test func noiseIsNoDrift() {
    var drift = ClockDrift()
    var random = SplitMix(state: 9)
    for _ in 0..<1_000 {
      drift.note(lagSamples: 1_000 + Int32(random.next() % 16), milliseconds: 2_000, noiseSamples: 16)
      #expect(drift.ratePartsPerBillion == 0)
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
