/// The standard library's text functions again, each as a call: inlined at some thousand places, as it wants them,
/// they would be a tenth of the program. A declaration outside of the standard library, with the same signature,
/// goes before the one in it, so whoever imports this room uses them without knowing.
extension DefaultStringInterpolation {
  @inline(never)
  public mutating func appendLiteral(_ literal: String) { write(literal) }

  @inline(never)
  public mutating func appendInterpolation(_ text: String) { write(text) }

  @inline(never)
  public mutating func appendInterpolation(_ number: Int) { write(number.description) }
}

extension String {
  @inline(never)
  public static func += (text: inout String, more: String) { text.append(more) }

  @inline(never)
  public static func + (text: String, more: String) -> String {
    var whole = text
    whole.append(more)
    return whole
  }

  /// Byte by byte. What the program compares are names, for which two spellings of one letter are two letters.
  @inline(never)
  public static func == (one: String, other: String) -> Bool {
    one.utf8.count == other.utf8.count && one.utf8.elementsEqual(other.utf8)
  }

  @inline(never)
  public static func != (one: String, other: String) -> Bool { !(one == other) }

  /// What `switch` asks.
  @inline(never)
  public static func ~= (pattern: String, text: String) -> Bool { pattern == text }

  /// What is no UTF-8 becomes U+FFFD.
  @inline(never)
  public init(decoding bytes: [UInt8], as _: UTF8.Type) {
    self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }

  @inline(never)
  public init(decoding bytes: ArraySlice<UInt8>, as _: UTF8.Type) {
    self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }

  @inline(never)
  public init(decoding bytes: Substring.UTF8View, as _: UTF8.Type) {
    self.init(decoding: Array(bytes), as: UTF8.self)
  }
}
