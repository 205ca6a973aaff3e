import Base

/// Our streams that are not through yet. Pure: it says which packet goes next, its owner says whether it went.
struct OutgoingStreams {
  private(set) var open: [OutgoingStream] = []
  private(set) var sent = 0
  private var nextID = 1
  /// Whose turn it is: streams share the channel packet by packet.
  private var turn = 0
  private let limits: Limits

  init(limits: Limits) { self.limits = limits }

  var queuedBytes: Int {
    var sum = 0
    for stream in open { sum += stream.queuedBytes }
    return sum
  }

  subscript(id: OutgoingStream.ID) -> OutgoingStream? { open.first { $0.id == id } }

  mutating func add(_ header: DataPacket.StreamHeader, to destinations: [Name]) throws(DataFailure)
    -> OutgoingStream.ID
  {
    guard open.count < limits.outgoingStreamsMax else {
      throw .tooManyStreams(max: limits.outgoingStreamsMax)
    }
    var bytes = header.textBytes
    for destination in destinations { bytes += destination.utf8Count }
    try checkTexts(bytes, count: header.attributes.count + destinations.count)
    let id = OutgoingStream.ID(nextID)
    open.append(OutgoingStream(id: id, header: header, destinations: destinations))
    nextID &+= 1
    return id
  }

  /// All or nothing.
  mutating func write(_ bytes: [UInt8], to id: OutgoingStream.ID) throws(DataFailure) {
    let index = try index(id)
    let (accepted, overflows) = open[index].acceptedBytes.addingReportingOverflow(bytes.count)
    if overflows { throw .tooLarge(bytes: .max, max: .max) }
    if let total = open[index].header.totalBytes, accepted > total {
      throw .tooLarge(bytes: accepted, max: Int(clamping: total))
    }
    let bytesMax = limits.outgoingStreamBytesMax
    guard bytes.count <= bytesMax else { throw .tooLarge(bytes: bytes.count, max: bytesMax) }
    guard queuedBytes + bytes.count <= bytesMax else {
      open[index].isAwaited = true
      throw .full(bufferedBytes: queuedBytes)
    }
    open[index].append(bytes)
  }

  /// The trailer follows what was written.
  mutating func close(
    _ id: OutgoingStream.ID, reason: String, attributes: [String: String]
  ) throws(DataFailure) {
    let index = try index(id)
    try checkTexts(attributesBytes(wireAttributes(attributes)) + reason.utf8.count, count: attributes.count)
    open[index].close(reason: reason, attributes: attributes)
  }

  /// The next packet in turn; nil when nothing can be sent.
  mutating func next() -> (OutgoingStream.ID, OutgoingPacket, destinations: [Name])? {
    for step in 0..<open.count {
      let index = (turn + step) % open.count
      guard let packet = open[index].next(chunkBytesMax: limits.streamChunkBytesMax) else { continue }
      turn = index
      return (open[index].id, packet, open[index].destinations)
    }
    return nil
  }

  /// The packet that `next` gave has been sent; true once the stream is through.
  mutating func sent(_ packet: OutgoingPacket, of id: OutgoingStream.ID) -> Bool {
    guard let index = open.firstIndex(where: { $0.id == id }) else { return false }
    turn = index + 1
    guard open[index].sent(packet) else { return false }
    open.remove(at: index)
    turn = index
    sent += 1
    return true
  }

  /// Streams that were refused a write and may go on: half of the room is free again.
  mutating func writable() -> [OutgoingStream.ID] {
    guard queuedBytes <= limits.outgoingStreamBytesMax / 2 else { return [] }
    var ids: [OutgoingStream.ID] = []
    for index in open.indices where open[index].isAwaited {
      open[index].isAwaited = false
      ids.append(open[index].id)
    }
    return ids
  }

  mutating func removeAll() -> [OutgoingStream.ID] {
    let ids = open.map { $0.id }
    open = []
    return ids
  }

  private func index(_ id: OutgoingStream.ID) throws(DataFailure) -> Int {
    guard let index = open.firstIndex(where: { $0.id == id }), !open[index].isClosing else {
      throw .unknownStream
    }
    return index
  }

  /// A header or trailer travels in one packet, where the packet's own fields and the framing of what repeats take
  /// some of the room.
  private func checkTexts(_ bytes: Int, count: Int) throws(DataFailure) {
    let bytes = bytes + 9 * count + 200
    let bytesMax = limits.streamHeaderBytesMax
    guard bytes <= bytesMax else { throw .tooLarge(bytes: bytes, max: bytesMax) }
  }
}
