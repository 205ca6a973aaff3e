import Base
import CLiveKitProtocol

/// What one entry of a repeated field came to.
enum MessageEntry<Value> {
  case value(Value)
  /// Well-formed, but it names somebody by what is no name: this entry alone is left out.
  case refused
  /// The whole message is.
  case malformed

  init(_ value: Value?) { self = value.map { .value($0) } ?? .malformed }
}

/// Collects the entries of one repeated field as nanopb hands them over, up to a limit; the rest are counted.
///
/// The pointer that `register` stores is unretained: the list must outlive the decoding.
final class MessageList<Value> {
  private let storage: Storage
  private let sink: EntrySink

  /// `decode` reads one entry from its own sub-stream.
  init(limit: Int, decode: @escaping (UnsafeMutablePointer<pb_istream_t>) -> MessageEntry<Value>) {
    let storage = Storage()
    self.storage = storage
    sink = EntrySink { stream in
      guard storage.values.count < limit else {
        storage.dropped &+= 1
        return pb_read(stream, nil, stream.pointee.bytes_left)
      }
      switch decode(stream) {
      case .value(let value): storage.values.append(value)
      case .refused: storage.refused &+= 1
      case .malformed: return false
      }
      return true
    }
  }

  var values: [Value] { storage.values }
  var dropped: Int { storage.dropped }
  var refused: Int { storage.refused }

  func register(_ callback: inout pb_callback_t) {
    callback.funcs.decode = decodeEntry
    callback.arg = Unmanaged.passUnretained(sink).toOpaque()
  }

  private final class Storage {
    var values: [Value] = []
    var dropped = 0
    var refused = 0
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

/// One entry of a `repeated string` that is no name.
func decodeText(_ stream: UnsafeMutablePointer<pb_istream_t>) -> MessageEntry<String> {
  MessageEntry(decodeBytes(stream).map { String(decoding: $0, as: UTF8.self) })
}

/// One entry of a `repeated string` that is a name.
func decodeName(_ stream: UnsafeMutablePointer<pb_istream_t>) -> MessageEntry<Name> {
  guard let bytes = decodeBytes(stream) else { return .malformed }
  return Name(bytes: bytes).map { .value($0) } ?? .refused
}

private func decodeBytes(_ stream: UnsafeMutablePointer<pb_istream_t>) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: stream.pointee.bytes_left)
  let isRead = bytes.withUnsafeMutableBufferPointer { pb_read(stream, $0.baseAddress, $0.count) }
  return isRead ? bytes : nil
}
