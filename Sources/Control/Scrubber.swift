import Base
import JSON

/// Takes secrets out of texts that leave the house: those that are known, and what looks like one.
///
/// | what | becomes |
/// |---|---|
/// | a known secret, also as JSON spells it | `***` |
/// | a JSON Web Token (`eyJ...` with points) | `***` |
/// | the word behind `Bearer` or `Basic` | `***` |
/// | user and password of an address (`://user:password@`) | `***` |
/// | what follows the `?` of an address | `***` |
public struct Scrubber: Sendable {
  /// Shorter ones would stand in every text.
  static let secretBytesMin = 4
  private static let mark = Array("***".utf8)
  private var secrets: [[UInt8]] = []
  /// By byte: something may begin or end with it. What follows a blank, `?` or `/` may be a secret, too.
  private var isOfInterest = [Bool](repeating: false, count: 256)

  public init(_ secrets: [String]) {
    for secret in secrets where secret.utf8.count >= Self.secretBytesMin {
      self.secrets.append(Array(secret.utf8))
      // Without the quotes around it.
      let spelled = Array(JSONValue.string(secret).bytes.dropFirst().dropLast())
      if !spelled.elementsEqual(secret.utf8) { self.secrets.append(spelled) }
    }
    // Of two that begin alike the longer one goes first, or its end would be left.
    self.secrets.sort { $0.count > $1.count }
    // `eyJ`, and the ends of an address's word.
    for byte in Array("e:\"'<>\\".utf8) + Array(0...0x20) { isOfInterest[Int(byte)] = true }
    for secret in self.secrets { isOfInterest[Int(secret[0])] = true }
  }

  public func clean(_ text: [UInt8]) -> [UInt8] {
    var cleaned: [UInt8] = []
    cleaned.reserveCapacity(text.count)
    var index = 0
    /// Within a word that is an address.
    var inAddress = false
    while index < text.count {
      let plain = plainEnd(text, from: index)
      if plain > index {
        cleaned += text[index..<plain]
        index = plain
        continue
      }
      if Self.isBreak(text[index]) { inAddress = false }
      if let end = secretEnd(text, at: index, inAddress: inAddress) {
        cleaned += Self.mark
        index = end
        continue
      }
      if text[index...].begins(with: "://") { inAddress = true }
      cleaned.append(text[index])
      index += 1
    }
    return cleaned
  }

  /// The end of the bytes that cannot matter.
  private func plainEnd(_ text: [UInt8], from start: Int) -> Int {
    text.withUnsafeBufferPointer { text in
      isOfInterest.withUnsafeBufferPointer { isOfInterest in
        var index = start
        var before = start > 0 ? text[start - 1] : 0x20
        while index < text.count {
          let byte = text[index]
          if isOfInterest[Int(byte)] || before <= 0x20 || before == 0x3F || before == 0x2F { return index }
          before = byte
          index += 1
        }
        return index
      }
    }
  }

  /// The end of the secret that begins there; nil if none does.
  private func secretEnd(_ text: [UInt8], at index: Int, inAddress: Bool) -> Int? {
    let rest = text[index...]
    for secret in secrets where rest.first == secret.first && rest.starts(with: secret) {
      return index + secret.count
    }
    if rest.begins(with: "eyJ") {
      let end = rest.firstIndex { !Self.isOfToken($0) } ?? text.count
      if end - index >= 20, text[index..<end].contains(UInt8(ascii: ".")) { return end }
    }
    if Self.follows(text, index, "bearer ") || Self.follows(text, index, "basic ") {
      let end = rest.firstIndex { Self.isBreak($0) } ?? text.count
      // A word of a sentence is none.
      if end - index >= 8 { return end }
    }
    if inAddress, index > 0, text[index - 1] == UInt8(ascii: "?") {
      return rest.firstIndex { Self.isBreak($0) } ?? text.count
    }
    if index >= 3, text[(index - 3)..<index].begins(with: "://") {
      let end = rest.firstIndex { Self.isBreak($0) || $0 == UInt8(ascii: "/") } ?? text.count
      if let at = text[index..<end].lastIndex(of: UInt8(ascii: "@")), at > index { return at }
    }
    return nil
  }

  /// Whether `word`, in whatever case, stands right before.
  private static func follows(_ text: [UInt8], _ index: Int, _ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard index >= count else { return false }
    return word.withUTF8Buffer { word in
      for offset in 0..<count where text[index - count + offset] | 0x20 != word[offset] { return false }
      return true
    }
  }

  /// Blanks, quotes and brackets end a word.
  private static func isBreak(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "\\"):
      true
    default: false
    }
  }

  private static func isOfToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
