import Base
import Testing

@testable import WebRTC

extension DataChannelSuites {
  /// Between two of our own: what strangers cannot be made to do, in virtual time.
  @Suite final class Association {
    deinit { VirtualWallClock.leave() }

    /// A call with a reliable and a lossy channel that are open on both sides.
    private func connected(
      conditions: SimulatedCall.Conditions = .init(), answersActive: Bool = true
    ) throws -> (
      call: SimulatedCall, reliable: PeerConnection.DataChannelID, lossy: PeerConnection.DataChannelID
    ) {
      // Here, as a test may begin on another thread than its suite.
      VirtualWallClock.enter()
      let call = try SimulatedCall(answersActive: answersActive, conditions: conditions)
      let reliable = call.offerer.connection.openDataChannel(
        label: "_reliable", ordered: true, maxRetransmits: nil)
      let lossy = call.offerer.connection.openDataChannel(label: "_lossy", ordered: false, maxRetransmits: 0)
      try call.negotiate()
      for _ in 0..<60 where call.offerer.channels.count + call.answerer.channels.count < 4 {
        call.run(milliseconds: 1000)
      }
      try #require(call.offerer.channels.count == 2)
      try #require(call.answerer.channels.count == 2)
      return (call, reliable, lossy)
    }

    /// Both sides start at the same moment, so that both INITs are under way (RFC 9260 §5.2.1).
    @Test(arguments: [true, false])
    func channelsOpenFromBothSides(answersActive: Bool) throws {
      let call = try SimulatedCall(answersActive: answersActive)
      let ours = call.offerer.connection.openDataChannel(
        label: "_reliable", ordered: true, maxRetransmits: nil)
      let theirs = call.answerer.connection.openDataChannel(
        label: "_lossy", ordered: false, maxRetransmits: 0)
      try call.negotiate()
      call.run(milliseconds: 2000)
      #expect(call.offerer.channels.map(\.label).sorted() == ["_lossy", "_reliable"])
      #expect(call.answerer.channels.map(\.label).sorted() == ["_lossy", "_reliable"])
      try call.offerer.connection.send([1, 2, 3], channel: ours, now: call.now)
      try call.answerer.connection.send([], channel: theirs, now: call.now)
      call.run(milliseconds: 500)
      #expect(call.answerer.messages.map(\.bytes) == [[1, 2, 3]])
      #expect(call.offerer.messages.map(\.bytes) == [[]])
      #expect(call.offerer.connection.bufferedBytes(channel: ours) == 0)
      #expect(call.answerer.connection.bufferedBytes(channel: theirs) == 0)
    }

    @Test(arguments: [10, 30])
    func reliableOutlastsLoss(percent: Int) throws {
      let (call, reliable, lossy) = try connected(conditions: .init(lossPercent: percent))
      for number in 0..<100 {
        try call.offerer.connection.send([UInt8(number)], channel: lossy, now: call.now)
        try call.offerer.connection.send(
          [UInt8](repeating: UInt8(number), count: 1500), channel: reliable, now: call.now)
        call.run(milliseconds: 50)
      }
      call.run(milliseconds: 300_000)
      let whole = call.answerer.messages.map(\.bytes).filter { $0.count == 1500 }
      #expect(whole.map { $0[0] } == (0..<100).map { UInt8($0) })
      let part = call.answerer.messages.map(\.bytes).filter { $0.count == 1 }
      #expect((20..<100).contains(part.count), "\(part.count) of 100")
      #expect(call.offerer.connection.bufferedBytes(channel: lossy) == 0)
      #expect(call.offerer.connection.bufferedBytes(channel: reliable) == 0)
    }

    /// The answer brings the limit of the one side, our clients' the other.
    @Test func longMessagesAreRefused() throws {
      let (call, reliable, _) = try connected()
      let peer = call.offerer.connection
      #expect(throws: DataChannelFailure.tooLarge(bytes: 64_001, max: 64_000)) {
        try peer.send([UInt8](repeating: 1, count: 64_001), channel: reliable, now: call.now)
      }
      peer.data.remoteMessageBytesMax = 100
      #expect(throws: DataChannelFailure.tooLarge(bytes: 101, max: 100)) {
        try peer.send([UInt8](repeating: 1, count: 101), channel: reliable, now: call.now)
      }
      peer.data.remoteMessageBytesMax = 0
      try peer.send([UInt8](repeating: 1, count: 64_000), channel: reliable, now: call.now)
      call.run(milliseconds: 2000)
      #expect(call.answerer.messages.map(\.bytes.count) == [64_000])
    }

    @Test func fullThenWritable() throws {
      let (call, reliable, lossy) = try connected()
      call.severed = true
      for (channel, most) in [(reliable, 192 * 1024), (lossy, 64 * 1024)] {
        var sent = 0
        #expect(throws: DataChannelFailure.full(bufferedBytes: most / 1000 * 1000)) {
          while true {
            try call.offerer.connection.send(
              [UInt8](repeating: 1, count: 1000), channel: channel, now: call.now)
            sent += 1000
            #expect(call.offerer.connection.bufferedBytes(channel: channel) == sent)
          }
        }
      }
      #expect(call.offerer.writable.isEmpty)
      call.run(milliseconds: 3000)
      call.severed = false
      call.run(milliseconds: 20_000)
      #expect(call.offerer.writable == [reliable, lossy] || call.offerer.writable == [lossy, reliable])
      #expect(call.answerer.messages.count { $0.bytes.count == 1000 } >= 192)
      #expect(call.offerer.connection.bufferedBytes(channel: reliable) == 0)
      #expect(call.offerer.connection.bufferedBytes(channel: lossy) == 0)
    }

    /// The network is gone for longer than ICE bears, and comes back with new credentials.
    @Test func restartOfICEKeepsTheAssociation() throws {
      let (call, reliable, _) = try connected()
      call.severed = true
      try call.offerer.connection.send([7], channel: reliable, now: call.now)
      call.run(milliseconds: 20_000)
      #expect(call.offerer.states.last == .failed)
      call.severed = false
      call.offerer.connection.restartICE()
      try call.negotiate()
      call.run(milliseconds: 4000)
      #expect(call.offerer.states.last == .connected)
      #expect(call.answerer.messages.map(\.bytes) == [[7]])
      #expect(call.offerer.closed.isEmpty)
      #expect(call.answerer.closed.isEmpty)
    }

    /// With everything acknowledged nothing is left to do but ICE's consent: no packet, no visit.
    @Test func restIsQuiet() throws {
      let (call, reliable, _) = try connected()
      try call.offerer.connection.send([1], channel: reliable, now: call.now)
      call.run(milliseconds: 2000)
      let before = call.offerer.transmitted.count { DatagramKind($0) == .dtls }
      call.run(milliseconds: 120_000)
      #expect(call.offerer.transmitted.count { DatagramKind($0) == .dtls } == before)
      #expect(call.offerer.connection.data.nextTimeout == nil)
    }

    /// A side that leaves with something unacknowledged says ABORT (RFC 9260 §9.1), else SHUTDOWN.
    @Test(arguments: [true, false])
    func peerEnds(unacknowledged: Bool) throws {
      let (call, reliable, _) = try connected()
      if unacknowledged {
        try call.offerer.connection.send([1], channel: reliable, now: call.now)
        call.drain()
        #expect(call.offerer.connection.bufferedBytes(channel: reliable) == 1)
      }
      // Without the DTLS alert that follows in a real close, so that SCTP alone has to tell.
      let goodbye = call.offerer.connection.data.close(now: call.now)
      #expect(goodbye.map { $0[12] } == [unacknowledged ? 6 : 7])
      for packet in goodbye { #expect(call.offerer.connection.dtls?.send(packet) == true) }
      call.offerer.connection.drainDTLSDatagrams()
      call.run(milliseconds: 1000)
      // An ABORT ends it at once; to a SHUTDOWN the peer's answer is lost, so it waits for the DTLS alert.
      #expect(call.answerer.closed.map(\.label).sorted() == (unacknowledged ? ["_lossy", "_reliable"] : []))
      call.offerer.connection.close(now: call.now)
      call.run(milliseconds: 1000)
      #expect(call.answerer.closed.map(\.label).sorted() == ["_lossy", "_reliable"])
      #expect(throws: DataChannelFailure.notOpen) {
        try call.offerer.connection.send([1], channel: reliable, now: call.now)
      }
    }

    /// Channels asked for after the end are told to be closed.
    @Test func nothingOpensAfterTheEnd() throws {
      let (call, _, _) = try connected()
      call.offerer.connection.close(now: call.now)
      call.run(milliseconds: 1000)
      #expect(call.answerer.closed.count == 2)
      let late = call.answerer.connection.openDataChannel(label: "late", ordered: true, maxRetransmits: nil)
      call.run(milliseconds: 100)
      #expect(call.answerer.closed.last?.id == late)
    }
  }
}
