import Base

/// Text from a server, made safe to be shown: tokens cut out, one line, no control characters, not too long.
///
/// LiveKit servers answer a bad token with a body that repeats all of it.
func shownText(_ bytes: [UInt8], hiding secret: String?) -> String {
  var text = bytes
  if let secret { text = replacing(Array(secret.utf8), in: text) }
  text = withoutWebTokens(text)
  // Valid again where it was cut in the middle of a character.
  text = Array(String(decoding: text.prefix(ReactorLimits.failureTextBytesMax), as: UTF8.self).utf8)
  return String(decoding: withoutBlanks(oneLine(text)), as: UTF8.self)
}

func printable(_ text: String) -> String { shownText(Array(text.utf8), hiding: nil) }

private let mark: StaticString = "[token]"

private func appendMark(_ text: inout [UInt8]) {
  for index in 0..<mark.utf8CodeUnitCount { text.append(mark.utf8Start[index]) }
}

/// Replaces every occurrence of `secret`.
func replacing(_ secret: [UInt8], in text: [UInt8]) -> [UInt8] {
  guard !secret.isEmpty else { return text }
  var result: [UInt8] = []
  var index = 0
  while index < text.count {
    if text.count - index >= secret.count, text[index..<index + secret.count].elementsEqual(secret) {
      appendMark(&result)
      index += secret.count
    } else {
      result.append(text[index])
      index += 1
    }
  }
  return result
}

/// Cuts out whatever looks like a JSON Web Token (base64url of `{"` is `eyJ`), also the beginning of one that was
/// cut off by a size limit.
private func withoutWebTokens(_ text: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  var index = 0
  while index < text.count {
    var end = index
    if text[index...].starts(with: [0x65, 0x79, 0x4A]) {
      while end < text.count, isTokenByte(text[end]) { end += 1 }
    }
    if end > index {
      appendMark(&result)
      index = end
    } else {
      result.append(text[index])
      index += 1
    }
  }
  return result
}

private func isTokenByte(_ byte: UInt8) -> Bool {
  switch lowercased(byte) {
  case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
  default: false
  }
}

/// Line breaks and control characters as single spaces.
private func oneLine(_ text: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  for byte in text {
    if byte >= 0x20, byte != 0x7F {
      result.append(byte)
    } else if result.last != 0x20 {
      result.append(0x20)
    }
  }
  return result
}
