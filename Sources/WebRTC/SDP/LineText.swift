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

func decimalText(_ value: UInt64) -> String { String(value) }

func lowercased(_ bytes: ArraySlice<UInt8>) -> String {
  String(decoding: bytes.map { Base.lowercased($0) }, as: UTF8.self)
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
