// The 48-bit packet index: 32 bits of roll-over counter above the 16 bits that travel (RFC 3711 §3.3.1).

/// The index that `sequence` most probably means after `latest`, the highest index so far (RFC 3711 Appendix A).
/// nil before the very first: an index below zero.
func guessedPacketIndex(sequence: UInt16, latest: UInt64) -> UInt64? {
  let rollOver = latest >> 16
  let last = Int(latest & 0xFFFF)
  let next = Int(sequence)
  if last < 0x8000, next - last > 0x8000 {
    // From before the last wrap.
    return rollOver == 0 ? nil : (rollOver - 1) << 16 | UInt64(next)
  }
  if last >= 0x8000, last - 0x8000 > next {
    return (rollOver + 1) << 16 | UInt64(next)
  }
  return rollOver << 16 | UInt64(next)
}

/// Which of the last 128 indices were seen (RFC 3711 §3.3.2).
struct ReplayWindow {
  private(set) var latest: UInt64
  /// Bit n of (`high`, `low`) stands for `latest - n`.
  private var low: UInt64 = 1
  private var high: UInt64 = 0

  /// A window in which only `index` was seen.
  init(seen index: UInt64) { latest = index }

  func accepts(_ index: UInt64) -> Bool {
    if index > latest { return true }
    let age = latest - index
    if age >= UInt64(Limits.srtpReplayWindowPackets) { return false }
    return age < 64 ? low >> age & 1 == 0 : high >> (age - 64) & 1 == 0
  }

  /// To be called only after authentication, or anybody could move the window.
  mutating func insert(_ index: UInt64) {
    if index > latest {
      shift(by: index - latest)
      latest = index
      low |= 1
    } else {
      let age = latest - index
      if age < 64 { low |= 1 << age } else if age < 128 { high |= 1 << (age - 64) }
    }
  }

  private mutating func shift(by count: UInt64) {
    // Swift's shifts beyond the width give zero, which is what is wanted.
    high = count < 64 ? high << count | low >> (64 - count) : low << (count - 64)
    low <<= count
  }
}
