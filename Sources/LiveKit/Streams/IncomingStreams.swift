import Base

/// The streams that are open towards us. Pure: packets and time in, changes out.
///
/// Streams of many senders interleave, and each comes in order (the channel is reliable), so a chunk out of turn
/// says that the sender is broken, not that another one is late.
struct IncomingStreams {
  enum Change: Equatable {
    case opened(IncomingStream)
    case chunk(IncomingStream, [UInt8])
    /// `collected` is the whole content, for streams that are collected and did not fail before.
    case ended(IncomingStream, collected: [UInt8], StreamFailure?)
  }

  private struct Open {
    var stream: IncomingStream
    var nextIndex: UInt64 = 0
    var deadline: Instant
    /// nil: handed over piece by piece.
    var collected: [UInt8]?
  }

  private var open: [Open] = []
  private var nextID = 1
  private(set) var statistics = StreamStatistics()
  private let limits: Limits

  init(limits: Limits) { self.limits = limits }

  var count: Int { open.count }
  /// Of everything that is being collected.
  var collectedBytes: Int { open.reduce(0) { $0 + ($1.collected?.count ?? 0) } }
  var deadline: Instant? { open.reduce(nil) { earliest($0, $1.deadline) } }

  /// What has come of a stream that is being collected.
  func collected(_ id: IncomingStream.ID) -> [UInt8] { open.first { $0.stream.id == id }?.collected ?? [] }

  mutating func header(
    _ header: DataPacket.StreamHeader, from origin: PacketOrigin, collects: Bool, now: Instant
  ) -> [Change] {
    if header.isCompressed {
      statistics.compressed &+= 1
      return []
    }
    if open.contains(where: { $0.stream.streamID == header.streamID }) {
      statistics.repeatedIDs &+= 1
      return []
    }
    let total = header.totalBytes.map { Int(clamping: $0) }
    guard let content = header.content, !header.streamID.isEmpty,
      header.textBytes <= limits.streamHeaderBytesMax,
      open.count < limits.incomingStreamsMax,
      open.reduce(0, { $0 + ($1.stream.origin.matches(origin) ? 1 : 0) })
        < limits.incomingStreamsPerSenderMax,
      !collects || total ?? 0 <= limits.collectedTextBytesMax
    else {
      statistics.refused &+= 1
      return []
    }
    var stream = IncomingStream(
      id: nextID, streamID: header.streamID, topic: header.topic, isText: true, mimeType: header.mimeType,
      name: "", origin: origin, timestampMilliseconds: header.timestampMilliseconds, totalBytes: total,
      attributes: [:])
    if case .bytes(let name) = content {
      stream.isText = false
      stream.name = name
    }
    stream.merge(header.attributes)
    nextID &+= 1
    statistics.received &+= 1
    open.append(Open(stream: stream, deadline: now, collected: collects ? [] : nil))
    touch(open.count - 1, now)
    guard let inline = header.inlineContent else { return [.opened(stream)] }
    var changes = [Change.opened(stream)]
    if !inline.isEmpty { changes += append(inline, at: open.count - 1) }
    if open.last?.stream.id == stream.id { changes.append(close(open.count - 1)) }
    return changes
  }

  mutating func chunk(_ chunk: DataPacket.StreamChunk, from origin: PacketOrigin, now: Instant) -> [Change] {
    guard let index = find(chunk.streamID, origin) else { return [] }
    guard chunk.index == open[index].nextIndex else { return [end(index, .gap)] }
    open[index].nextIndex += 1
    touch(index, now)
    return chunk.content.isEmpty ? [] : append(chunk.content, at: index)
  }

  mutating func trailer(_ trailer: DataPacket.StreamTrailer, from origin: PacketOrigin) -> [Change] {
    guard let index = find(trailer.streamID, origin) else { return [] }
    if attributesBytes(trailer.attributes) <= limits.streamHeaderBytesMax {
      open[index].stream.merge(trailer.attributes)
    }
    return [trailer.reason.isEmpty ? close(index) : end(index, .aborted(trailer.reason))]
  }

  mutating func expire(now: Instant) -> [Change] { end(.timedOut) { $0.deadline <= now } }

  /// The session `sid` is over, whoever begins another under the same identity.
  mutating func senderLeft(_ origin: PacketOrigin) -> [Change] {
    end(.senderLeft) {
      $0.stream.origin.sid.isEmpty
        ? $0.stream.origin.identity == origin.identity : $0.stream.origin.sid == origin.sid
    }
  }

  mutating func disconnect() -> [Change] { end(.disconnected) { _ in true } }

  private mutating func append(_ content: [UInt8], at index: Int) -> [Change] {
    guard content.count <= .max - open[index].stream.receivedBytes else {
      return [end(index, .overrun(bytesMax: .max))]
    }
    open[index].stream.receivedBytes += content.count
    let stream = open[index].stream
    if let total = stream.totalBytes, stream.receivedBytes > total {
      return [end(index, .overrun(bytesMax: total))]
    }
    if open[index].collected != nil {
      if stream.receivedBytes > limits.collectedTextBytesMax {
        return [end(index, .tooLarge(bytesMax: limits.collectedTextBytesMax))]
      }
      if collectedBytes + content.count > limits.collectedBytesMax {
        return [end(index, .tooLarge(bytesMax: limits.collectedBytesMax))]
      }
      open[index].collected?.append(contentsOf: content)
    }
    return [.chunk(stream, content)]
  }

  private mutating func close(_ index: Int) -> Change {
    let stream = open[index].stream
    if let total = stream.totalBytes, stream.receivedBytes < total {
      return end(index, .incomplete(bytes: stream.receivedBytes, of: total))
    }
    return end(index, nil)
  }

  private mutating func end(_ index: Int, _ failure: StreamFailure?) -> Change {
    let gone = open.remove(at: index)
    if failure != nil { statistics.failed &+= 1 }
    return .ended(gone.stream, collected: gone.collected ?? [], failure)
  }

  private mutating func end(_ failure: StreamFailure, where isOver: (Open) -> Bool) -> [Change] {
    var changes: [Change] = []
    var index = 0
    while index < open.count {
      if isOver(open[index]) { changes.append(end(index, failure)) } else { index += 1 }
    }
    return changes
  }

  private mutating func find(_ streamID: Name, _ origin: PacketOrigin) -> Int? {
    let index = open.firstIndex { $0.stream.streamID == streamID && $0.stream.origin.matches(origin) }
    if index == nil { statistics.stray &+= 1 }
    return index
  }

  private mutating func touch(_ index: Int, _ now: Instant) {
    open[index].deadline = now.advanced(byMilliseconds: limits.incomingStreamIdleMilliseconds)
  }
}
