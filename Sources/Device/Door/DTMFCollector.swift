import Base

/// Makes entries of telephone keys: each caller's keys up to `#`. `*` forgets what was typed,
/// and so does a key that comes too late: a code is never judged before its `#`, so nobody can guess without being
/// counted.
struct DTMFCollector {
  /// What was typed before `#`. One that is too long has lost its end, but keeps a length that no code has.
  typealias Entry = [UInt8]

  private struct Keys {
    var caller: Caller
    var typed: [UInt8] = []
    var last: Instant
  }

  private var all: [Keys] = []

  /// How many participants are in the middle of an entry.
  var entriesOpen: Int { all.count }

  /// Takes one key, and gives the entry that it ends.
  mutating func take(_ key: UInt8, from caller: Caller, timeoutMilliseconds: Int, now: Instant) -> Entry? {
    let index = place(of: caller, now)
    if now.milliseconds(since: all[index].last) > timeoutMilliseconds { all[index].typed = [] }
    all[index].last = now
    switch key {
    case UInt8(ascii: "#"): return all.remove(at: index).typed
    case UInt8(ascii: "*"): all.remove(at: index)
    default:
      if all[index].typed.count < DeviceLimits.typedKeysMax { all[index].typed.append(key) }
    }
    return nil
  }

  mutating func forget(_ caller: Caller) { all.removeAll { $0.caller == caller } }

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
