import Base
import Testing

@testable import Reactor

struct WebSocketFramesTests {
  private func decode(
    _ bytes: [UInt8], limit: Int = 100_000, pieces: Int = .max
  ) throws(WebSocketViolation) -> [WebSocketFrameDecoder.Event] {
    var decoder = WebSocketFrameDecoder(messageBytesMax: limit)
    var events: [WebSocketFrameDecoder.Event] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      decoder.feed(Array(rest.prefix(pieces)))
      rest = rest.dropFirst(min(pieces, rest.count))
      while let event = try decoder.next() { events.append(event) }
    }
    return events
  }

  private func unmasked(_ hex: String) throws -> [UInt8] { try #require(bytes(hexadecimal: hex)) }

  /// The examples of RFC 6455 §5.7, the server's direction.
  @Test(arguments: [1, 3, Int.max]) func examplesOfTheStandard(pieces: Int) throws {
    let hello = Array("Hello".utf8)
    #expect(try decode(unmasked("810548656c6c6f"), pieces: pieces) == [.message(hello, isText: true)])
    #expect(try decode(unmasked("010348656c80026c6f"), pieces: pieces) == [.message(hello, isText: true)])
    #expect(try decode(unmasked("890548656c6c6f"), pieces: pieces) == [.ping(hello)])
    let long = [UInt8](repeating: 0xA5, count: 256)
    #expect(try decode(unmasked("827e0100") + long, pieces: pieces) == [.message(long, isText: false)])
    let longer = [UInt8](repeating: 0x5A, count: 65_536)
    #expect(
      try decode(unmasked("827f0000000000010000") + longer, pieces: pieces) == [
        .message(longer, isText: false)
      ])
  }

  /// The same, the client's direction.
  @Test func maskedExamplesOfTheStandard() throws {
    let hello = Array("Hello".utf8)
    let frame = WebSocketFrameEncoder.frame(opcode: WebSocketOpcode.text, payload: hello, mask: 0x37FA_213D)
    #expect(frame == (try unmasked("818537fa213d7f9f4d5158")))
    let pong = WebSocketFrameEncoder.frame(opcode: WebSocketOpcode.pong, payload: hello, mask: 0x37FA_213D)
    #expect(pong == (try unmasked("8a8537fa213d7f9f4d5158")))
    for (count, head) in [
      (125, "82fd"), (126, "82fe007e"), (65_535, "82feffff"), (65_536, "82ff0000000000010000"),
    ] {
      let frame = WebSocketFrameEncoder.frame(
        opcode: WebSocketOpcode.binary, payload: [UInt8](repeating: 1, count: count), mask: 0)
      let prefix = try unmasked(head) + [0, 0, 0, 0]
      #expect(Array(frame.prefix(prefix.count)) == prefix)
      #expect(frame.count == prefix.count + count)
    }
  }

  @Test func controlFramesMayComeWithinAMessage() throws {
    let events = try decode([0x02, 1, 0xAA, 0x89, 1, 0x01, 0x00, 0, 0x8A, 0, 0x80, 1, 0xBB])
    #expect(events == [.ping([1]), .pong([]), .message([0xAA, 0xBB], isText: false)])
  }

  @Test func closeFrames() throws {
    #expect(try decode([0x88, 0]) == [.close(code: 1005, reason: "")])
    #expect(try decode([0x88, 4, 0x03, 0xE8, 0x6F, 0x6B]) == [.close(code: 1000, reason: "ok")])
    let long = String(repeating: "ä", count: 100)
    let payload = WebSocketFrameEncoder.closePayload(code: 1000, reason: long)
    #expect(payload.count == 124)
    #expect(String(validating: payload[2...], as: UTF8.self) == String(repeating: "ä", count: 61))
  }

  private static let violations: [(bytes: [UInt8], code: UInt16)] = [
    ([0xC2, 0], 1002),  // RSV1
    ([0x82, 0x81, 1, 2, 3, 4, 5], 1002),  // masked
    ([0x83, 0], 1002), ([0x8B, 0], 1002),  // undefined opcodes
    ([0x80, 0], 1002),  // a continuation of nothing
    ([0x02, 0, 0x82, 0], 1002),  // a message within a message
    ([0x09, 0], 1002),  // a fragmented ping
    ([0x89, 126, 0, 126], 1002),  // a long ping
    ([0x88, 1, 3], 1002),  // half a code
    ([0x88, 2, 0x03, 0xED], 1002), ([0x88, 2, 0x00, 0x00], 1002), ([0x88, 2, 0x13, 0x88], 1002),
    ([0x88, 3, 0x03, 0xE8, 0xFF], 1007),
    ([0x81, 1, 0xFF], 1007), ([0x01, 1, 0xC3, 0x80, 0], 1007),
    ([0x82, 127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1009),
  ]

  @Test(arguments: 0..<16) func violationsAreNamed(index: Int) {
    let (bytes, code) = Self.violations[index]
    let error = #expect(throws: WebSocketViolation.self) { _ = try decode(bytes) }
    #expect(error?.closeCode == code)
  }

  @Test func theLimitCountsAllFragments() throws {
    #expect(try decode([0x02, 2, 1, 2, 0x80, 1, 3], limit: 3) == [.message([1, 2, 3], isText: false)])
    let error = #expect(throws: WebSocketViolation.self) {
      _ = try decode([0x02, 2, 1, 2, 0x80, 2, 3, 4], limit: 3)
    }
    #expect(error?.closeCode == 1009)
  }

  @Test func whatIsNotCompleteIsNoEvent() throws {
    let whole = WebSocketFrameEncoder.closePayload(code: 1000, reason: "bye")
    let frame = [0x88, UInt8(whole.count)] + whole
    for count in 0..<frame.count { #expect(try decode(Array(frame.prefix(count))).isEmpty) }
  }

  /// RFC 6455 §1.3.
  @Test func theAcceptKeyOfTheStandard() {
    let handshake = WebSocketHandshake(random: Array("the sample nonce".utf8))
    #expect(handshake.key == "dGhlIHNhbXBsZSBub25jZQ==")
    #expect(handshake.expectedAccept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  }
}
