import Base

/// What a technician sends to whoever has to find out more: some texts without secrets, each and all of them bounded,
/// as a tar archive (POSIX.1-1988, `ustar`).
public struct SupportArchive: Sendable {
  /// One text; what is longer loses its beginning, as the end of a journal is what matters.
  public static let textBytesMax = 1 << 20
  public static let bytesMax = 4 << 20
  private static let blockBytes = 512

  private let folder: String
  private let unixSeconds: Int64
  private let scrubber: Scrubber
  private var blocks: [UInt8] = []

  /// All texts lie in `folder`, whose name is short and plain.
  public init(folder: String, unixSeconds: Int64, scrubber: Scrubber) {
    self.folder = folder
    self.unixSeconds = unixSeconds
    self.scrubber = scrubber
  }

  /// What does not fit any more is left out, and that is told in its place where there is room for it.
  public mutating func add(_ name: String, _ text: [UInt8]) {
    var text = scrubber.clean(text)
    if text.count > Self.textBytesMax {
      // Whole lines: half a secret is not known as one.
      let kept = text.suffix(Self.textBytesMax - 64)
      let line = kept.firstIndex(of: 0x0A).map { $0 + 1 } ?? kept.endIndex
      text = Array("(the beginning was left out)\n".utf8) + kept[line...]
    }
    let room = Self.bytesMax - blocks.count - 4 * Self.blockBytes
    if text.count > room { text = Array("(left out: the archive is full)\n".utf8) }
    guard text.count <= room else { return }
    blocks += header(name, bytes: text.count) + text
    pad()
  }

  /// The whole archive.
  public var tar: [UInt8] { blocks + [UInt8](repeating: 0, count: 2 * Self.blockBytes) }

  private mutating func pad() {
    let over = blocks.count % Self.blockBytes
    if over > 0 { blocks += [UInt8](repeating: 0, count: Self.blockBytes - over) }
  }

  private func header(_ name: String, bytes: Int) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: Self.blockBytes)
    func put(_ text: String, at offset: Int, bytesMax: Int) {
      for (index, byte) in text.utf8.prefix(bytesMax).enumerated() { header[offset + index] = byte }
    }
    put("\(folder)/\(name)", at: 0, bytesMax: 99)
    put("0000600", at: 100, bytesMax: 7)
    put("0000000", at: 108, bytesMax: 7)
    put("0000000", at: 116, bytesMax: 7)
    put(Self.octal(Int64(bytes), digits: 11), at: 124, bytesMax: 11)
    put(Self.octal(max(0, unixSeconds), digits: 11), at: 136, bytesMax: 11)
    // The checksum counts itself as blanks.
    put("        ", at: 148, bytesMax: 8)
    put("0", at: 156, bytesMax: 1)
    put("ustar", at: 257, bytesMax: 5)
    put("00", at: 263, bytesMax: 2)
    put("root", at: 265, bytesMax: 31)
    put("root", at: 297, bytesMax: 31)
    var sum: Int64 = 0
    for byte in header { sum += Int64(byte) }
    put(Self.octal(sum, digits: 6), at: 148, bytesMax: 6)
    header[154] = 0
    return header
  }

  /// The last digits of it.
  private static func octal(_ number: Int64, digits: Int) -> String {
    var bytes = [UInt8](repeating: UInt8(ascii: "0"), count: digits)
    var rest = number
    for index in stride(from: digits - 1, through: 0, by: -1) {
      bytes[index] += UInt8(truncatingIfNeeded: rest & 7)
      rest >>= 3
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
