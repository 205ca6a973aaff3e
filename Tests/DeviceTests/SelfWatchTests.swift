import Base
import Control
import Testing

@testable import Device

/// The table of `SelfWatch`, a test for each row.
@Suite struct SelfWatchTests {
  private static let limits = SelfWatch.Limits(
    memoryKilobytes: 4000, descriptors: 40, audioStillMilliseconds: 5000, signallingStillMilliseconds: 60_000)
  private var watch = SelfWatch(Self.limits)

  private mutating func look(
    atSeconds seconds: Int, memory: Int? = 1000, descriptors: Int? = 10, audio: Int = 0,
    signalling: Int? = nil
  ) -> [SelfWatch.Finding] {
    let readings = SelfReadings(
      anonymousKilobytes: memory, descriptors: descriptors, audioTurns: audio, signallingTurns: signalling)
    return watch.look(readings, now: Instant(microseconds: Int64(seconds) * 1_000_000))
  }

  @Test mutating func memoryIsToldOnceAndThenEndsTheProcess() {
    #expect(look(atSeconds: 0, memory: 3000, audio: 0) == [])
    let told = look(atSeconds: 1, memory: 3001, audio: 1)
    #expect(told == [.init(quantity: .memory, value: 3001, limit: 3000, needsRestart: false)])
    #expect(look(atSeconds: 2, memory: 4000, audio: 2) == [])
    let last = look(atSeconds: 3, memory: 4001, audio: 3)
    #expect(last == [.init(quantity: .memory, value: 4001, limit: 4000, needsRestart: true)])
  }

  @Test mutating func whatFellBelowIsToldAgain() {
    #expect(look(atSeconds: 0, descriptors: 31, audio: 0).count == 1)
    #expect(look(atSeconds: 1, descriptors: 30, audio: 1) == [])
    #expect(look(atSeconds: 2, descriptors: 31, audio: 2).map { $0.quantity } == [.descriptors])
    #expect(look(atSeconds: 3, descriptors: 41, audio: 3).map { $0.needsRestart } == [true])
  }

  @Test mutating func anAudioThreadThatStandsIsNotFedTo() {
    #expect(look(atSeconds: 0, audio: 7) == [])
    #expect(watch.audioMoves)
    #expect(look(atSeconds: 1, audio: 7) == [])
    #expect(!watch.audioMoves)
    #expect(look(atSeconds: 5, audio: 7) == [])
    let told = look(atSeconds: 6, audio: 7)
    #expect(told == [.init(quantity: .audio, value: 6000, limit: 5000, needsRestart: false)])
    #expect(look(atSeconds: 11, audio: 7).map { $0.needsRestart } == [true])
    #expect(look(atSeconds: 12, audio: 8) == [])
    #expect(watch.audioMoves)
  }

  @Test mutating func signallingIsWatchedOnlyWhereItIsExpected() {
    for second in stride(from: 0, through: 600, by: 60) {
      #expect(look(atSeconds: second, audio: second) == [])
    }
    #expect(look(atSeconds: 601, audio: 601, signalling: 1) == [])
    #expect(look(atSeconds: 660, audio: 660, signalling: 2) == [])
    #expect(look(atSeconds: 720, audio: 720, signalling: 2) == [])
    #expect(look(atSeconds: 721, audio: 721, signalling: 2).map { $0.quantity } == [.signalling])
    #expect(look(atSeconds: 781, audio: 781, signalling: 2).map { $0.needsRestart } == [true])
    #expect(look(atSeconds: 782, audio: 782, signalling: nil) == [])
  }

  @Test mutating func zeroIsNotWatchedAndUnknownIsNoFinding() {
    watch = SelfWatch(SelfWatch.Limits(memoryKilobytes: 0, descriptors: 0))
    #expect(look(atSeconds: 0, memory: 1 << 30, descriptors: 100_000) == [])
    watch = SelfWatch(Self.limits)
    #expect(look(atSeconds: 0, memory: nil, descriptors: nil) == [])
  }

  @Test func aLimitIsAnEventAndTheSecondOneLeaves() throws {
    let bench = try Bench()
    bench.handle(.limitCrossed(.init(quantity: .memory, value: 3001, limit: 3000, needsRestart: false)))
    #expect(bench.events(named: "device.limit").map { $0["restarts"].bool } == [false])
    #expect(!bench.hasExited)
    bench.handle(.limitCrossed(.init(quantity: .memory, value: 4001, limit: 4000, needsRestart: true)))
    #expect(bench.events(named: "device.limit").map { $0["restarts"].bool } == [false, true])
    #expect(bench.log.contains { $0.event == "device.limit" && $0.text.hasSuffix("; starting anew") })
    #expect(bench.hasExited)
  }
}
