import Base

/// RFC 6455 §5.2 opcodes.
enum WebSocketOpcode {
  static let continuation: UInt8 = 0
  static let text: UInt8 = 1
  static let binary: UInt8 = 2
  static let close: UInt8 = 8
  static let ping: UInt8 = 9
  static let pong: UInt8 = 10
}

/// Why a connection has to be failed: the close code of RFC 6455 §7.4.1 that the peer is told, and the words.
public struct WebSocketViolation: Error, Equatable, Sendable {
  public let closeCode: UInt16
  public let reason: String
}

/// Writes client frames (RFC 6455 §5.2): masked, whole messages, no extensions.
public enum WebSocketFrameEncoder {
  /// - Parameter mask: fresh from the system's generator for each frame (RFC 6455 §5.3).
  public static func frame(opcode: UInt8, payload: [UInt8], mask: UInt32) -> [UInt8] {
    var writer = ByteWriter(capacity: payload.count + 14)
    writer.u8(0x80 | opcode)
    if payload.count < 126 {
      writer.u8(0x80 | UInt8(payload.count))
    } else if payload.count <= 0xFFFF {
      writer.u8(0x80 | 126)
      writer.u16(UInt16(payload.count))
    } else {
      writer.u8(0x80 | 127)
      writer.u64(UInt64(payload.count))
    }
    writer.u32(mask)
    var shift: UInt32 = 24
    for byte in payload {
      writer.u8(byte ^ UInt8(truncatingIfNeeded: mask >> shift))
      shift = (shift &- 8) & 31
    }
    return writer.bytes
  }

  /// The payload of a close frame (RFC 6455 §5.5.1); the reason is cut to the 123 bytes that fit.
  public static func closePayload(code: UInt16, reason: String) -> [UInt8] {
    var text = Array(reason.utf8)
    if text.count > 123 {
      var end = 123
      // Not in the middle of a character.
      while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
      text = Array(text[..<end])
    }
    return [UInt8(code >> 8), UInt8(code & 0xFF)] + text
  }
}

/// Reads server frames and puts fragmented messages together (RFC 6455 §5). No socket, no clock.
///
/// `feed` what came, then take `next` until it is nil. After an error the decoder is not to be used any more.
public struct WebSocketFrameDecoder {
  public enum Event: Equatable, Sendable {
    case message([UInt8], isText: Bool)
    case ping([UInt8])
    case pong([UInt8])
    /// The code is 1005 if the frame had none (RFC 6455 §7.1.5).
    case close(code: UInt16, reason: String)
  }

  private struct Frame {
    let opcode: UInt8
    let isFinal: Bool
    var remaining: Int
  }

  private let messageBytesMax: Int
  private var input: [UInt8] = []
  private var cursor = 0
  private var frame: Frame?
  /// The data message under way and its opcode; 0 while there is none.
  private var message: [UInt8] = []
  private var messageOpcode: UInt8 = 0
  private var control: [UInt8] = []

  public init(messageBytesMax: Int) { self.messageBytesMax = messageBytesMax }

  public mutating func feed(_ bytes: [UInt8]) {
    if cursor == input.count {
      input = bytes
    } else {
      input = Array(input[cursor...]) + bytes
    }
    cursor = 0
  }

  public mutating func next() throws(WebSocketViolation) -> Event? {
    while true {
      if frame == nil {
        guard let begun = try takeHeader() else { return nil }
        frame = begun
      }
      guard let current = frame else { return nil }
      let count = min(current.remaining, input.count - cursor)
      let bytes = input[cursor..<cursor + count]
      cursor += count
      if current.opcode >= WebSocketOpcode.close { control += bytes } else { message += bytes }
      frame?.remaining -= count
      guard count == current.remaining else { return nil }
      frame = nil
      if let event = try finish(current) { return event }
    }
  }

  /// RFC 6455 §5.2; nil while the header is not complete.
  private mutating func takeHeader() throws(WebSocketViolation) -> Frame? {
    var reader = ByteReader(input, from: cursor, to: input.count)
    guard let first = try? reader.u8(), let second = try? reader.u8() else { return nil }
    let opcode = first & 0x0F
    guard first & 0x70 == 0 else {
      throw violation("a reserved bit is set though no extension was agreed")
    }
    guard second & 0x80 == 0 else { throw violation("the server masked a frame") }
    let isFinal = first & 0x80 != 0
    var length = UInt64(second & 0x7F)
    try check(opcode: opcode, isFinal: isFinal, shortLength: length)
    if length == 126 {
      guard let value = try? reader.u16() else { return nil }
      length = UInt64(value)
    } else if length == 127 {
      guard let value = try? reader.u64() else { return nil }
      length = value
    }
    if opcode < WebSocketOpcode.close {
      guard length <= UInt64(messageBytesMax - message.count) else {
        throw WebSocketViolation(
          closeCode: 1009, reason: "a message is larger than \(messageBytesMax) bytes")
      }
      if opcode != WebSocketOpcode.continuation { messageOpcode = opcode }
    }
    cursor = reader.offset
    return Frame(opcode: opcode, isFinal: isFinal, remaining: Int(length))
  }

  private func check(opcode: UInt8, isFinal: Bool, shortLength: UInt64) throws(WebSocketViolation) {
    switch opcode {
    case WebSocketOpcode.continuation:
      guard messageOpcode != 0 else { throw violation("a continuation without a beginning") }
    case WebSocketOpcode.text, WebSocketOpcode.binary:
      guard messageOpcode == 0 else { throw violation("a message began within another") }
    case WebSocketOpcode.close, WebSocketOpcode.ping, WebSocketOpcode.pong:
      // RFC 6455 §5.5.
      guard isFinal else { throw violation("a control frame is fragmented") }
      guard shortLength <= 125 else { throw violation("a control frame is longer than 125 bytes") }
    default:
      throw violation("the opcode \(opcode) is not defined")
    }
  }

  private mutating func finish(_ frame: Frame) throws(WebSocketViolation) -> Event? {
    guard frame.opcode < WebSocketOpcode.close else {
      defer { control = [] }
      switch frame.opcode {
      case WebSocketOpcode.ping: return .ping(control)
      case WebSocketOpcode.pong: return .pong(control)
      default: return try closeEvent()
      }
    }
    guard frame.isFinal else { return nil }
    defer {
      message = []
      messageOpcode = 0
    }
    let isText = messageOpcode == WebSocketOpcode.text
    if isText, !isValidUTF8(message) {
      throw WebSocketViolation(closeCode: 1007, reason: "a text message is not UTF-8")
    }
    return .message(message, isText: isText)
  }

  /// RFC 6455 §5.5.1 and §7.4.
  private func closeEvent() throws(WebSocketViolation) -> Event {
    guard !control.isEmpty else { return .close(code: 1005, reason: "") }
    guard control.count >= 2 else { throw violation("a close frame of one byte") }
    let code = UInt16(control[0]) << 8 | UInt16(control[1])
    switch code {
    case 1000...1003, 1007...1014, 3000...4999: break
    default: throw violation("the close code \(code) may not be sent")
    }
    let text = Array(control[2...])
    guard isValidUTF8(text) else {
      throw WebSocketViolation(closeCode: 1007, reason: "the reason of a close frame is not UTF-8")
    }
    return .close(code: code, reason: String(decoding: text, as: UTF8.self))
  }

  private func violation(_ reason: String) -> WebSocketViolation {
    WebSocketViolation(closeCode: 1002, reason: reason)
  }
}

private func isValidUTF8(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }
