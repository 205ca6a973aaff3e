import Base

/// Extends 16-bit sequence numbers and counts losses (RFC 3550 Appendix A.1, A.3).
///
/// Without the probation of A.1: the packets are authenticated, and the first one already carries speech.
struct SequenceTracker {
  /// What one packet meant for the stream.
  enum Arrival: Equatable {
    /// The newest so far; the packets in the range did not come yet.
    case newest(Int64, missing: Range<Int64>)
    /// Reordered or sent again.
    case late(Int64)
    /// A jump, believed only when the next packet follows it: the sender started anew.
    case suspicious
    case restarted(Int64)
  }

  private static let maxDropout = 3000
  private static let maxMisorder = 100

  private(set) var highest: Int64?
  private var first: Int64 = 0
  private(set) var received: Int64 = 0
  private var expectedSequenceAfterJump: UInt16?
  private var expectedBefore: Int64 = 0
  private var receivedBefore: Int64 = 0

  var expected: Int64 {
    guard let highest else { return 0 }
    return highest - first + 1
  }

  /// Negative if duplicates outnumber losses.
  var lost: Int64 { expected - received }

  mutating func update(_ sequence: UInt16) -> Arrival {
    guard let highest else { return start(sequence) }
    let delta = Int(sequence &- UInt16(truncatingIfNeeded: highest))
    if (1..<SequenceTracker.maxDropout).contains(delta) {
      let extended = highest + Int64(delta)
      self.highest = extended
      received += 1
      expectedSequenceAfterJump = nil
      return .newest(extended, missing: highest + 1..<extended)
    }
    let behind = (0x10000 - delta) & 0xFFFF
    if behind <= SequenceTracker.maxMisorder {
      received += 1
      return .late(highest - Int64(behind))
    }
    if sequence == expectedSequenceAfterJump { return restart(sequence) }
    expectedSequenceAfterJump = sequence &+ 1
    return .suspicious
  }

  /// Loss since the previous call, in 1/256 (RFC 3550 Appendix A.3).
  mutating func takeFractionLost() -> UInt8 {
    let expectedInterval = expected - expectedBefore
    let lostInterval = expectedInterval - (received - receivedBefore)
    expectedBefore = expected
    receivedBefore = received
    guard expectedInterval > 0, lostInterval > 0 else { return 0 }
    return UInt8(min(255, lostInterval << 8 / expectedInterval))
  }

  private mutating func start(_ sequence: UInt16) -> Arrival {
    // One cycle up, so that packets from before the first one have a number too.
    let extended = Int64(sequence) + 0x10000
    highest = extended
    first = extended
    received = 1
    return .newest(extended, missing: extended..<extended)
  }

  private mutating func restart(_ sequence: UInt16) -> Arrival {
    self = SequenceTracker()
    _ = start(sequence)
    return .restarted(Int64(sequence) + 0x10000)
  }
}
