import Base
import CJansson

extension JSONValue {
  /// The value on one line, without blanks: what a line of a protocol carries.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return bytes
  }

  /// The same as a text.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  private func write(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes += "null".utf8
    case .bool(let flag): bytes += (flag ? "true" : "false").utf8
    case .integer(let number): bytes += "\(number)".utf8
    case .real(let number): Self.write(number, to: &bytes)
    case .string(let text): Self.write(text, to: &bytes)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.write(member.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// RFC 8259 §7. DEL and the C1 controls are escaped as well: the line may end up on a terminal.
  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: bytes += "\\\"".utf8
      case 0x5C: bytes += "\\\\".utf8
      case 0x0A: bytes += "\\n".utf8
      case 0x0D: bytes += "\\r".utf8
      case 0x09: bytes += "\\t".utf8
      case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
        let digits = Array(String(scalar.value, radix: 16).utf8)
        bytes += "\\u".utf8
        for _ in digits.count..<4 { bytes.append(UInt8(ascii: "0")) }
        bytes += digits
      default: bytes += String(scalar).utf8
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Through jansson, as Embedded Swift prints no fractions. 17 digits are not needed for a level in decibels, so 6
  /// significant ones are written.
  private static func write(_ number: Double, to bytes: inout [UInt8]) {
    guard number.isFinite, let value = json_real(number) else {
      bytes += "null".utf8
      return
    }
    defer { json_decref(value) }
    // Bits 11 to 15 of the flags are the number of significant digits (JSON_REAL_PRECISION).
    let flags = JSONFlag.encodeAny | JSONFlag.compact | 6 << 11
    let digits = [UInt8](unsafeUninitializedCapacity: 64) { buffer, count in
      let target = UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self)
      count = min(64, json_dumpb(value, target, 64, flags))
    }
    bytes += digits
  }
}
