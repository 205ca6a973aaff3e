import Base

/// What a server said in an HTTP body, fit for a status line and a log: one line, short, without the token
/// (the server repeats it in its 401) and without a web page's mark-up.
func serverWords(_ body: [UInt8], hiding token: String) -> String {
  var bytes: [UInt8] = []
  for byte in body.prefix(4096) { bytes.append(byte < 0x20 || byte == 0x7F ? 0x20 : byte) }
  while bytes.last == 0x20 { bytes.removeLast() }
  guard let first = bytes.first(where: { $0 != 0x20 }), first != UInt8(ascii: "<") else { return "" }
  return String(decoding: hideTokens(bytes, token).prefix(200), as: UTF8.self)
}

/// Replaces the token, or as much of its beginning as a cut body holds, and whatever else begins like a JWT.
private func hideTokens(_ bytes: [UInt8], _ token: String) -> [UInt8] {
  let own = Array(token.utf8.prefix(8))
  let anyone = Array("eyJ".utf8)
  var result: [UInt8] = []
  var index = 0
  while index < bytes.count {
    let rest = bytes[index...]
    if rest.starts(with: anyone) || (own.count == 8 && rest.starts(with: own)) {
      result += Array("<token>".utf8)
      while index < bytes.count, isTokenCharacter(bytes[index]) { index += 1 }
    } else {
      result.append(bytes[index])
      index += 1
    }
  }
  return result
}

private func isTokenCharacter(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
  case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "="): true
  default: false
  }
}
