import Synchronization

/// A queue of records from exactly one producer thread to exactly one consumer thread, without lock,
/// allocation or system call. A record is a fixed header and 0 or more payload bytes.
///
/// The records lie one behind the other in one block of memory, so short packets cost little; a record never
/// wraps: if it does not fit before the end, a marker sends the consumer back to the start. Each side owns one
/// index and keeps a copy of the other's, which it refreshes only when the copy says "full" or "empty": in the
/// usual case neither touches the other's cache line.
public final class RecordRing<Header: BitwiseCopyable>: @unchecked Sendable {
  private let storage: UnsafeMutableRawPointer
  private let capacity: Int
  private let headerBytes: Int
  private let payloadOffset: Int
  private let farFromMetadata = CacheLinePadding()

  // The producer's cache line.
  private let written = Atomic<Int>(0)
  private var readAsProducerSaw = 0
  private let apart = CacheLinePadding()

  // The consumer's cache line.
  private let read = Atomic<Int>(0)
  private var writtenAsConsumerSaw = 0
  private let farFromNeighbours = CacheLinePadding()

  /// `bytes` is rounded up to a power of two; a record may take at most half of it.
  public init(bytes: Int) {
    var size = 64
    while size < bytes { size <<= 1 }
    capacity = size
    storage = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    headerBytes = MemoryLayout<Header>.size
    payloadOffset = 8 + (MemoryLayout<Header>.size + 7) & ~7
  }

  deinit { storage.deallocate() }

  /// Producer only. False when there is no room: the record is not written and the caller counts it.
  public func push(_ header: Header, _ payload: UnsafeRawBufferPointer) -> Bool {
    let size = (payloadOffset + payload.count + 7) & ~7
    guard size <= capacity / 2 else { return false }
    let position = written.load(ordering: .relaxed)
    let offset = position & (capacity - 1)
    let untilEnd = capacity - offset
    let wraps = size > untilEnd
    let needed = wraps ? untilEnd + size : size
    if capacity - (position &- readAsProducerSaw) < needed {
      readAsProducerSaw = read.load(ordering: .acquiring)
      if capacity - (position &- readAsProducerSaw) < needed { return false }
    }
    if wraps { storage.storeBytes(of: ringWrapMark, toByteOffset: offset, as: UInt32.self) }
    let record = storage + (wraps ? 0 : offset)
    record.storeBytes(of: UInt32(truncatingIfNeeded: payload.count), as: UInt32.self)
    withUnsafeBytes(of: header) { bytes in
      if let start = bytes.baseAddress { (record + 8).copyMemory(from: start, byteCount: headerBytes) }
    }
    if let start = payload.baseAddress, payload.count > 0 {
      (record + payloadOffset).copyMemory(from: start, byteCount: payload.count)
    }
    written.store(position &+ needed, ordering: .releasing)
    return true
  }

  /// Consumer only.
  var isEmpty: Bool { read.load(ordering: .relaxed) == written.load(ordering: .acquiring) }

  /// Consumer only. Hands the oldest record to `body`, then frees it; the bytes are valid only inside `body`.
  /// False when the ring is empty.
  public func pop(_ body: (Header, UnsafeRawBufferPointer) -> Void) -> Bool {
    var position = read.load(ordering: .relaxed)
    if position == writtenAsConsumerSaw {
      writtenAsConsumerSaw = written.load(ordering: .acquiring)
      if position == writtenAsConsumerSaw { return false }
    }
    var offset = position & (capacity - 1)
    var count = storage.load(fromByteOffset: offset, as: UInt32.self)
    if count == ringWrapMark {
      // The record that caused the mark was published together with it, so it is there.
      position = position &+ (capacity - offset)
      offset = 0
      count = storage.load(as: UInt32.self)
    }
    let header = storage.loadUnaligned(fromByteOffset: offset + 8, as: Header.self)
    let payload = UnsafeRawBufferPointer(start: storage + offset + payloadOffset, count: Int(count))
    body(header, payload)
    read.store(position &+ (payloadOffset + Int(count) + 7) & ~7, ordering: .releasing)
    return true
  }
}

private let ringWrapMark = UInt32.max

/// Two cache lines of nothing: some processors fetch lines in pairs.
private struct CacheLinePadding {
  private let nothing = InlineArray<16, Int>(repeating: 0)
}
