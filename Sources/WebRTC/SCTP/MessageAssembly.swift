/// Puts the messages together that usrsctp hands over in pieces (RFC 6458 §5.2.1, partial delivery).
///
/// Pieces of one message come in order, but a message that follows on the same stream may come whole before the last
/// piece of the one before it, and so may those of other streams. So the pieces are told apart by the number of their
/// first chunk, and what follows on an ordered stream waits.
struct MessageAssembly {
  /// Of a message, as `sctp_rcvinfo` has it (RFC 6458 §5.3.5).
  struct Origin {
    var stream: UInt16
    /// The transmission sequence number of its first chunk.
    var firstChunk: UInt32
    var protocolIdentifier: UInt32
    var isUnordered: Bool
  }

  private struct Partial {
    let origin: Origin
    var bytes: [UInt8] = []
    var isOversized = false
    var followers: [SCTPAssociation.Event] = []
    var followersBytes = 0
  }

  private var partials: [Partial] = []

  /// - Returns: What is whole now, in order.
  mutating func take(_ bytes: UnsafeRawBufferPointer, _ origin: Origin, isLast: Bool) -> [SCTPAssociation
    .Event]
  {
    if let index = partials.firstIndex(where: {
      $0.origin.stream == origin.stream && $0.origin.firstChunk == origin.firstChunk
    }) {
      add(bytes, at: index)
      guard isLast else { return [] }
      let whole = partials.remove(at: index)
      return [event(origin, whole.bytes, isOversized: whole.isOversized)] + whole.followers
    }
    guard isLast else {
      partials.append(Partial(origin: origin))
      add(bytes, at: partials.count - 1)
      return []
    }
    let before = partials.lastIndex { $0.origin.stream == origin.stream && !origin.isUnordered }
    guard let before else {
      let isOversized = bytes.count > Limits.dataMessageReceiveBytesMax
      return [event(origin, isOversized ? [] : Array(bytes), isOversized: isOversized)]
    }
    partials[before].followersBytes += bytes.count
    let isTooMuch = partials[before].followersBytes > Limits.dataMessageReceiveBytesMax
    guard partials[before].followers.count < Limits.dataMessagesWaitingMax else {
      return [.oversized(stream: origin.stream)]
    }
    partials[before].followers.append(event(origin, isTooMuch ? [] : Array(bytes), isOversized: isTooMuch))
    return []
  }

  /// The rest of what was begun there will not come.
  mutating func abort(stream: UInt16) -> [SCTPAssociation.Event] {
    guard let index = partials.firstIndex(where: { $0.origin.stream == stream }) else { return [] }
    return partials.remove(at: index).followers
  }

  /// All of them together may hold two of the longest messages.
  private mutating func add(_ bytes: UnsafeRawBufferPointer, at index: Int) {
    let length = partials[index].bytes.count + bytes.count
    let held = partials.reduce(0) { $0 + $1.bytes.count } + bytes.count
    if length > Limits.dataMessageReceiveBytesMax || held > 2 * Limits.dataMessageReceiveBytesMax {
      partials[index].isOversized = true
      partials[index].bytes = []
    }
    if !partials[index].isOversized { partials[index].bytes += bytes }
  }

  private func event(_ origin: Origin, _ bytes: [UInt8], isOversized: Bool) -> SCTPAssociation.Event {
    isOversized
      ? .oversized(stream: origin.stream)
      : .message(stream: origin.stream, protocol: origin.protocolIdentifier, bytes)
  }
}
