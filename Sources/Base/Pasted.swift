/// What is wrong with a secret that somebody pasted. None of the words shows any of it.
public enum PastedFault: Error, Equatable, Sendable {
  case empty
  /// UTF-16, as some editors save, or another kind of file.
  case notText
  /// `line` is the first that is one too many.
  case severalLines(line: Int)
  case blankInside

  /// The end of the sentence that begins with what it was read from.
  public var words: String {
    switch self {
    case .empty: "is empty"
    case .notText: "is no text in UTF-8 (was it saved as UTF-16?)"
    case .severalLines(let line): "goes on in line \(line), but a secret is one line"
    case .blankInside: "has a blank or a control character in the middle, which no secret has"
    }
  }
}

/// The secret that is meant by what somebody pasted into a file: without the byte order mark that an editor put
/// before it, the blanks and line ends around it, the quotes, and `Authorization:` and `Bearer` as they stand in
/// a request. What cannot be one secret is refused rather than guessed; everything else is kept to the byte.
///
/// - Parameter allowsBlanks: whether there may be spaces in the middle, as in a key that a person made up.
public func pastedSecret(_ bytes: [UInt8], allowsBlanks: Bool = false) throws(PastedFault) -> String {
  guard !bytes.contains(0), !bytes.starts(with: [0xFE, 0xFF]), !bytes.starts(with: [0xFF, 0xFE]) else {
    throw .notText
  }
  var rest = withoutQuotes(withoutInvisible(bytes[...]))
  for word in ["authorization:", "bearer"] {
    guard rest.prefix(word.utf8.count).map({ lowercased($0) }).spells(word) else { continue }
    let after = rest.dropFirst(word.utf8.count)
    // `bearer-token-7` is a secret, `Bearer token-7` is one in its header, and `Bearer` alone is none.
    if word.utf8.last == UInt8(ascii: ":") || (after.first ?? 0) <= 0x20 {
      rest = withoutQuotes(withoutInvisible(after))
    }
  }
  guard !rest.isEmpty else { throw .empty }
  guard String(validating: rest) != nil else { throw .notText }
  var line = 1
  for byte in bytes[..<rest.startIndex] where byte == 0x0A { line += 1 }
  for byte in rest {
    if byte == 0x0A || byte == 0x0D { throw .severalLines(line: line + 1) }
    if byte == 0x20, allowsBlanks { continue }
    if byte <= 0x20 || byte == 0x7F { throw .blankInside }
  }
  return String(decoding: rest, as: UTF8.self)
}

/// Without what nobody sees at both ends: white space and control characters, byte order marks (U+FEFF), and the
/// spaces that web pages and word processors make (U+00A0, U+200B).
public func withoutInvisible(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  let marks: [[UInt8]] = [[0xEF, 0xBB, 0xBF], [0xC2, 0xA0], [0xE2, 0x80, 0x8B]]
  var rest = bytes
  while true {
    let before = rest.count
    rest = trimmed(rest)
    for mark in marks {
      if rest.starts(with: mark) { rest = rest.dropFirst(mark.count) }
      if rest.suffix(mark.count).elementsEqual(mark) { rest = rest.dropLast(mark.count) }
    }
    if rest.count == before { return rest }
  }
}

/// Without the pairs of quotes, single or double, around it.
public func withoutQuotes(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  var rest = bytes
  while rest.count >= 2, let first = rest.first, first == rest.last,
    first == UInt8(ascii: "\"") || first == UInt8(ascii: "'")
  {
    rest = withoutInvisible(rest.dropFirst().dropLast())
  }
  return rest
}

extension String {
  /// nil for bytes that are no UTF-8.
  fileprivate init?(validating bytes: ArraySlice<UInt8>) {
    self.init(decoding: bytes, as: UTF8.self)
    guard utf8.elementsEqual(bytes) else { return nil }
  }
}
