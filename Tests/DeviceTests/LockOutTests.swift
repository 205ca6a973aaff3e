import Base
import Configuration
import Control
import Testing

@testable import Device

private let start = Instant(microseconds: 5_000_000_000)
private let wall: Int64 = 1_800_000_000_000

@Suite struct LockOutTests {
  private func lockedOut() -> LockOut {
    var lockOut = LockOut()
    var locked: [Bool] = []
    for _ in 0..<5 { locked.append(lockOut.countWrongCode(DoorSettings(), now: start)) }
    #expect(locked == [false, false, false, false, true])
    return lockOut
  }

  private func restored(
    _ lockOut: LockOut, storedAt now: Instant = start, wallAtRestart: Int64,
    _ settings: DoorSettings = .init()
  ) -> LockOut? {
    LockOut(
      stored: .object(lockOut.stored(now: now, unixMilliseconds: wall)), settings, now: start,
      unixMilliseconds: wallAtRestart)
  }

  @Test func locksForItsTime() {
    let lockOut = lockedOut()
    #expect(lockOut.isLocked(now: start))
    #expect(lockOut.isLocked(now: start.advanced(byMilliseconds: 599_999)))
    #expect(!lockOut.isLocked(now: start.advanced(byMilliseconds: 600_000)))
    #expect(lockOut.wrongCodes == 0)
  }

  @Test func survivesARestart() throws {
    let after = try #require(restored(lockedOut(), wallAtRestart: wall + 60_000))
    #expect(after.isLocked(now: start.advanced(byMilliseconds: 539_999)))
    #expect(!after.isLocked(now: start.advanced(byMilliseconds: 540_000)))
    #expect(restored(lockedOut(), wallAtRestart: wall + 600_000)?.until == nil)
    var two = LockOut()
    _ = two.countWrongCode(DoorSettings(), now: start)
    _ = two.countWrongCode(DoorSettings(), now: start)
    #expect(restored(two, wallAtRestart: wall)?.wrongCodes == 2)
  }

  @Test func aClockThatLostItsTimeNeitherEndsNorStretchesIt() throws {
    let after = try #require(restored(lockedOut(), wallAtRestart: 0))
    #expect(after.isLocked(now: start.advanced(byMilliseconds: 599_999)))
    #expect(!after.isLocked(now: start.advanced(byMilliseconds: 600_000)))
  }

  @Test func aStricterConfigurationIsNotOvertaken() {
    var lockOut = LockOut()
    for _ in 0..<4 { _ = lockOut.countWrongCode(DoorSettings(), now: start) }
    var stricter = DoorSettings()
    stricter.wrongCodesMax = 2
    var after = restored(lockOut, wallAtRestart: wall, stricter) ?? LockOut()
    #expect(after.wrongCodes == 1)
    let isLocked = after.countWrongCode(stricter, now: start)
    #expect(isLocked)
  }

  @Test(arguments: [
    "", "{", "[]", "{\"wrong_codes\":-1}", "{\"wrong_codes\":\"2\"}", "\u{0}\u{0}\u{0}",
    "{\"wrong_codes\":1,\"locked_until_ms\":\"x\"}", "{\"wrong_codes\":1,\"locked_until_ms\":1",
  ]) func whatIsDamagedIsSaid(text: String) {
    let state = StoredState.parse(Array(text.utf8))
    #expect(state.flatMap { LockOut(stored: $0, DoorSettings(), now: start, unixMilliseconds: wall) } == nil)
  }

  @Test(arguments: [Int64.max, Int64.min, 0, wall - 1, wall, wall + 1]) func anyTimeIsTaken(end: Int64) {
    for clock in [Int64.min, 0, wall, Int64.max] {
      let text = "{\"wrong_codes\":9223372036854775807,\"locked_until_ms\":\(end)}"
      let state = StoredState.parse(Array(text.utf8)) ?? .null
      let lockOut = LockOut(stored: state, DoorSettings(), now: start, unixMilliseconds: clock)
      #expect(lockOut?.wrongCodes == 4)
      #expect(lockOut?.isLocked(now: start.advanced(byMilliseconds: 600_000)) == false)
    }
  }
}

private func caller(_ name: String) -> Caller {
  Caller(kind: "sip", identity: Name(name) ?? "", sid: Name("PA_" + name) ?? "")
}

@Suite struct CollectorTests {
  private func entries(_ keys: String, end: DoorEndKey = .hash, pause: Int = 100) -> [String] {
    var collector = DTMFCollector()
    var now = start
    var entries: [String] = []
    for key in keys.utf8 {
      let outcome = collector.take(key, from: caller("a"), end: end, timeoutMilliseconds: 4000, now: now)
      if case .entry(let entry) = outcome { entries.append(String(decoding: entry, as: UTF8.self)) }
      now = now.advanced(byMilliseconds: pause)
    }
    return entries
  }

  @Test(arguments: [
    ("1234#", ["1234"]), ("12*34#", ["34"]), ("#", [""]), ("1234", []), ("12#34#", ["12", "34"]),
    ("A1#", ["A1"]), ("**#", [""]), ("12345678901234567890#", ["12345678901234567"]),
  ]) func endsWithTheHash(keys: String, expected: [String]) { #expect(entries(keys) == expected) }

  @Test(arguments: [
    ("1234*", DoorEndKey.star, ["1234"]), ("12#34*", .star, ["34"]), ("1234#", .star, []),
    ("1234*", .either, ["1234"]), ("1234#56*", .either, ["1234", "56"]), ("1234*", .hash, []),
  ]) func endsWithTheKeyThatIsConfigured(keys: String, end: DoorEndKey, expected: [String]) {
    #expect(entries(keys, end: end) == expected)
  }

  @Test func aKeyThatComesTooLateBeginsAnew() {
    #expect(entries("12#", pause: 4000) == ["12"])
    #expect(entries("12#", pause: 4001) == [""])
  }

  @Test func participantsDoNotMix() {
    var collector = DTMFCollector()
    for key in "123".utf8 {
      for name in ["a", "b"] {
        let outcome = collector.take(
          key, from: caller(name), end: .hash, timeoutMilliseconds: 4000, now: start)
        #expect(outcome == .more)
      }
    }
    let hash = UInt8(ascii: "#")
    let first = collector.take(hash, from: caller("a"), end: .hash, timeoutMilliseconds: 4000, now: start)
    #expect(first == .entry(Array("123".utf8)))
    collector.forget(caller("b"))
    let second = collector.take(hash, from: caller("b"), end: .hash, timeoutMilliseconds: 4000, now: start)
    #expect(second == .entry([]))
    #expect(collector.entriesOpen == 0)
  }

  @Test func tenThousandCallersTakeBoundedMemory() {
    var collector = DTMFCollector()
    for number in 0..<10_000 {
      let now = start.advanced(byMilliseconds: number)
      _ = collector.take(
        UInt8(ascii: "1"), from: caller("\(number)"), end: .hash, timeoutMilliseconds: 4000, now: now)
    }
    #expect(collector.entriesOpen == DeviceLimits.typingParticipantsMax)
    let later = start.advanced(byMilliseconds: 10_000)
    let last = collector.take(
      UInt8(ascii: "#"), from: caller("9999"), end: .hash, timeoutMilliseconds: 4000, now: later)
    #expect(last == .entry(Array("1".utf8)))
  }
}

@Suite struct EventBudgetTests {
  @Test func aBurstThenATrickle() {
    var budget = EventBudget()
    var passed = 0
    for _ in 0..<1000 where budget.spend(now: start) != nil { passed += 1 }
    #expect(passed == DeviceLimits.eventBurst)
    // What was left out is told once.
    let later = start.advanced(byMilliseconds: DeviceLimits.eventRefillMilliseconds)
    let told = [budget.spend(now: later), budget.spend(now: later)]
    #expect(told == [980, nil])
    let much = later.advanced(byMilliseconds: 3_600_000)
    var after = 0
    for _ in 0..<1000 where budget.spend(now: much) != nil { after += 1 }
    #expect(after == DeviceLimits.eventBurst)
  }
}
