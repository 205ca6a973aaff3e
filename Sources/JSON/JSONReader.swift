import Base
import CJansson

/// How much a text may make the reader build.
public enum JSONLimits {
  /// Nested objects and arrays; the status of `lintelctl` is four deep, a token five.
  public static let depthMax = 16
  /// Values where the caller sets no limit of its own: a status with 300 participants.
  public static let valuesMax = 16384
}

/// Why a text is no JSON that may be taken, as a sentence that says where.
public enum JSONFailure: Error, Equatable, Sendable, CustomStringConvertible {
  case malformed(String)
  case tooDeep
  case tooManyValues

  public var description: String {
    switch self {
    case .malformed(let message): message
    case .tooDeep: "nested more than \(JSONLimits.depthMax) deep"
    case .tooManyValues: "too many values"
    }
  }
}

extension JSONValue {
  /// Parses one value with nothing after it. Depth and number of values are counted before the library allocates.
  ///
  /// A name that comes twice is a mistake, unless `lastCounts`: so it is in tokens (RFC 7519 §4), which others read
  /// the same way.
  public static func parse(
    _ bytes: [UInt8], valuesMax: Int = JSONLimits.valuesMax, lastCounts: Bool = false
  ) throws(JSONFailure) -> JSONValue {
    try measure(bytes, valuesMax: valuesMax)
    var error = json_error_t()
    let flags = JSONFlag.decodeAny | (lastCounts ? 0 : JSONFlag.rejectDuplicates)
    let root = bytes.withUnsafeBytes { raw in
      json_loadb(raw.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, flags, &error)
    }
    guard let root else {
      let message = withUnsafePointer(to: error) { String(cString: lintel_json_error_text($0)) }
      throw .malformed("\(printable(message)) (byte \(error.position))")
    }
    defer { json_decref(root) }
    return convert(root)
  }

  /// Brackets outside of texts are levels, commas and brackets begin values.
  private static func measure(_ bytes: [UInt8], valuesMax: Int) throws(JSONFailure) {
    var depth = 0
    var values = 1
    var inText = false
    var escaped = false
    for byte in bytes {
      if inText {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): inText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        values += 1
        guard depth <= JSONLimits.depthMax else { throw .tooDeep }
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ","): values += 1
      default: break
      }
      guard values <= valuesMax else { throw .tooManyValues }
    }
  }

  /// The depth of the recursion was measured.
  private static func convert(_ value: UnsafeMutablePointer<json_t>) -> JSONValue {
    switch value.pointee.type {
    case JSON_TRUE: return .bool(true)
    case JSON_FALSE: return .bool(false)
    case JSON_INTEGER: return .integer(Int64(json_integer_value(value)))
    case JSON_REAL: return .real(json_real_value(value))
    case JSON_STRING: return .string(text(json_string_value(value), json_string_length(value)))
    case JSON_ARRAY:
      var values: [JSONValue] = []
      for index in 0..<json_array_size(value) {
        if let element = json_array_get(value, index) { values.append(convert(element)) }
      }
      return .array(values)
    case JSON_OBJECT:
      var members: [Member] = []
      var iterator = json_object_iter(value)
      while let current = iterator {
        if let key = json_object_iter_key(current), let member = json_object_iter_value(current) {
          members.append(Member(String(cString: key), convert(member)))
        }
        iterator = json_object_iter_next(value, current)
      }
      return .object(members)
    default: return .null
    }
  }

  /// jansson lets only valid UTF-8 pass.
  private static func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
    guard let start else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
  }
}

/// The values of the library's macros, which are casts and so not imported.
enum JSONFlag {
  static let rejectDuplicates = 0x1
  static let decodeAny = 0x4
  static let compact = 0x20
  static let encodeAny = 0x200
}
