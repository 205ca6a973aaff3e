import Base

/// `application/x-www-form-urlencoded`: what Twilio posts, and the query of an address.
public struct FormFields: Equatable, Sendable {
  public struct Field: Equatable, Sendable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public let fields: [Field]

  public init(_ fields: [Field]) { self.fields = fields }

  public init(parsing bytes: [UInt8]) throws(WebhookFault) {
    guard bytes.count <= TelephonyLimits.formBytesMax else {
      throw .tooLarge(bytesMax: TelephonyLimits.formBytesMax)
    }
    var fields: [Field] = []
    for part in bytes.split(separator: UInt8(ascii: "&")) {
      guard fields.count < TelephonyLimits.formFieldsMax else {
        throw .tooMany(max: TelephonyLimits.formFieldsMax)
      }
      let sign = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
      let value = sign < part.endIndex ? part[(sign + 1)...] : []
      fields.append(Field(try FormFields.decoded(part[..<sign]), try FormFields.decoded(value)))
    }
    self.fields = fields
  }

  /// The first of that name.
  public subscript(name: String) -> String? {
    for field in fields where field.name.utf8.elementsEqual(name.utf8) { return field.value }
    return nil
  }

  /// The same in one text, as it is sent.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    for field in fields {
      if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
      bytes += FormFields.encoded(field.name)
      bytes.append(UInt8(ascii: "="))
      bytes += FormFields.encoded(field.value)
    }
    return bytes
  }

  private static func encoded(_ text: String) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isLetterOrDigit(byte) || "-._*".utf8.contains(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return bytes
  }

  private static func decoded(_ text: ArraySlice<UInt8>) throws(WebhookFault) -> String {
    var bytes: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(0x20)
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap({ hexadecimalDigitValue($0) }),
          let low = rest.popFirst().flatMap({ hexadecimalDigitValue($0) })
        else { throw .malformed("a % in it has no two digits") }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else {
      throw .malformed("it is no UTF-8")
    }
    return decoded
  }
}
