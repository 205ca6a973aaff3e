import Base

/// A text or byte stream of ours: what was written and did not fit into the channel yet, cut into packets. Pure.
public struct OutgoingStream {
  /// Counts up; never used again by one room object.
  public struct ID: Hashable, Sendable {
    public let value: Int
    public init(_ value: Int) { self.value = value }
  }

  let id: ID
  let header: DataPacket.StreamHeader
  let destinations: [Name]
  private(set) var acceptedBytes = 0
  /// Handed to the channel.
  private(set) var sentBytes = 0
  private var trailer: DataPacket.StreamTrailer?
  private var headerIsSent = false
  private var nextIndex: UInt64 = 0
  private var queue: [UInt8] = []
  private var queueStart = 0
  /// Somebody was told `full`.
  var isAwaited = false

  init(id: ID, header: DataPacket.StreamHeader, destinations: [Name]) {
    self.id = id
    self.header = header
    self.destinations = destinations
  }

  var queuedBytes: Int { queue.count - queueStart }
  var isClosing: Bool { trailer != nil }

  mutating func append(_ bytes: [UInt8]) {
    if queueStart > 0 {
      queue.removeFirst(queueStart)
      queueStart = 0
    }
    queue.append(contentsOf: bytes)
    acceptedBytes += bytes.count
  }

  mutating func close(reason: String, attributes: [String: String]) {
    trailer = .init(streamID: header.streamID, reason: reason, attributes: wireAttributes(attributes))
  }

  /// What is to be sent next; the same again until `sent`. nil: nothing at present.
  func next(chunkBytesMax: Int) -> OutgoingPacket? {
    if !headerIsSent { return .streamHeader(header) }
    let size = nextChunkBytes(chunkBytesMax)
    if size > 0 {
      let content = Array(queue[queueStart..<queueStart + size])
      return .streamChunk(.init(streamID: header.streamID, index: nextIndex, content: content))
    }
    return trailer.map { .streamTrailer($0) }
  }

  /// True once that was the end.
  mutating func sent(_ packet: OutgoingPacket) -> Bool {
    switch packet {
    case .streamHeader: headerIsSent = true
    case .streamChunk(let chunk):
      nextIndex += 1
      sentBytes += chunk.content.count
      queueStart += chunk.content.count
      if queueStart == queue.count {
        queue.removeAll(keepingCapacity: !isClosing)
        queueStart = 0
      }
    default: return true
    }
    return false
  }

  /// The beginning of a character waits for its end, unless there is none to come.
  private func nextChunkBytes(_ bytesMax: Int) -> Int {
    guard header.isText else { return min(queuedBytes, bytesMax) }
    let whole = completeUTF8(queue, from: queueStart, bytesMax: bytesMax)
    return whole == 0 && isClosing ? min(queuedBytes, bytesMax) : whole
  }
}
