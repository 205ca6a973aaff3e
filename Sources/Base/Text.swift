/// The value of one hexadecimal digit in ASCII, nil if it is none.
public func hexadecimalDigitValue(_ ascii: UInt8) -> UInt8? {
  switch ascii {
  case 0x30...0x39: ascii - 0x30
  case 0x41...0x46: ascii - 0x41 + 10
  case 0x61...0x66: ascii - 0x61 + 10
  default: nil
  }
}

/// Lower-case hexadecimal, two digits a byte.
public func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  text.reserveCapacity(bytes.count * 2)
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

/// Bytes from hexadecimal digits; white space and colons between them are skipped. nil for anything else.
public func bytes(hexadecimal text: String) -> [UInt8]? {
  var result: [UInt8] = []
  var high: UInt8?
  for character in text.utf8 {
    if character == 0x20 || character == 0x0A || character == 0x0D || character == 0x3A { continue }
    guard let value = hexadecimalDigitValue(character) else { return nil }
    if let nibble = high {
      result.append(nibble << 4 | value)
      high = nil
    } else {
      high = value
    }
  }
  return high == nil ? result : nil
}

/// RFC 4648 base64, in the standard (§4) or the URL and file name safe (§5) alphabet. Reading takes either,
/// with or without padding, as tokens come without and join requests with it.
public enum Base64 {
  public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? { decode(bytes: Array(text)) }

  private static func decode(bytes text: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    var accumulator: UInt32 = 0
    var bits = 0
    var padded = false
    for character in text {
      if character == UInt8(ascii: "=") {
        padded = true
        continue
      }
      guard !padded, let value = digitValue(character) else { return nil }
      accumulator = accumulator << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        result.append(UInt8(truncatingIfNeeded: accumulator >> UInt32(bits)))
      }
    }
    return bits == 6 ? nil : result
  }

  public static func encode(_ bytes: [UInt8], urlSafe: Bool = false, padding: Bool = true) -> String {
    let alphabet =
      Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
      + Array((urlSafe ? "-_" : "+/").utf8)
    var text: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let left = min(3, bytes.count - index)
      var group: UInt32 = 0
      for position in 0..<3 { group = group << 8 | UInt32(position < left ? bytes[index + position] : 0) }
      for position in 0..<4 {
        if position <= left {
          text.append(alphabet[Int(group >> UInt32(18 - 6 * position) & 63)])
        } else if padding {
          text.append(UInt8(ascii: "="))
        }
      }
      index += 3
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func digitValue(_ character: UInt8) -> UInt8? {
    switch character {
    case 0x41...0x5A: character - 0x41
    case 0x61...0x7A: character - 0x61 + 26
    case 0x30...0x39: character - 0x30 + 52
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
