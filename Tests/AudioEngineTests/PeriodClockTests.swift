import Testing

@testable import AudioEngine

/// When a period was due, seen through an audio thread that is not always on time. Times begin shortly before they
/// wrap.
struct PeriodClockTests {
  private static let origin = UInt32.max - 30_000

  /// How far each period's due time is from where it belongs, in microseconds. `asked` answers when the thread asks
  /// for a period, counted from the first one.
  private func errors(
    periods: Range<Int>, asked: (Int) -> Int, due: (Int) -> Int = { $0 * 10_000 }
  ) -> [Int] {
    var clock = PeriodClock()
    var errors: [Int] = []
    for period in 0..<periods.upperBound {
      clock.begin(at: Self.origin &+ UInt32(asked(period)), count: AudioFormat.periodSamples)
      let wanted = Self.origin &+ UInt32(bitPattern: Int32(due(period)))
      if periods.contains(period) { errors.append(distance(clock.due, from: wanted)) }
    }
    return errors
  }

  @Test func aThreadThatIsOnTime() {
    #expect(errors(periods: 0..<1_000) { $0 * 10_000 }.allSatisfy { $0 == 0 })
  }

  @Test func aThreadThatIsOftenLate() {
    var random = SplitMix(state: 1)
    let late = (0..<5_000).map { _ in Int(random.next() % 9_000) }
    let errors = errors(periods: 500..<5_000) { $0 * 10_000 + late[$0] }
    #expect(errors.allSatisfy { $0 >= 0 && $0 < 1_500 }, "\(errors.max() ?? 0)")
  }

  @Test(arguments: [500, -500]) func aCardThatIsFasterOrSlower(partsPerMillion: Int) {
    let errors = errors(
      periods: 100..<50_000, asked: { $0 * 10_000 - $0 * partsPerMillion / 100 + ($0 % 3) * 4_000 },
      due: { $0 * 10_000 - $0 * partsPerMillion / 100 })
    #expect(errors.allSatisfy { abs($0) < 100 })
  }

  @Test func twoPeriodsAtOnce() {
    // The second of each pair is due when they are asked for, and the first one was before.
    let errors = errors(periods: 2..<1_000, asked: { ($0 + 1) / 2 * 20_000 }, due: { $0 * 10_000 })
    #expect(errors.allSatisfy { abs($0) <= 20 })
  }

  @Test func aCardThatIsFilledFirst() {
    // Four periods fill its buffer, then each that was played makes room for another.
    let errors = errors(periods: 4..<1_000, asked: { max(0, $0 - 3) * 10_000 }, due: { ($0 - 3) * 10_000 })
    #expect(errors.allSatisfy { $0 == 0 })
  }

  @Test func aCardThatStoodStill() {
    // 70 ms, from the 200th period on: after a second at most its samples are known to be late.
    let asked = { (period: Int) in period * 10_000 + (period >= 200 ? 70_000 : 0) }
    let errors = errors(periods: 300..<1_000, asked: asked, due: asked)
    #expect(errors.allSatisfy { $0 == 0 })
  }

  @Test func anyTimeIsTaken() {
    var random = SplitMix(state: 3)
    var clock = PeriodClock()
    for _ in 0..<10_000 {
      let time = UInt32(truncatingIfNeeded: random.next())
      clock.begin(at: time, count: Int(random.next() % 2_000))
    }
    var time: UInt32 = 77
    for _ in 0..<200 {
      time &+= 10_000
      clock.begin(at: time, count: 160)
    }
    #expect(abs(distance(clock.due, from: time)) <= 10)
  }
}
