import Base
import CLiveKitProtocol

/// What a message only borrows while it is encoded: zero-terminated copies of strings, contents and entries.
final class CStrings {
  private var buffers: [UnsafeMutableBufferPointer<CChar>] = []
  private var contents: [ContentField] = []
  private var writers: [EntryWriter] = []

  /// nil for the empty string, which proto3 does not send.
  func borrow(_ text: String) -> UnsafeMutablePointer<CChar>? {
    if text.isEmpty { return nil }
    let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count + 1)
    var index = 0
    for byte in Array(text.utf8) {
      buffer.initializeElement(at: index, to: CChar(bitPattern: byte))
      index += 1
    }
    buffer.initializeElement(at: index, to: 0)
    buffers.append(buffer)
    return buffer.baseAddress
  }

  func write(_ bytes: [UInt8], into callback: inout pb_callback_t) {
    let content = ContentField(bytes)
    contents.append(content)
    content.write(into: &callback)
  }

  /// What is empty is not sent, as proto3 has it.
  func write(_ name: Name, into callback: inout pb_callback_t) {
    if !name.isEmpty { write(name.bytes, into: &callback) }
  }

  func keep(_ writer: EntryWriter) { writers.append(writer) }

  /// The entries of a repeated field.
  func write(
    into callback: inout pb_callback_t, _ entries: @escaping (EntryWriter.Stream, EntryWriter.Field) -> Bool
  ) {
    let writer = EntryWriter(entries)
    keep(writer)
    writer.register(&callback)
  }

  /// The bytes of a message that borrows from here; `write` tells the size when it is given no room. Empty only if
  /// memory is exhausted.
  func encode<Message>(
    _ message: inout Message,
    _ write: (UnsafePointer<Message>?, UnsafeMutablePointer<UInt8>?, Int) -> Int
  ) -> [UInt8] {
    let size = write(&message, nil, 0)
    var bytes = [UInt8](repeating: 0, count: size)
    let written = bytes.withUnsafeMutableBufferPointer { write(&message, $0.baseAddress, $0.count) }
    return written == size ? bytes : []
  }

  deinit {
    for buffer in buffers { buffer.deallocate() }
  }
}
