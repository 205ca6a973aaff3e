import Base
import CUsrSCTP
import Testing

@testable import WebRTC

/// RFC 8832 §5.
struct DCEPMessageTests {
  @Test func openIsWrittenAndRead() {
    let lossy: [UInt8] = [3, 0x81, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0] + Array("_lossy".utf8)
    let message = DCEPMessage.open(.init(label: "_lossy", ordered: false, maxRetransmits: 0))
    #expect(message.serialized() == lossy)
    #expect(DCEPMessage(lossy) == message)
    let reliable = DCEPMessage.open(.init(label: "", ordered: true, maxRetransmits: nil))
    #expect(reliable.serialized() == [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(DCEPMessage(reliable.serialized()) == reliable)
    #expect(DCEPMessage.acknowledgement.serialized() == [2])
    #expect(DCEPMessage([2]) == .acknowledgement)
    // A protocol is read over, a bound in time is the sender's.
    #expect(
      DCEPMessage([3, 0x82, 1, 0, 0, 0, 0, 9, 0, 1, 0, 2, 0x61, 0x62, 0x63])
        == .open(.init(label: "a", ordered: false, maxRetransmits: nil)))
  }

  @Test func everyShorterOneIsRefused() {
    let whole = DCEPMessage.open(.init(label: "label", ordered: true, maxRetransmits: 3)).serialized()
    for count in 0..<whole.count { #expect(DCEPMessage(Array(whole.prefix(count))) == nil) }
    #expect(DCEPMessage([1]) == nil)
    #expect(DCEPMessage([3, 3] + [UInt8](repeating: 0, count: 10)) == nil, "a channel type that is none")
    let long = DCEPMessage.open(
      .init(label: String(repeating: "x", count: 257), ordered: true, maxRetransmits: nil))
    #expect(DCEPMessage(long.serialized()) == nil)
  }
}

extension DataChannelSuites {
  @Suite struct BadInput {
    /// The peer of a call, as somebody who can send whatever it likes over DTLS.
    private func connected() throws -> (SimulatedCall, SCTPAssociation) {
      let call = try SimulatedCall()
      _ = call.answerer.connection.openDataChannel(label: "ours", ordered: true, maxRetransmits: nil)
      try call.negotiate()
      _ = call.offerer.connection.openDataChannel(label: "theirs", ordered: true, maxRetransmits: nil)
      try call.negotiate()
      call.run(milliseconds: 2000)
      try #require(call.answerer.channels.count == 2)
      return (call, try #require(call.offerer.connection.data.association))
    }

    @Test func garbageCostsNothing() throws {
      let (call, _) = try connected()
      let random = SeededRandom(seed: 5)
      let peer = call.answerer.connection
      let before = call.answerer.transmitted.count
      for number in 0..<2000 {
        var garbage = [UInt8](repeating: 0, count: number % 100)
        for index in garbage.indices { garbage[index] = UInt8(random.next(below: 256)) }
        peer.data.receive(garbage, now: call.now)
      }
      call.run(milliseconds: 100)
      #expect(call.answerer.transmitted.count <= before + 2)
      #expect(call.answerer.closed.isEmpty)
      let id = try #require(call.offerer.channels.first { $0.label == "theirs" }?.id)
      try call.offerer.connection.send([1, 2], channel: id, now: call.now)
      call.run(milliseconds: 500)
      #expect(call.answerer.messages.map(\.bytes) == [[1, 2]])
    }

    /// Each is counted, none is passed on, and the channels live on.
    @Test func wrongMessagesAreDropped() throws {
      let (call, sender) = try connected()
      func send(_ bytes: [UInt8], _ stream: UInt16, _ identifier: UInt32) {
        #expect(
          sender.send(
            bytes, stream: stream, protocol: identifier, ordered: true, maxRetransmits: nil, now: call.now)
            == .accepted)
        call.run(milliseconds: 200)
      }
      let open = DCEPMessage.open(.init(label: "x", ordered: true, maxRetransmits: nil)).serialized()
      // The answerer is the DTLS client: its streams are even, and "theirs" is 1.
      let cases: [(bytes: [UInt8], stream: UInt16, identifier: UInt32)] = [
        (open, 1, 50), (open, 4, 50), ([9, 9], 3, 50), (Array(open.dropLast()), 3, 50), ([2], 3, 50),
        ([1], 5, 53), ([1], 1, 0), ([1], 1, 52), ([1], 1, 99),
      ]
      for (index, wrong) in cases.enumerated() {
        send(wrong.bytes, wrong.stream, wrong.identifier)
        #expect(call.answerer.connection.statistics.dataMessagesDropped == index + 1)
      }
      #expect(call.answerer.messages.isEmpty)
      #expect(call.answerer.channels.count == 2)
      #expect(call.answerer.closed.isEmpty)
      send([1], 1, 51)
      #expect(call.answerer.messages.map(\.bytes) == [[1]])
    }

    @Test func tooManyChannelsAreRefused() throws {
      let (call, _) = try connected()
      for number in 0..<Limits.dataChannelsMax {
        _ = call.offerer.connection.openDataChannel(
          label: "\(number)", ordered: true, maxRetransmits: nil)
      }
      call.run(milliseconds: 3000)
      // Two were there; two more than the limit were asked for.
      #expect(call.offerer.closed.map(\.label) == ["30", "31"])
      #expect(call.answerer.connection.data.channels.count == Limits.dataChannelsMax)
    }

    /// The owner lets go without a word; what usrsctp has of it must not outlive it.
    @Test func droppedConnectionsAreForgotten() throws {
      for _ in 0..<20 {
        let (call, _) = try connected()
        call.run(milliseconds: 10)
      }
      SCTPLibrary.enter()
      defer { SCTPLibrary.leave() }
      #expect(SCTPLibrary.count == 0)
    }
  }
}
