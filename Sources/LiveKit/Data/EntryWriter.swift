import Base
import CLiveKitProtocol

/// Writes the entries of one repeated field. The pointer that `register` stores is unretained: the writer must
/// outlive the encoding.
final class EntryWriter {
  typealias Stream = UnsafeMutablePointer<pb_ostream_t>
  typealias Field = UnsafePointer<pb_field_iter_t>

  fileprivate let write: (Stream, Field) -> Bool

  init(_ write: @escaping (Stream, Field) -> Bool) { self.write = write }

  static func names(_ names: [Name]) -> EntryWriter {
    EntryWriter { stream, field in
      for name in names {
        guard pb_encode_tag_for_field(stream, field),
          name.bytes.withUnsafeBufferPointer({ pb_encode_string(stream, $0.baseAddress, $0.count) })
        else { return false }
      }
      return true
    }
  }

  /// A map from string to string.
  static func attributes(_ attributes: [StreamAttribute], _ strings: CStrings) -> EntryWriter {
    let entries = attributes.map {
      livekit_ParticipantInfo_AttributesEntry(
        key: strings.borrow($0.key), value: strings.borrow($0.value))
    }
    return EntryWriter { stream, field in
      for var entry in entries {
        guard lintel_write_AttributesEntry(stream, field, &entry) else { return false }
      }
      return true
    }
  }

  func register(_ callback: inout pb_callback_t) {
    callback.funcs.encode = writeEntries
    callback.arg = Unmanaged.passUnretained(self).toOpaque()
  }
}

private let writeEntries:
  @convention(c) (
    UnsafeMutablePointer<pb_ostream_t>?, UnsafePointer<pb_field_iter_t>?,
    UnsafePointer<UnsafeMutableRawPointer?>?
  ) -> Bool = { stream, field, argument in
    guard let stream, let field, let writer = argument?.pointee else { return false }
    return Unmanaged<EntryWriter>.fromOpaque(writer).takeUnretainedValue().write(stream, field)
  }
