/// What can go wrong while reading a byte sequence: it ends before the field does.
public enum ByteError: Error, Equatable, Sendable {
  case truncated
}

/// Reads network byte order (big-endian) fields from a byte array, never past its end.
///
/// Sub-readers share the storage, so taking a slice of a datagram copies nothing.
public struct ByteReader: Sendable {
  public let bytes: [UInt8]
  /// Index of the next unread byte in `bytes`.
  public private(set) var offset: Int
  /// Index after the last byte that this reader may touch.
  public let end: Int

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    offset = 0
    end = bytes.count
  }

  /// Reads only `bytes[start..<end]`. The bounds are clamped to the array.
  public init(_ bytes: [UInt8], from start: Int, to end: Int) {
    self.bytes = bytes
    self.end = max(0, min(end, bytes.count))
    offset = max(0, min(start, self.end))
  }

  public var remaining: Int { end - offset }
  public var isAtEnd: Bool { offset >= end }

  public mutating func u8() throws(ByteError) -> UInt8 {
    guard remaining >= 1 else { throw .truncated }
    defer { offset += 1 }
    return bytes[offset]
  }

  public mutating func u16() throws(ByteError) -> UInt16 {
    guard remaining >= 2 else { throw .truncated }
    defer { offset += 2 }
    return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
  }

  public mutating func u24() throws(ByteError) -> UInt32 {
    guard remaining >= 3 else { throw .truncated }
    let high = try u8()
    return UInt32(high) << 16 | UInt32(try u16())
  }

  public mutating func u32() throws(ByteError) -> UInt32 {
    guard remaining >= 4 else { throw .truncated }
    let high = try u16()
    return UInt32(high) << 16 | UInt32(try u16())
  }

  public mutating func u64() throws(ByteError) -> UInt64 {
    guard remaining >= 8 else { throw .truncated }
    let high = try u32()
    return UInt64(high) << 32 | UInt64(try u32())
  }

  /// Copies the next `count` bytes.
  public mutating func take(_ count: Int) throws(ByteError) -> [UInt8] {
    guard count >= 0, remaining >= count else { throw .truncated }
    defer { offset += count }
    return Array(bytes[offset..<offset + count])
  }

  /// A reader of the next `count` bytes, which this reader skips.
  public mutating func slice(_ count: Int) throws(ByteError) -> ByteReader {
    guard count >= 0, remaining >= count else { throw .truncated }
    defer { offset += count }
    return ByteReader(bytes, from: offset, to: offset + count)
  }

  public mutating func skip(_ count: Int) throws(ByteError) {
    guard count >= 0, remaining >= count else { throw .truncated }
    offset += count
  }

  /// Copies everything that is left.
  public mutating func rest() -> [UInt8] {
    defer { offset = end }
    return Array(bytes[offset..<end])
  }
}
