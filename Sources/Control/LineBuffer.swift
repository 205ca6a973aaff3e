import Base

/// Makes lines of the bytes of a stream, however they were cut on the way.
///
/// Feed it what was read, then take lines until there is none. It holds at most one unfinished line of `lineBytesMax`
/// beside what was fed last; a longer line breaks the stream for good, as nobody can say where the next one begins.
public struct LineBuffer: Sendable {
  public let lineBytesMax: Int
  /// A line was too long. Nothing comes out any more.
  public private(set) var isBroken = false
  private var bytes: [UInt8] = []
  private var start = 0
  /// Up to here no line end was found, so that a line that comes byte by byte is looked through once.
  private var searched = 0

  public init(lineBytesMax: Int) { self.lineBytesMax = lineBytesMax }

  /// What waits: an unfinished line, or lines that were not taken yet.
  public var waitingBytes: Int { bytes.count - start }

  public mutating func append(_ more: [UInt8]) {
    guard !isBroken else { return }
    if start > 0 {
      bytes.removeFirst(start)
      searched -= start
      start = 0
    }
    bytes += more
  }

  /// The next line without its end (LF or CR LF), or nil if none is complete. Blank lines are left out.
  public mutating func next() -> [UInt8]? {
    while !isBroken {
      while searched < bytes.count, bytes[searched] != 0x0A { searched += 1 }
      guard searched - start < lineBytesMax else {
        isBroken = true
        bytes = []
        start = 0
        searched = 0
        return nil
      }
      guard searched < bytes.count else { return nil }
      var end = searched
      let first = start
      searched += 1
      start = searched
      if end > first, bytes[end - 1] == 0x0D { end -= 1 }
      guard bytes[first..<end].contains(where: { $0 != 0x20 && $0 != 0x09 }) else { continue }
      return Array(bytes[first..<end])
    }
    return nil
  }
}
