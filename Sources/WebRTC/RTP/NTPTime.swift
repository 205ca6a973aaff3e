import Base

extension Instant {
  /// This instant as a 64-bit NTP timestamp: seconds and 2^-32 seconds.
  ///
  /// The epoch is the monotonic clock's start: RFC 3550 §6.4.1 asks of a sender without wall-clock time only that
  /// its timestamps come from one clock. The offset keeps them from zero, which means "none" in a report block.
  var ntp: UInt64 {
    let total = UInt64(bitPattern: microseconds &+ 2_208_988_800_000_000)
    return (total / 1_000_000) << 32 | ((total % 1_000_000) << 32) / 1_000_000
  }

  /// The middle 32 bits, in 1/65 536 s, as report blocks carry them.
  var ntpMiddle: UInt32 { UInt32(truncatingIfNeeded: ntp >> 16) }
}
