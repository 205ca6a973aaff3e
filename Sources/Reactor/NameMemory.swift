import Base

/// The address at which each dialled name was last reached, for when the name server is dead: a door must not depend on
/// one. Pure.
struct NameMemory {
  private struct Entry {
    var host: String
    var address: IPAddress
    var at: Instant
  }

  private var entries: [Entry] = []

  mutating func remember(_ host: String, _ address: IPAddress, now: Instant) {
    entries.removeAll { equalsIgnoringCase($0.host, host) }
    if entries.count == ReactorLimits.rememberedNamesMax { entries.removeFirst() }
    entries.append(Entry(host: host, address: address, at: now))
  }

  func address(of host: String, now: Instant) -> IPAddress? {
    guard let entry = entries.first(where: { equalsIgnoringCase($0.host, host) }),
      now.milliseconds(since: entry.at) < ReactorLimits.rememberedNameMilliseconds
    else { return nil }
    return entry.address
  }
}
