import Base

/// Which reliable packets were here before. Pure.
///
/// Numbers grow for each participant's session by itself; those of packets for others are missing, so gaps say
/// nothing. A packet without a number is never a repetition, unless it carries a nonce that was seen.
struct ReceiveFilter {
  /// Least recently heard first.
  private var last: [(sid: Name, sequence: UInt32)] = []
  private var nonces: [[UInt8]] = []

  /// What a resuming session tells the server: the last number of each.
  var states: [(sid: Name, sequence: UInt32)] { last }

  mutating func isNew(sid: Name, sequence: UInt32, sendersMax: Int) -> Bool {
    guard sequence != 0 else { return true }
    if let index = last.firstIndex(where: { $0.sid == sid }) {
      guard sequence > last[index].sequence else { return false }
      last.remove(at: index)
    } else if last.count >= sendersMax {
      last.remove(at: 0)
    }
    last.append((sid, sequence))
    return true
  }

  /// Nonces have 16 bytes; whatever else is in the field is none.
  mutating func isNew(nonce: [UInt8], noncesMax: Int) -> Bool {
    guard nonce.count == 16 else { return true }
    guard !nonces.contains(nonce) else { return false }
    if nonces.count >= noncesMax { nonces.remove(at: 0) }
    nonces.append(nonce)
    return true
  }
}
