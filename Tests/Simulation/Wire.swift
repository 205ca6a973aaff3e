/// Protobuf as the model of the server writes and reads it: by field number, apart from the product's tables.
struct Wire {
  var bytes: [UInt8] = []

  private static func append(varint value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  func number(_ field: Int, _ value: Int64) -> Wire {
    var wire = self
    Wire.append(varint: UInt64(field) << 3, to: &wire.bytes)
    Wire.append(varint: UInt64(bitPattern: value), to: &wire.bytes)
    return wire
  }
  func number(_ field: Int, _ value: Int) -> Wire { number(field, Int64(value)) }
  func flag(_ field: Int, _ value: Bool) -> Wire { number(field, Int64(value ? 1 : 0)) }
  func data(_ field: Int, _ value: [UInt8]) -> Wire {
    var wire = self
    Wire.append(varint: UInt64(field) << 3 | 2, to: &wire.bytes)
    Wire.append(varint: UInt64(value.count), to: &wire.bytes)
    wire.bytes += value
    return wire
  }
  func text(_ field: Int, _ value: String) -> Wire { data(field, Array(value.utf8)) }
  func message(_ field: Int, _ value: Wire) -> Wire { data(field, value.bytes) }
}

/// The fields of one message, in the order in which they came.
struct Fields {
  struct Field {
    var number: Int
    var value: UInt64
    var data: [UInt8]
  }
  private(set) var all: [Field] = []

  init?(_ bytes: [UInt8]) {
    var index = 0
    func varint() -> UInt64? {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while index < bytes.count, shift < 64 {
        let byte = bytes[index]
        index += 1
        value |= UInt64(byte & 0x7F) << shift
        if byte & 0x80 == 0 { return value }
        shift += 7
      }
      return nil
    }
    while index < bytes.count {
      guard let tag = varint(), let value = varint() else { return nil }
      var field = Field(number: Int(truncatingIfNeeded: tag >> 3), value: value, data: [])
      if tag & 7 == 2 {
        let end = index + Int(truncatingIfNeeded: value)
        guard end >= index, end <= bytes.count else { return nil }
        field.data = Array(bytes[index..<end])
        index = end
      } else if tag & 7 != 0 {
        return nil
      }
      all.append(field)
    }
  }

  func first(_ number: Int) -> Field? { all.first { $0.number == number } }
  func number(_ field: Int) -> Int64 { Int64(bitPattern: first(field)?.value ?? 0) }
  func flag(_ field: Int) -> Bool { number(field) != 0 }
  func text(_ field: Int) -> String { String(decoding: first(field)?.data ?? [], as: UTF8.self) }
  func message(_ field: Int) -> Fields? { first(field).flatMap { Fields($0.data) } }
  func messages(_ field: Int) -> [Fields] { all.filter { $0.number == field }.compactMap { Fields($0.data) } }
  func texts(_ field: Int) -> [String] {
    all.filter { $0.number == field }.map { String(decoding: $0.data, as: UTF8.self) }
  }
}
