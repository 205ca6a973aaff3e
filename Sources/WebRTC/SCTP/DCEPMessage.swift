import Base

/// The data channel establishment protocol (RFC 8832 §5): how a channel gets its name and its promises.
enum DCEPMessage: Equatable {
  struct Open: Equatable {
    var label: String
    var ordered: Bool
    /// Nil: reliable, or bounded by time, which is for the sender alone to know.
    var maxRetransmits: UInt16?
  }

  case open(Open)
  case acknowledgement

  /// The payload protocol identifiers of data channels (RFC 8831 §8).
  enum Identifier {
    static let control: UInt32 = 50
    static let string: UInt32 = 51
    static let binary: UInt32 = 53
    static let emptyString: UInt32 = 56
    static let emptyBinary: UInt32 = 57
  }

  /// Nil: not one of the two, or cut short, or with a label over the limit.
  init?(_ bytes: [UInt8]) {
    guard let type = bytes.first else { return nil }
    if type == 2 {
      self = .acknowledgement
      return
    }
    // Type, channel type, priority, reliability, length of the label, length of the protocol.
    guard type == 3, bytes.count >= 12 else { return nil }
    let labelBytes = Int(bytes[8]) << 8 | Int(bytes[9])
    let protocolBytes = Int(bytes[10]) << 8 | Int(bytes[11])
    guard bytes.count >= 12 + labelBytes + protocolBytes, labelBytes <= Limits.dataChannelLabelBytesMax else {
      return nil
    }
    let limit = UInt32(bytes[4]) << 24 | UInt32(bytes[5]) << 16 | UInt32(bytes[6]) << 8 | UInt32(bytes[7])
    let kind = bytes[1] & 0x7F
    guard kind <= 2 else { return nil }
    self = .open(
      Open(
        label: String(decoding: bytes[12..<12 + labelBytes], as: UTF8.self), ordered: bytes[1] & 0x80 == 0,
        maxRetransmits: kind == 1 ? UInt16(clamping: limit) : nil))
  }

  func serialized() -> [UInt8] {
    guard case .open(let open) = self else { return [2] }
    let label = Array(open.label.utf8)
    let limit = open.maxRetransmits ?? 0
    return [
      3, (open.ordered ? 0 : 0x80) | (open.maxRetransmits == nil ? 0 : 1), 0, 0, 0, 0, UInt8(limit >> 8),
      UInt8(limit & 255), UInt8(label.count >> 8), UInt8(label.count & 255), 0, 0,
    ] + label
  }
}
