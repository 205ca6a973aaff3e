import Base

/// Whom somebody meant to dial: a number as he wrote it, or a user that only a trunk knows.
public struct PhoneNumber: Equatable, Sendable {
  public enum Form: Equatable, Sendable {
    /// With `+` and the country code (ITU-T E.164): understood everywhere.
    case international
    /// Digits that only this trunk, or this exchange, understands.
    case local
    /// A user of SIP, such as `concierge`.
    case user
  }

  public let form: Form
  /// What is dialled: without the separators that people write.
  public let text: String

  /// - Parameter written: with blanks, `-`, `(`, `)` and `.` between the digits as people like.
  public init(_ written: String) throws(PhoneNumberFault) {
    let meant = withoutInvisible(Array(written.utf8)[...])
    guard let first = meant.first else { throw .empty }
    guard !meant.contains(UInt8(ascii: "@")) else { throw .atSign }
    guard meant.allSatisfy({ $0 < 0x80 }) else { throw .notASCII }
    if isLetterOrDigit(first), !isDigit(first) {
      text = try PhoneNumber.user(meant)
      form = .user
      return
    }
    let digits = meant.filter { !PhoneNumber.isSeparator($0) }
    let isInternational = digits.first == UInt8(ascii: "+")
    let rest = isInternational ? digits.dropFirst() : digits[...]
    for byte in rest where !isDigit(byte) && (isInternational || byte != UInt8(ascii: "*")) {
      throw isLetterOrDigit(byte) ? .letters : .character(byte)
    }
    guard !rest.isEmpty else { throw .noDigits }
    let max = isInternational ? TelephonyLimits.e164DigitsMax : TelephonyLimits.localDigitsMax
    guard rest.count <= max else { throw .tooLong(digits: rest.count, max: max) }
    guard !isInternational || rest.first != UInt8(ascii: "0") else { throw .countryCodeZero }
    text = String(decoding: digits, as: UTF8.self)
    form = isInternational ? .international : .local
  }

  private static func user(_ bytes: ArraySlice<UInt8>) throws(PhoneNumberFault) -> String {
    guard bytes.count <= TelephonyLimits.userBytesMax else { throw .userTooLong }
    for byte in bytes where !isTokenByte(byte) { throw .character(byte) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What somebody may have meant where the trunk does not know it; nil where nothing looks wrong.
  public var hint: String? {
    guard form == .local else { return nil }
    let digits = text.utf8
    if digits.starts(with: "00".utf8) { return "write it with + and the country code in place of 00" }
    if digits.starts(with: "011".utf8) { return "write it with + and the country code in place of 011" }
    if digits.first == UInt8(ascii: "0") {
      return "write it with + and the country code in place of the first 0"
    }
    return digits.count >= 7 ? "write it with + and the country code" : nil
  }

  /// As Meta wants it: the country code and the number, without `+`. Whoever leaves the `+` away means the same.
  public func whatsApp() throws(PhoneNumberFault) -> String {
    switch form {
    case .international: return String(decoding: text.utf8.dropFirst(), as: UTF8.self)
    case .user: throw .letters
    case .local:
      guard text.utf8.allSatisfy({ isDigit($0) }), text.utf8.first != UInt8(ascii: "0"),
        (7...TelephonyLimits.e164DigitsMax).contains(text.utf8.count)
      else { throw .noCountryCode }
      return text
    }
  }

  /// A number without what people write between its digits; a user as it is.
  static func withoutSeparators(_ text: String) -> String {
    let isNumber = text.utf8.allSatisfy { isDigit($0) || "+*#".utf8.contains($0) || isSeparator($0) }
    return isNumber ? String(decoding: text.utf8.filter { !isSeparator($0) }, as: UTF8.self) : text
  }

  private static func isSeparator(_ byte: UInt8) -> Bool { " \t-().".utf8.contains(byte) }
}

/// Why a text is no number, and what to do about it.
public enum PhoneNumberFault: Error, Equatable, Sendable {
  case empty, noDigits, atSign, letters, notASCII, userTooLong, countryCodeZero, noCountryCode
  case tooLong(digits: Int, max: Int)
  case character(UInt8)

  /// The end of a sentence that begins with what it was read from.
  public var words: String {
    switch self {
    case .empty: "is empty"
    case .noDigits: "has no digits in it"
    case .atSign: "has an @ in it: write the number or the user alone, as the trunk has the host"
    case .letters: "has letters in it: write its digits"
    case .notASCII:
      "has a character in it that is on no telephone, such as an emoji or a letter with an accent"
    case .userTooLong: "is a user of more than \(TelephonyLimits.userBytesMax) letters"
    case .countryCodeZero: "has a 0 after the +, where the country code begins"
    case .noCountryCode: "has no country code: write it with + and the country code, such as +15550123"
    case .tooLong(let digits, let max): "has \(digits) digits, and a number has at most \(max)"
    case .character(let byte):
      byte > 0x20 && byte < 0x7F
        ? "has a '\(String(decoding: [byte], as: UTF8.self))' in it, which no number has"
        : "has a blank or a control character in the middle"
    }
  }
}
