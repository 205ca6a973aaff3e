import Base
import CLiveKitProtocol

/// Collects the entries of one repeated field as nanopb hands them over, up to a limit; the rest are counted.
///
/// The pointer that `register` stores is unretained: the list must outlive the decoding.
final class MessageList<Value> {
  private let storage: Storage
  private let sink: EntrySink

  /// `decode` reads one entry from its own sub-stream; nil makes the whole message malformed.
  init(limit: Int, decode: @escaping (UnsafeMutablePointer<pb_istream_t>) -> Value?) {
    let storage = Storage()
    self.storage = storage
    sink = EntrySink { stream in
      guard storage.values.count < limit else {
        storage.dropped += 1
        return pb_read(stream, nil, stream.pointee.bytes_left)
      }
      guard let value = decode(stream) else { return false }
      storage.values.append(value)
      return true
    }
  }

  var values: [Value] { storage.values }
  var dropped: Int { storage.dropped }

  func register(_ callback: inout pb_callback_t) {
    callback.funcs.decode = decodeEntry
    callback.arg = Unmanaged.passUnretained(sink).toOpaque()
  }

  private final class Storage {
    var values: [Value] = []
    var dropped = 0
  }
}

/// What a C callback can hold on to: no generics, no captured context.
final class EntrySink {
  let take: (UnsafeMutablePointer<pb_istream_t>) -> Bool

  init(_ take: @escaping (UnsafeMutablePointer<pb_istream_t>) -> Bool) { self.take = take }
}

private let decodeEntry:
  @convention(c) (
    UnsafeMutablePointer<pb_istream_t>?, UnsafePointer<pb_field_iter_t>?,
    UnsafeMutablePointer<UnsafeMutableRawPointer?>?
  ) -> Bool = { stream, _, argument in
    guard let stream, let sink = argument?.pointee else { return false }
    return Unmanaged<EntrySink>.fromOpaque(sink).takeUnretainedValue().take(stream)
  }

/// The text of a zero-terminated C string, empty for none; invalid UTF-8 is replaced by U+FFFD.
func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
  guard let pointer else { return "" }
  return String(cString: pointer)
}

/// One entry of a `repeated string`.
func decodeText(_ stream: UnsafeMutablePointer<pb_istream_t>) -> String? {
  var bytes = [UInt8](repeating: 0, count: stream.pointee.bytes_left)
  guard bytes.withUnsafeMutableBufferPointer({ pb_read(stream, $0.baseAddress, $0.count) }) else {
    return nil
  }
  return String(decoding: bytes, as: UTF8.self)
}
