/// The number that decimal digits spell, at most `max`. nil for no digit, for anything that is none, and for more:
/// there is no text that overflows.
public func decimal(_ digits: some Sequence<UInt8>, max: UInt64) -> UInt64? {
  decimal(bytes: Array(digits), max)
}

/// One piece of code for every kind of sequence.
private func decimal(bytes digits: [UInt8], _ max: UInt64) -> UInt64? {
  var value: UInt64?
  for digit in digits {
    guard isDigit(digit) else { return nil }
    let (scaled, overflow) = (value ?? 0).multipliedReportingOverflow(by: 10)
    let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit - 0x30))
    guard !overflow, !carry else { return nil }
    value = sum
  }
  guard let value, value <= max else { return nil }
  return value
}

/// The same for what is counted: what an Int cannot hold is nil, too, where it has 32 bits as where it has 64.
public func decimal(_ digits: some Sequence<UInt8>) -> Int? {
  decimal(digits, max: UInt64(Int.max)).map { Int($0) }
}

/// A TCP or UDP port in decimal digits: 1 to 65535, in at most five of them.
public func portNumber(_ digits: some Collection<UInt8>) -> UInt16? {
  guard digits.count <= 5, let port = decimal(digits, max: 65_535), port > 0 else { return nil }
  return UInt16(port)
}

public func isDigit(_ ascii: UInt8) -> Bool { (0x30...0x39).contains(ascii) }

public func isLetterOrDigit(_ ascii: UInt8) -> Bool {
  isDigit(ascii) || (0x61...0x7A).contains(lowercased(ascii))
}

/// Without blanks, tabs, line ends and other control characters at both ends.
public func trimmed<Bytes: BidirectionalCollection>(_ bytes: Bytes) -> Bytes.SubSequence
where Bytes.Element == UInt8 {
  trimmed(bytes) { $0 <= 0x20 }
}

/// Without what `isBlank` says at both ends.
public func trimmed<Bytes: BidirectionalCollection>(
  _ bytes: Bytes, _ isBlank: (UInt8) -> Bool
) -> Bytes.SubSequence where Bytes.Element == UInt8 {
  var start = bytes.startIndex
  var end = bytes.endIndex
  while start < end, isBlank(bytes[start]) { start = bytes.index(after: start) }
  while end > start {
    let last = bytes.index(before: end)
    guard isBlank(bytes[last]) else { break }
    end = last
  }
  return bytes[start..<end]
}

/// A whole number with zeros before it, up to `digits`.
public func padded(_ number: Int, _ digits: Int) -> String {
  let text = "\(number)"
  var zeros = ""
  for _ in text.utf8.count..<max(digits, text.utf8.count) { zeros += "0" }
  return zeros + text
}

extension BidirectionalCollection<UInt8> {
  /// Whether these are the bytes of `text`, each of them and no others. Texts that merely look alike differ.
  public func spells(_ text: String) -> Bool { Array(self) == Array(text.utf8) }
  public func begins(with text: String) -> Bool { prefix(text.utf8.count).spells(text) }
  public func ends(with text: String) -> Bool { suffix(text.utf8.count).spells(text) }
}

/// In the order of their bytes, whatever that is in a language.
public func sortedByBytes(_ texts: [String]) -> [String] {
  texts.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
}

/// ASCII letters only; everything else stays as it is.
public func lowercased(_ ascii: UInt8) -> UInt8 { (0x41...0x5A).contains(ascii) ? ascii + 0x20 : ascii }

/// As names of schemes, hosts and header fields are compared: by byte, ASCII letters in any case.
public func equalsIgnoringCase(_ left: String, _ right: String) -> Bool {
  left.utf8.map { lowercased($0) } == right.utf8.map { lowercased($0) }
}
