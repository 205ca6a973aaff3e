import Base

/// The digits of a telephone and their event codes (RFC 4733 §3.2).
enum DTMF {
  private static let digits = Array("0123456789*#abcd".utf8)

  /// 0...15; nil if it is no digit. Either case.
  static func code(_ ascii: UInt8) -> Int? {
    let lower = ascii >= 0x41 && ascii <= 0x5A ? ascii + 0x20 : ascii
    return digits.firstIndex(of: lower)
  }

  /// In lower case, as bridges to telephones understand it.
  static func wireDigit(_ code: Int) -> String { String(decoding: [digits[code]], as: UTF8.self) }

  /// In upper case, as on the key.
  static func digit(_ code: Int) -> UInt8 { code > 11 ? digits[code] - 0x20 : digits[code] }
}
