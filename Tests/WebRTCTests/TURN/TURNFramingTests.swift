import Base
import Testing

@testable import WebRTC

@Suite struct TURNFramingTests {
  private let message = STUNMessage(.success, method: 3, transaction: TransactionID(high: 1, low: 2))
    .serialized()
  private let channel: [UInt8] = [0x40, 1, 0, 5, 1, 2, 3, 4, 5]

  /// However the stream is cut, the frames are the same, and ChannelData is without its padding.
  @Test(arguments: 1...40) func cutAnywhere(pieceBytes: Int) throws {
    let stream = message + channel + [0, 0, 0] + [0x4F, 0xFF, 0, 0] + message
    var framing = TURNFraming()
    var frames: [[UInt8]] = []
    for start in stride(from: 0, to: stream.count, by: pieceBytes) {
      framing.append(Array(stream[start..<min(start + pieceBytes, stream.count)]))
      while let frame = try framing.next() { frames.append(frame) }
    }
    #expect(frames == [message, channel, [0x4F, 0xFF, 0, 0], message])
  }

  @Test func whatIsNoTURNEndsIt() {
    let cases: [[UInt8]] = [
      Array("HTTP/1.1 400 Bad Request\r\n".utf8), [0x80, 0, 0, 0],
      [0x50, 0, 0, 0], [0, 1, 0, 0, 1, 2, 3, 4],
      [0, 1, 0, 2, 0x21, 0x12, 0xA4, 0x42], [0x40, 0, 0xFF, 0xFF],
      [0, 1, 0xFF, 0xFC, 0x21, 0x12, 0xA4, 0x42],
    ]
    for bytes in cases {
      var framing = TURNFraming()
      framing.append(bytes)
      #expect(throws: TURNFailure.notTURN) { try framing.next() }
    }
  }

  @Test func clientOverAStream() throws {
    var server = TURNServer(isStream: true)
    server.start()
    server.send("bind")
    _ = server.takeOutputs()
    let data = server.indication("one", from: TURNServer.peer)
    server.handle(Array(data.prefix(10)))
    server.handle(Array(data.dropFirst(10)) + [0x40, 0, 0, 3, 1, 2, 3])
    server.handle([0, 0x40])
    #expect(
      server.takeOutputs() == [
        .data(Array("one".utf8), from: TURNServer.peer), .data([1, 2, 3], from: TURNServer.peer),
      ])
    server.handle([0xFF, 0xFF, 0xFF])
    #expect(
      server.takeOutputs() == [.failed("the TURN server does not speak TURN")])
    server.handle([1, 2, 3])
    #expect(server.takeOutputs() == [])
    #expect(server.wait == nil)
  }
}
