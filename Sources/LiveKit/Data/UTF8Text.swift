import Base

/// How many of the first `max` bytes are whole characters' UTF-8, starting at `start`: never a part of one, unless
/// what is there is no UTF-8.
func wholeUTF8(_ bytes: [UInt8], from start: Int = 0, max: Int) -> Int {
  let end = start + max
  guard end < bytes.count else { return bytes.count - start }
  var cut = end
  // Three continuation bytes are the most (RFC 3629 §3).
  while cut > start, end - cut < 3, bytes[cut] & 0xC0 == 0x80 { cut -= 1 }
  return bytes[cut] & 0xC0 == 0x80 || cut == start ? max : cut - start
}

/// At most this many bytes of UTF-8.
func truncated(_ text: String, bytesMax: Int) -> String {
  guard text.utf8.count > bytesMax else { return text }
  let bytes = Array(text.utf8)
  return String(decoding: bytes[..<wholeUTF8(bytes, max: bytesMax)], as: UTF8.self)
}

/// A random id in the form of RFC 4122 §4.4.
func randomUUID(_ random: any RandomSource) -> Name {
  var bytes = random.bytes(16)
  bytes[6] = bytes[6] & 0x0F | 0x40
  bytes[8] = bytes[8] & 0x3F | 0x80
  var text: [UInt8] = []
  for (index, character) in Array(hexadecimal(bytes).utf8).enumerated() {
    if index == 8 || index == 12 || index == 16 || index == 20 { text.append(UInt8(ascii: "-")) }
    text.append(character)
  }
  return generated(text)
}

/// What this program made of letters, digits and dashes is a name.
func generated(_ ascii: [UInt8]) -> Name {
  guard let name = Name(bytes: ascii) else { preconditionFailure("a generated name is none") }
  return name
}
