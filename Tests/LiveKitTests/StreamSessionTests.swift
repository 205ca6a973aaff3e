import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// Streams over real peer connections, SCTP included, to a server that sends everything back as another participant.
@Suite struct StreamSessionTests {
  /// A call whose server is a mirror.
  private final class Mirror {
    let call: LiveSessionTests.Call
    private var waiting: [[UInt8]] = []
    private let channel: PeerConnection.DataChannelID

    init() throws {
      call = try LiveSessionTests.Call()
      let server = call.ends[.subscriber]!
      channel = server.openDataChannel(label: "_reliable", ordered: true, maxRetransmits: nil)
      try call.room.join(
        url: "ws://server", token: Bench.token(), now: call.now)
      try call.run(5)
      call.offer(9, track: "TR_P")
      call.dataReachedServer = { [unowned self] bytes in
        var dropped = 0
        guard var packet = DataPacketDecoder.decode(bytes, limits: LiveKit.Limits(), dropped: &dropped) else {
          Issue.record("no packet")
          return
        }
        packet.identity = "phone"
        packet.sid = "PA_p"
        waiting.append(packet.encoded(lossy: false))
      }
      try call.run(1_000)
      #expect(call.room.state == .connected)
    }

    /// Lets time pass, and returns what was sent once the channel has room.
    func run(_ milliseconds: Int) throws {
      for _ in 0..<milliseconds {
        while let bytes = waiting.first {
          do {
            try call.ends[.subscriber]!.send(bytes, channel: channel, now: call.now)
            waiting.removeFirst()
          } catch {
            break
          }
        }
        try call.run(1)
      }
    }
  }

  @Test func aMegabyteAndAHundredKilobytesOfTextComeBackWhole() throws {
    let mirror = try Mirror()
    let room = mirror.call.room
    let random = SeededRandom(seed: 5)
    let bytes = random.bytes(1_000_000)
    let text = String(repeating: "Grüß Gott, 你好, 🙂. ", count: 4_000)
    let stream = try room.openByteStream(
      topic: "files", name: "photo", totalBytes: bytes.count, now: mirror.call.now)
    try room.sendText(text, topic: "notes", now: mirror.call.now)
    var written = 0
    var refusals = 0
    var writable = true
    for _ in 0..<20_000 {
      while writable, written < bytes.count {
        let piece = Array(bytes[written..<min(written + 50_000, bytes.count)])
        do {
          try room.write(piece, to: stream, now: mirror.call.now)
          written += piece.count
        } catch {
          #expect(error.code == "data-full")
          refusals += 1
          writable = false
        }
        if written == bytes.count { try room.closeStream(stream, now: mirror.call.now) }
      }
      let before = mirror.call.events.count
      try mirror.run(1)
      for event in mirror.call.events[before...] {
        if case .streamWritable(stream) = event { writable = true }
      }
      if ended(mirror).count == 2 { break }
    }
    #expect(refusals > 0)
    #expect(received("files", mirror) == bytes)
    #expect(received("notes", mirror) == Array(text.utf8))
    #expect(ended(mirror).sorted() == ["files well", "notes well"])
    #expect(room.streamStatistics.failed == 0)
    #expect(room.core.streams.incoming.count == 0)
    #expect(room.core.streams.outgoing.open.isEmpty)
  }

  private func ended(_ mirror: Mirror) -> [String] {
    mirror.call.events.compactMap {
      if case .streamEnded(let stream, let failure) = $0 {
        stream.topic.text + " " + (failure?.description ?? "well")
      } else {
        nil
      }
    }
  }

  private func received(_ topic: Name, _ mirror: Mirror) -> [UInt8] {
    var ids: [IncomingStream.ID] = []
    var content: [UInt8] = []
    for event in mirror.call.events {
      if case .streamOpened(let stream) = event, stream.topic == topic { ids.append(stream.id) }
      if case .streamChunk(let id, let bytes) = event, ids.contains(id) { content += bytes }
    }
    return content
  }
}
