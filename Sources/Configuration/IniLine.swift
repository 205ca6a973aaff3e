import Base

/// One line of an INI file.
enum IniLine: Equatable {
  /// Blank, or a comment.
  case nothing
  case section(String)
  case entry(name: String, value: String)
  case malformed

  init(_ bytes: ArraySlice<UInt8>) {
    let line = withoutInvisible(bytes)
    guard let first = line.first, !Self.beginsComment(first) else {
      self = .nothing
      return
    }
    if first == UInt8(ascii: "[") {
      guard let close = line.firstIndex(of: UInt8(ascii: "]")) else {
        self = .malformed
        return
      }
      let rest = withoutInvisible(line[(close + 1)...])
      let name = withoutInvisible(line[(line.startIndex + 1)..<close])
      // A key that slipped into the line of its section would be lost.
      let isClean = rest.first.map { Self.beginsComment($0) } ?? true
      self = isClean ? .section(String(decoding: name, as: UTF8.self)) : .malformed
      return
    }
    guard let equals = line.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }),
      equals > line.startIndex
    else {
      self = .malformed
      return
    }
    let name = withoutInvisible(line[..<equals])
    let value = withoutInvisible(Self.withoutComment(withoutInvisible(line[(equals + 1)...])))
    self = .entry(name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self))
  }

  private static func beginsComment(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";")
  }

  /// After a value only a blank and a semicolon begin a comment: `#` is part of colours, channels and codes.
  private static func withoutComment(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var previous: UInt8 = 0x20
    for (index, byte) in zip(value.indices, value) {
      if byte == UInt8(ascii: ";"), previous == 0x20 || previous == 0x09 { return value[..<index] }
      previous = byte
    }
    return value
  }
}
