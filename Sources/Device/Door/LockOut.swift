import Base
import Configuration
import Control
import JSON

/// How many wrong codes were typed, and until when none is taken. It survives a restart, which would otherwise be
/// the way to go on guessing.
struct LockOut: Equatable, Sendable {
  /// In a row, since the last right one or the last lock-out.
  private(set) var wrongCodes = 0
  private(set) var until: Instant?

  func isLocked(now: Instant) -> Bool { until.map { now < $0 } ?? false }

  /// Returns whether it is locked out by this one.
  mutating func countWrongCode(_ settings: DoorSettings, now: Instant) -> Bool {
    wrongCodes += 1
    guard wrongCodes >= settings.wrongCodesMax else { return false }
    wrongCodes = 0
    until = now.advanced(byMilliseconds: settings.lockOutMinutes * 60_000)
    return true
  }

  mutating func forgive() {
    wrongCodes = 0
    until = nil
  }
}

/// What is kept: the wall clock's time, as no other goes on over a restart.
extension LockOut {
  func stored(now: Instant, unixMilliseconds: Int64) -> [JSONValue.Member] {
    let end = until.map { unixMilliseconds &+ Int64(max(0, $0.milliseconds(since: now))) }
    return [
      .init("wrong_codes", .number(wrongCodes)), .init("locked_until_ms", end.map { .integer($0) } ?? .null),
    ]
  }

  /// nil if the object has not what `stored` wrote. A board without a battery may start in the past, so the lock-out
  /// that is left is never longer than a whole one.
  init?(stored json: JSONValue, _ settings: DoorSettings, now: Instant, unixMilliseconds: Int64) {
    guard let count = json["wrong_codes"].integer, count >= 0 else { return nil }
    wrongCodes = Int(min(count, Int64(settings.wrongCodesMax - 1)))
    guard let end = json["locked_until_ms"].integer else {
      guard json["locked_until_ms"].isNull else { return nil }
      return
    }
    let (left, isBeyond) = end.subtractingReportingOverflow(unixMilliseconds)
    guard !isBeyond, left > 0 else { return }
    until = now.advanced(byMilliseconds: Int(min(left, Int64(settings.lockOutMinutes) * 60_000)))
  }
}
