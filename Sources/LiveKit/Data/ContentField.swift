import Base
import CLiveKitProtocol

/// Bytes, a text of any length or a name in one field, on their way into or out of a message.
///
/// The pointers that `read` and `write` store are unretained: the field must outlive the decoding or encoding.
final class ContentField {
  var bytes: [UInt8]
  /// Whether the message had the field; an empty one counts.
  private(set) var isPresent = false

  init(_ bytes: [UInt8] = []) { self.bytes = bytes }

  var text: String { String(decoding: bytes, as: UTF8.self) }
  /// nil for what is none; a field that is absent is the empty name.
  var name: Name? { Name(bytes: bytes) }

  func read(into callback: inout pb_callback_t) {
    callback.funcs.decode = readContent
    callback.arg = Unmanaged.passUnretained(self).toOpaque()
  }

  func write(into callback: inout pb_callback_t) {
    callback.funcs.encode = writeContent
    callback.arg = Unmanaged.passUnretained(self).toOpaque()
  }

  /// The last of several wins, as protobuf has it.
  fileprivate func take(_ stream: UnsafeMutablePointer<pb_istream_t>) -> Bool {
    isPresent = true
    let count = stream.pointee.bytes_left
    var isRead = true
    bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      isRead = pb_read(stream, buffer.baseAddress, count)
      initialized = isRead ? count : 0
    }
    return isRead
  }
}

private let readContent:
  @convention(c) (
    UnsafeMutablePointer<pb_istream_t>?, UnsafePointer<pb_field_iter_t>?,
    UnsafeMutablePointer<UnsafeMutableRawPointer?>?
  ) -> Bool = { stream, _, argument in
    guard let stream, let field = argument?.pointee else { return false }
    return Unmanaged<ContentField>.fromOpaque(field).takeUnretainedValue().take(stream)
  }

private let writeContent:
  @convention(c) (
    UnsafeMutablePointer<pb_ostream_t>?, UnsafePointer<pb_field_iter_t>?,
    UnsafePointer<UnsafeMutableRawPointer?>?
  ) -> Bool = { stream, field, argument in
    guard let stream, let field, let content = argument?.pointee else { return false }
    let bytes = Unmanaged<ContentField>.fromOpaque(content).takeUnretainedValue().bytes
    guard pb_encode_tag_for_field(stream, field) else { return false }
    return bytes.withUnsafeBufferPointer { pb_encode_string(stream, $0.baseAddress, $0.count) }
  }
