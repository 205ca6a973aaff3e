import Testing

@testable import Device

struct UplinkAdaptationTests {
  private func after(_ reports: [Int]) -> UplinkAdaptation {
    reports.reduce(UplinkAdaptation()) { $0.next(lossTenths: $1) }
  }

  /// Loss, level, redundancy, bitrate of 24 000.
  @Test(arguments: [
    (0, 0, 5, 24_000), (29, 0, 5, 24_000), (30, 1, 10, 24_000), (79, 1, 10, 24_000), (80, 2, 20, 21_600),
    (149, 2, 20, 21_600), (150, 3, 30, 18_000), (249, 3, 30, 18_000), (250, 4, 40, 14_400),
    (1_000, 4, 40, 14_400),
  ]) func everyRowOfTheTable(loss: Int, level: Int, redundancy: Int, bitrate: Int) {
    let reached = after([loss])
    #expect(reached.level == level && reached.expectedLossPercent == redundancy)
    #expect(reached.bitrate(of: 24_000) == bitrate)
  }

  @Test func aLevelIsLeftOneAtATimeAfterThreeCalmReports() {
    #expect(after([250, 0, 0]).level == 4)
    #expect(after([250, 0, 0, 0]).level == 3)
    #expect(after([250] + [Int](repeating: 0, count: 12)).level == 0)
    #expect(after([250] + [Int](repeating: 0, count: 11)).level == 1)
  }

  @Test func aReportThatIsNotCalmStartsTheCountAnew() {
    #expect(after([80, 39, 39, 40, 39, 39]).level == 2)
    #expect(after([80, 39, 39, 40, 39, 39, 39]).level == 1)
  }

  @Test func aLossAroundAThresholdDoesNotSwing() {
    var adaptation = UplinkAdaptation()
    var changes = 0
    for report in 0..<1_000 {
      let next = adaptation.next(lossTenths: report % 2 == 0 ? 32 : 28)
      if next.level != adaptation.level { changes += 1 }
      adaptation = next
    }
    #expect(changes == 1)
  }

  @Test func theBitrateStaysWhatOpusTakes() {
    #expect(after([1_000]).bitrate(of: 6_000) == 6_000)
  }
}
