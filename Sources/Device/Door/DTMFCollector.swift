import Base
import Configuration

/// Makes entries of telephone keys: each caller's keys up to the end key. The other of `#` and `*` forgets what was
/// typed, and so does a key that comes too late: a code is never judged before its end, so nobody can guess without
/// being counted.
struct DTMFCollector {
  enum Outcome: Equatable {
    case more
    /// What was typed before the end key. One that is too long has lost its end, but keeps a length that no code has.
    case entry([UInt8])
    /// Something was typed, and taken back.
    case takenBack
  }

  private struct Keys {
    var caller: Caller
    var typed: [UInt8] = []
    var last: Instant
  }

  private var all: [Keys] = []

  /// How many participants are in the middle of an entry.
  var entriesOpen: Int { all.count }

  /// When the first of them is too late.
  func due(timeoutMilliseconds: Int) -> Instant? {
    all.reduce(nil) { earliest($0, $1.last.advanced(byMilliseconds: timeoutMilliseconds + 1)) }
  }

  mutating func take(
    _ key: UInt8, from caller: Caller, end: DoorEndKey, timeoutMilliseconds: Int, now: Instant
  ) -> Outcome {
    let index = place(of: caller, now)
    if now.milliseconds(since: all[index].last) > timeoutMilliseconds { all[index].typed = [] }
    all[index].last = now
    if end.ends(key) { return .entry(all.remove(at: index).typed) }
    switch key {
    case UInt8(ascii: "#"), UInt8(ascii: "*"):
      return all.remove(at: index).typed.isEmpty ? .more : .takenBack
    default:
      if all[index].typed.count < DeviceLimits.typedKeysMax { all[index].typed.append(key) }
      return .more
    }
  }

  /// Forgets what was typed and not ended in time, and answers whose it was.
  mutating func expire(timeoutMilliseconds: Int, now: Instant) -> [Caller] {
    let late = all.filter { now.milliseconds(since: $0.last) > timeoutMilliseconds }
    all = all.filter { now.milliseconds(since: $0.last) <= timeoutMilliseconds }
    return late.filter { !$0.typed.isEmpty }.map { $0.caller }
  }

  mutating func forget(_ caller: Caller) { all = all.filter { $0.caller != caller } }

  /// Over the limit the caller goes whose last key is the oldest.
  private mutating func place(of caller: Caller, _ now: Instant) -> Int {
    if let index = all.firstIndex(where: { $0.caller == caller }) { return index }
    if all.count == DeviceLimits.typingParticipantsMax {
      var oldest = 0
      for index in all.indices where all[index].last < all[oldest].last { oldest = index }
      all.remove(at: oldest)
    }
    all.append(Keys(caller: caller, last: now))
    return all.count - 1
  }
}
