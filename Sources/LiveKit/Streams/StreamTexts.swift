import Base

/// The texts of a header or trailer, and where text may be cut.
extension DataPacket.StreamHeader {
  /// What its texts take in memory and, nearly, on the wire.
  var textBytes: Int {
    var sum = attributesBytes(attributes) + streamID.utf8Count + topic.utf8Count + mimeType.utf8.count
    if case .bytes(let name) = content { sum += name.utf8.count }
    return sum
  }

  var isText: Bool {
    if case .text = content { return true }
    return false
  }
}

func attributesBytes(_ attributes: [StreamAttribute]) -> Int {
  var sum = 0
  for attribute in attributes { sum += attribute.key.utf8.count + attribute.value.utf8.count }
  return sum
}

func wireAttributes(_ attributes: [String: String]) -> [StreamAttribute] {
  var list: [StreamAttribute] = []
  for (key, value) in attributes { list.append(StreamAttribute(key: key, value: value)) }
  return list
}

/// How many of the first `bytesMax` bytes from `start` on end with a whole character. The beginning of one at the end
/// of the bytes is left out, too, for its rest may still come; what is no UTF-8 at all is not held back.
func completeUTF8(_ bytes: [UInt8], from start: Int, bytesMax: Int) -> Int {
  let count = min(bytes.count - start, bytesMax)
  // A sequence has four bytes at most (RFC 3629 §3), so an unfinished one begins among the last three.
  for back in 1...3 where back <= count {
    let byte = bytes[start + count - back]
    if byte & 0xC0 == 0x80 { continue }
    let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
    return length > back ? count - back : count
  }
  return count
}
