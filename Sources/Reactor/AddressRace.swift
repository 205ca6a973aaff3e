import Base

/// Which address of a host is dialled next, and when: Happy Eyeballs (RFC 8305 §4, §5). Pure.
///
/// The families take turns, beginning with that of the system's first choice (RFC 6724).
///
/// | what happens | then |
/// |---|---|
/// | addresses are known | the first one is dialled |
/// | 250 ms pass without a connection | the next one is dialled beside those under way |
/// | one fails | the next one is dialled at once |
/// | more addresses become known | they wait behind the others, without those that were dialled |
/// | none waits, and those under way are silent for 250 ms, then for 500, 1000 and 2000 | the one that was dialled longest ago is dialled once more beside them |
/// | one connects | the owner closes the others and asks no more |
/// | the last one under way fails and none waits | it is lost |
///
/// Dialled once more, because the system repeats a datagram that got lost, or was sent in the moment before a network
/// came back, after a second and not before (RFC 6298 §2).
struct AddressRace {
  /// RFC 8305 §5, the Connection Attempt Delay.
  static let delayMilliseconds = 250
  static let repeatsMax = 4

  private var waiting: [IPAddress] = []
  private var dialled: [IPAddress] = []
  /// Those that have neither connected nor failed, in the order in which they were dialled.
  private var underWay: [IPAddress] = []
  private var repeats = 0
  private var dueAt = Instant(microseconds: 0)

  /// When `next` answers; nil while there is nothing to dial.
  var due: Instant? { waiting.isEmpty && (underWay.isEmpty || repeats == Self.repeatsMax) ? nil : dueAt }

  /// Nothing is left that could connect.
  var isLost: Bool { waiting.isEmpty && underWay.isEmpty }

  mutating func add(_ addresses: [IPAddress], now: Instant) {
    if isLost { dueAt = now }
    let all = waiting + addresses.filter { !waiting.contains($0) && !dialled.contains($0) }
    guard let first = all.first else { return }
    let same = all.filter { $0.family == first.family }
    let other = all.filter { $0.family != first.family }
    waiting = []
    for index in 0..<max(same.count, other.count) {
      if index < same.count { waiting.append(same[index]) }
      if index < other.count { waiting.append(other[index]) }
    }
  }

  /// The address to dial now, if one is due.
  mutating func next(now: Instant) -> IPAddress? {
    guard let due, due <= now else { return nil }
    guard waiting.isEmpty else {
      let address = waiting.removeFirst()
      dialled.append(address)
      underWay.append(address)
      dueAt = now.advanced(byMilliseconds: Self.delayMilliseconds)
      return address
    }
    let address = underWay.removeFirst()
    underWay += [address, address]
    repeats += 1
    dueAt = now.advanced(byMilliseconds: Self.delayMilliseconds << repeats)
    return address
  }

  /// One of those that were dialled came to nothing.
  mutating func failed(_ address: IPAddress, now: Instant) {
    if let index = underWay.firstIndex(of: address) { underWay.remove(at: index) }
    if !waiting.isEmpty { dueAt = now }
  }
}
