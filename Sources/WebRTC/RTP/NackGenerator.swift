import Base

/// Which packets of one source to ask for again, and when (RFC 4585 §6.2.1).
///
/// A LiveKit server ignores a NACK for a packet that it sent less than two round trips ago, or 100 ms while it
/// knows no round trip, which it learns from our receiver reports. So the first NACK waits the shorter time only
/// once such a report went out.
struct NackGenerator {
  private struct Missing {
    /// Extended, as `SequenceTracker` counts.
    var sequence: Int64
    var noticed: Instant
    var due: Instant
    var tries = 0
  }

  private var missing: [Missing] = []

  /// The packets between two arrivals are missing.
  mutating func noteGap(_ sequences: Range<Int64>, peerKnowsRoundTrip: Bool, now: Instant) {
    let delay =
      Limits.nackFirstDelayMilliseconds + (peerKnowsRoundTrip ? 0 : Limits.nackRepeatMilliseconds)
    // Of a long outage only the end is worth asking for: the rest is too late to be played.
    for sequence in sequences.suffix(Limits.nacksOutstandingMax) {
      if missing.count >= Limits.nacksOutstandingMax { missing.remove(at: 0) }
      missing.append(
        Missing(sequence: sequence, noticed: now, due: now.advanced(byMilliseconds: delay)))
    }
  }

  /// True if this packet was missed until now.
  mutating func noteArrival(_ sequence: Int64) -> Bool {
    guard let index = missing.firstIndex(where: { $0.sequence == sequence }) else { return false }
    missing.remove(at: index)
    return true
  }

  var nextDue: Instant? {
    var next: Instant?
    for packet in missing { next = earliest(next, packet.due) }
    return next
  }

  /// The sequence numbers to ask for now; hopeless ones are given up.
  mutating func takeDue(now: Instant) -> [UInt16] {
    var sequences: [UInt16] = []
    missing = missing.filter {
      now.milliseconds(since: $0.noticed) <= Limits.nackAgeMillisecondsMax
        && ($0.tries < Limits.nackTriesMax || $0.due > now)
    }
    for index in missing.indices where missing[index].due <= now {
      missing[index].tries += 1
      missing[index].due = now.advanced(byMilliseconds: Limits.nackRepeatMilliseconds)
      sequences.append(UInt16(truncatingIfNeeded: missing[index].sequence))
    }
    return sequences
  }

  mutating func forgetAll() { missing = [] }
}
