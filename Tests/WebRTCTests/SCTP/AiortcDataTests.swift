import Base
import Foundation
import Testing

@testable import WebRTC

extension DataChannelSuites {
  /// Real UDP between our data channels and aiortc's.
  @Suite(.serialized, .enabled(if: PythonPeer.isAvailable, "\(PythonPeer.skipReason)"))
  struct Aiortc {
    /// Nothing, something, a chunk of a stream, the longest that LiveKit's clients send, and 1 MB in chunks.
    static let sizes = [0, 1, 15_000, 60_000] + [Int](repeating: 15_000, count: 67)

    enum Side: CaseIterable { case weOffer, itOffers }

    @Test(arguments: Side.allCases, [true, false])
    func everySizeArrivesBothWays(side: Side, asServer: Bool) throws {
      let peer = try DataPeer(answersActive: !asServer)
      let ours = peer.end.connection.openDataChannel(
        label: "_reliable", ordered: true, maxRetransmits: nil)
      switch side {
      case .weOffer: try peer.offerToIt(asServer: asServer)
      case .itOffers: try peer.answerIt(label: "theirs")
      }
      #expect(try peer.waitForChannel("_reliable") == ours)
      #expect(peer.end.connection.dtls?.role == (asServer ? .server : .client))
      if side == .weOffer { try peer.ask(.init(do: "open", label: "theirs")) }
      let theirs = try peer.waitForChannel("theirs")
      // Our acknowledgement has yet to reach it.
      #expect(try peer.report("theirs") { $0.state == "open" }.state == "open")

      try peer.ask(.init(do: "send", label: "theirs", sizes: Self.sizes))
      try peer.ask(.init(do: "send", label: "_reliable", sizes: Self.sizes))
      try peer.send(Self.sizes, on: ours)
      try peer.send(Self.sizes, on: theirs)
      let total = Self.sizes.reduce(0, +)
      for (label, id) in [("_reliable", ours), ("theirs", theirs)] {
        let report = try peer.report(label) { $0.count == Self.sizes.count }
        #expect(report.count == Self.sizes.count)
        #expect(report.bytes == total)
        #expect(report.intact == true)
        // RFC 8832 §6: even for the DTLS client, odd for the server.
        #expect(report.id.map { $0 & 1 } == ((label == "theirs") == asServer ? 0 : 1))
        peer.end.run(milliseconds: 20_000) {
          peer.end.messages.count { $0.id == id } == Self.sizes.count
            && peer.end.connection.bufferedBytes(channel: id) == 0
        }
        let heard = peer.end.messages.filter { $0.id == id }.map(\.bytes)
        #expect(heard.map(\.count) == Self.sizes)
        #expect(heard.enumerated().allSatisfy { $1 == DataPeer.message($0, $1.count) })
        #expect(peer.end.connection.bufferedBytes(channel: id) == 0)
      }
      #expect(peer.end.connection.statistics.dataMessagesDropped == 0)
    }

    /// One datagram in ten is lost each way: what is lossy loses some and delays nothing, what is reliable waits.
    @Test(arguments: [true, false])
    func lossyLosesAndReliableDoesNot(asServer: Bool) throws {
      let peer = try DataPeer()
      let lossy = peer.end.connection.openDataChannel(label: "_lossy", ordered: false, maxRetransmits: 0)
      let reliable = peer.end.connection.openDataChannel(
        label: "_reliable", ordered: true, maxRetransmits: nil)
      try peer.offerToIt(asServer: asServer)
      _ = try peer.waitForChannel("_lossy")
      _ = try peer.waitForChannel("_reliable")
      peer.end.lossPercent = 10
      for number in 0..<200 {
        try peer.send([400], firstNumber: number, on: lossy)
        try peer.send([400], firstNumber: number, on: reliable)
        peer.end.run(milliseconds: 10)
      }
      let whole = try peer.report("_reliable") { $0.count == 200 }
      #expect(whole.numbers == Array(0..<200))
      #expect(whole.intact == true)
      peer.end.run(milliseconds: 10_000) { peer.end.connection.bufferedBytes(channel: lossy) == 0 }
      #expect(peer.end.connection.bufferedBytes(channel: lossy) == 0)
      let part = try peer.report("_lossy") { _ in true }
      #expect(part.lossy == true)
      #expect(part.intact == true)
      #expect((100..<200).contains(part.count ?? 0), "\(part.count ?? 0) of 200")
      #expect(Set(part.numbers ?? []).count == part.count)

      try peer.ask(.init(do: "send", label: "_lossy", sizes: [Int](repeating: 400, count: 100)))
      try peer.ask(.init(do: "send", label: "_reliable", sizes: [Int](repeating: 400, count: 100)))
      peer.end.run(milliseconds: 30_000) { peer.end.messages.count { $0.id == reliable } == 100 }
      let heard = peer.end.messages.filter { $0.id == reliable }.map(\.bytes)
      #expect(heard == (0..<100).map { DataPeer.message($0, 400) })
      let some = peer.end.messages.filter { $0.id == lossy }.map(\.bytes)
      #expect((30...100).contains(some.count), "\(some.count) of 100")
      #expect(Set(some).count == some.count)
    }

    @Test func eitherSideCloses() throws {
      let peer = try DataPeer()
      let first = peer.end.connection.openDataChannel(label: "first", ordered: true, maxRetransmits: nil)
      _ = peer.end.connection.openDataChannel(label: "second", ordered: true, maxRetransmits: nil)
      try peer.offerToIt(asServer: true)
      _ = try peer.waitForChannel("first")
      _ = try peer.waitForChannel("second")
      try peer.send([60_000], on: first)
      peer.end.connection.closeDataChannel(first, now: LoopbackEnd.clock())
      #expect(throws: DataChannelFailure.notOpen) {
        try peer.end.connection.send([1], channel: first, now: LoopbackEnd.clock())
      }
      peer.end.run(milliseconds: 10_000) { peer.end.closed == ["first"] }
      #expect(peer.end.closed == ["first"])
      let report = try peer.report("first") { $0.state == "closed" }
      #expect(report.state == "closed")
      #expect(report.count == 1, "what was sent before the close arrived")
      try peer.ask(.init(do: "close", label: "second"))
      peer.end.run(milliseconds: 10_000) { peer.end.closed.count == 2 }
      #expect(peer.end.closed == ["first", "second"])
      #expect(try peer.report("second") { $0.state == "closed" }.state == "closed")
      // The streams are free again.
      let third = peer.end.connection.openDataChannel(label: "third", ordered: true, maxRetransmits: nil)
      #expect(try peer.waitForChannel("third") == third)
      #expect(try peer.report("third") { $0.id != nil }.id == 1)
      try peer.send([15_000], on: third)
      #expect(try peer.report("third") { $0.count == 1 }.intact == true)
      peer.end.connection.close(now: LoopbackEnd.clock())
      peer.end.run(milliseconds: 50)
      #expect(try peer.report("third") { $0.state == "closed" }.state == "closed")
    }

    /// A peer that sends more than it should is heard again afterwards. With loss, usrsctp delivers the end of the
    /// long one behind the short one.
    @Test(arguments: [0, 10])
    func longMessagesAreDropped(lossPercent: Int) throws {
      let peer = try DataPeer()
      let id = peer.end.connection.openDataChannel(label: "_reliable", ordered: true, maxRetransmits: nil)
      try peer.offerToIt(asServer: true, messageBytesMax: 1_000_000)
      _ = try peer.waitForChannel("_reliable")
      peer.end.lossPercent = lossPercent
      try peer.ask(.init(do: "send", label: "_reliable", sizes: [262_144, 262_145, 600_000, 5]))
      peer.end.run(milliseconds: 60_000) { peer.end.messages.count == 2 }
      peer.end.lossPercent = 0
      #expect(peer.end.messages.map(\.bytes.count) == [262_144, 5])
      // Compared here, as it would be printed whole.
      let isIntact =
        peer.end.messages.map(\.bytes) == [DataPeer.message(0, 262_144), DataPeer.message(3, 5)]
      #expect(isIntact)
      #expect(peer.end.connection.statistics.dataMessagesDropped == 2)
      try peer.send([60_000], on: id)
      #expect(try peer.report("_reliable") { $0.count == 1 }.intact == true)
    }

    @Test func peerLeaves() throws {
      let peer = try DataPeer()
      _ = peer.end.connection.openDataChannel(label: "_reliable", ordered: true, maxRetransmits: nil)
      try peer.offerToIt(asServer: true)
      _ = try peer.waitForChannel("_reliable")
      try peer.ask(.init(do: "leave"))
      peer.end.run(milliseconds: 5_000) { !peer.end.closed.isEmpty }
      #expect(peer.end.closed == ["_reliable"])
    }

    /// A call that began with sound alone gains its channels by a later offer.
    @Test func channelsComeLater() throws {
      let peer = try DataPeer()
      _ = peer.end.connection.addAudioSender(trackID: "microphone")
      try peer.offerToIt(asServer: true)
      peer.end.run(milliseconds: 10_000) { peer.end.connection.state == .connected }
      let late = peer.end.connection.openDataChannel(label: "late", ordered: true, maxRetransmits: nil)
      peer.end.run(milliseconds: 100)
      #expect(peer.end.channels.isEmpty)
      try peer.offerToIt(asServer: true)
      #expect(try peer.waitForChannel("late") == late)
      try peer.send([0, 1, 15_000], on: late)
      #expect(try peer.report("late") { $0.count == 3 }.intact == true)
    }
  }
}
