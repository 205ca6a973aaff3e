/// A text from a file or a server as a sentence may repeat it: without what looks like a token, the query of a URL, and the user in one.
public func withoutSecrets(_ text: String) -> String {
  var shown: [UInt8] = []
  var rest = Array(text.utf8)[...]
  while let byte = rest.first {
    // Every JSON Web Token begins with the base64 of `{"`.
    if rest.begins(with: "eyJ") {
      shown += "***".utf8
      rest = rest.drop { isLetterOrDigit($0) || "-_.=".utf8.contains($0) }
      continue
    }
    if byte == UInt8(ascii: "?"), shown.contains(UInt8(ascii: "/")) {
      shown += "?***".utf8
      break
    }
    if byte == UInt8(ascii: "@"), let slash = shown.lastIndex(of: UInt8(ascii: "/")) {
      shown = shown.prefix(slash + 1) + Array("***".utf8)
    }
    shown.append(byte)
    rest = rest.dropFirst()
  }
  return String(decoding: shown, as: UTF8.self)
}
