import Base
import CJansson

/// A JSON object read by jansson, released with this value. Names that are missing or of another type read as nil.
struct JSONObject: ~Copyable {
  private let root: UnsafeMutablePointer<json_t>

  /// nil unless the text is one whole JSON object.
  init?(_ bytes: [UInt8]) {
    var failure = json_error_t()
    let parsed = bytes.withUnsafeBufferPointer { buffer -> UnsafeMutablePointer<json_t>? in
      buffer.withMemoryRebound(to: CChar.self) { json_loadb($0.baseAddress, $0.count, 0, &failure) }
    }
    guard let parsed else { return nil }
    guard parsed.pointee.type == JSON_OBJECT else {
      json_decref(parsed)
      return nil
    }
    root = parsed
  }

  deinit { json_decref(root) }

  func text(_ name: String, in object: String? = nil) -> String? {
    guard let value = value(name, in: object), let text = json_string_value(value) else { return nil }
    return String(cString: text)
  }

  /// A whole number, or the whole part of another.
  func integer(_ name: String) -> Int64? {
    guard let value = value(name, in: nil) else { return nil }
    switch value.pointee.type {
    case JSON_INTEGER: return Int64(json_integer_value(value))
    case JSON_REAL: return Int64(exactly: json_real_value(value).rounded(.down))
    default: return nil
    }
  }

  func flag(_ name: String, in object: String? = nil) -> Bool? {
    guard let value = value(name, in: object) else { return nil }
    switch value.pointee.type {
    case JSON_TRUE: return true
    case JSON_FALSE: return false
    default: return nil
    }
  }

  /// Whether there is such a name with anything but null.
  func has(_ name: String) -> Bool { value(name, in: nil).map { $0.pointee.type != JSON_NULL } ?? false }

  /// The texts of an array; what is none in it is left out.
  func texts(_ name: String, in object: String? = nil) -> [String] {
    guard let value = value(name, in: object) else { return [] }
    var texts: [String] = []
    for index in 0..<json_array_size(value) {
      if let text = json_string_value(json_array_get(value, index)) { texts.append(String(cString: text)) }
    }
    return texts
  }

  func hasObject(_ name: String) -> Bool { value(name, in: nil)?.pointee.type == JSON_OBJECT }

  private func value(_ name: String, in object: String?) -> UnsafeMutablePointer<json_t>? {
    var holder: UnsafeMutablePointer<json_t>? = root
    if let object { holder = json_object_get(root, object) }
    guard let holder else { return nil }
    return json_object_get(holder, name)
  }
}

/// Writes a JSON object, jansson doing the escapes. Members keep their order.
struct JSONWriter: ~Copyable {
  private let root: UnsafeMutablePointer<json_t>?

  init() { root = json_object() }

  deinit { if let root { json_decref(root) } }

  func set(_ name: String, _ text: String) { json_object_set_new(root, name, json_string(text)) }
  func set(_ name: String, _ number: Int64) {
    json_object_set_new(root, name, json_integer(json_int_t(number)))
  }

  func set(_ name: String, _ flag: Bool) {
    json_object_set_new(root, name, flag ? json_true() : json_false())
  }
  func set(_ name: String, _ object: borrowing JSONWriter) { json_object_set(root, name, object.root) }

  /// Adds to a list, which begins with its first element.
  func append(_ object: borrowing JSONWriter, to name: String) { json_array_append(list(name), object.root) }
  func append(_ text: String, to name: String) { json_array_append_new(list(name), json_string(text)) }

  private func list(_ name: String) -> UnsafeMutablePointer<json_t>? {
    if let list = json_object_get(root, name) { return list }
    json_object_set_new(root, name, json_array())
    return json_object_get(root, name)
  }

  var text: String {
    guard let root else { return "" }
    let flags = Int(JSON_COMPACT)
    let size = json_dumpb(root, nil, 0, flags)
    var bytes = [UInt8](repeating: 0, count: size)
    _ = bytes.withUnsafeMutableBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { json_dumpb(root, $0.baseAddress, $0.count, flags) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
