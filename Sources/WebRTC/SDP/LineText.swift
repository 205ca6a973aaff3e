import Base

/// Small tools for lines of ASCII text. SDP is defined on octets (RFC 8866 §5), so these work on bytes.
struct LineReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) {
    rest = bytes
    skipSpaces()
  }

  var isAtEnd: Bool { rest.isEmpty }

  /// The next token: up to a space, which is skipped with its followers. nil at the end.
  mutating func token() -> ArraySlice<UInt8>? {
    guard !rest.isEmpty else { return nil }
    let end = rest.firstIndex(of: 0x20) ?? rest.endIndex
    let token = rest[rest.startIndex..<end]
    rest = rest[end...]
    skipSpaces()
    return token
  }

  private mutating func skipSpaces() {
    while rest.first == 0x20 { rest = rest.dropFirst() }
  }

  /// Everything that is left.
  mutating func remainder() -> ArraySlice<UInt8> {
    defer { rest = rest[rest.endIndex...] }
    return rest
  }
}

func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

/// Decimal digits only, at most `max`; nil otherwise.
func decimal(_ digits: ArraySlice<UInt8>, max: UInt64) -> UInt64? {
  guard !digits.isEmpty, digits.count <= 20 else { return nil }
  var value: UInt64 = 0
  for digit in digits {
    guard digit >= 0x30, digit <= 0x39 else { return nil }
    let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
    let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit - 0x30))
    guard !overflow, !carry else { return nil }
    value = sum
  }
  return value <= max ? value : nil
}

func decimalText(_ value: UInt64) -> String { String(value) }

func lowercased(_ bytes: ArraySlice<UInt8>) -> String {
  String(decoding: bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 0x20 : $0 }, as: UTF8.self)
}

func equalsIgnoringCase(_ left: String, _ right: String) -> Bool {
  lowercased(Array(left.utf8)[...]) == lowercased(Array(right.utf8)[...])
}

func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  var result = bytes
  while result.first == 0x20 { result = result.dropFirst() }
  while result.last == 0x20 { result = result.dropLast() }
  return result
}

/// `ice-char` of RFC 8839 §5.1.
func isICECharacters(_ bytes: ArraySlice<UInt8>) -> Bool {
  bytes.allSatisfy { byte in
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"): true
    default: false
    }
  }
}
