import Base
import Testing

@testable import LiveKit

@Suite struct DataReceiveTests {
  struct Received: Equatable {
    var payload: [UInt8]
    var topic: Name
    var sender: Sender
    var reliable: Bool
  }

  static let agent = Sender.participant(sid: "PA_agent", identity: "agent")

  static func received(_ bench: Bench) -> [Received] {
    bench.events.compactMap {
      guard case .dataReceived(let payload, let topic, let sender, let reliable) = $0 else { return nil }
      return Received(payload: payload, topic: topic, sender: sender, reliable: reliable)
    }
  }

  static func user(_ byte: UInt8, nonce: [UInt8] = []) -> DataPacket.Value {
    .user(.init(payload: [byte], topic: "t", nonce: nonce))
  }

  @Test func onBothChannelsOfBothConnections() throws {
    let bench = try Bench.withData()
    bench.deliver(Self.user(1), 1)
    bench.deliver(Self.user(2), on: "_lossy")
    bench.publisher?.receive(
      DataPacket(identity: "agent", sid: "PA_agent", sequence: 2, value: Self.user(3)), on: "_reliable")
    bench.drain()
    #expect(
      Self.received(bench) == [
        Received(payload: [1], topic: "t", sender: Self.agent, reliable: true),
        Received(payload: [2], topic: "t", sender: Self.agent, reliable: false),
        Received(payload: [3], topic: "t", sender: Self.agent, reliable: true),
      ])
  }

  /// Whoever has no identity is nobody, whatever session the packet names: servers that do not know that field hand
  /// on what the sender wrote there.
  @Test func theSenderIsWhoeverTheServerSays() throws {
    let bench = try Bench.withData(join: Server.join(others: [Server.participant("ann", "PA_7")]))
    bench.deliver(Self.user(1), from: "", sid: "PA_7")
    bench.deliver(Self.user(2), from: "", sid: "")
    bench.deliver(Self.user(3), from: "later", sid: "PA_8")
    bench.deliver(Self.user(4), from: "later", sid: "PA_7")
    bench.deliver(Self.user(5), from: "ann", sid: "PA_7")
    bench.deliver(Self.user(6), from: "ann", sid: "")
    let senders = Self.received(bench).map(\.sender)
    #expect(
      senders == [
        .hidden(sid: "PA_7"), .hidden(sid: ""), .participant(sid: "PA_8", identity: "later"),
        .participant(sid: "PA_7", identity: "later"), .participant(sid: "PA_7", identity: "ann"),
        .participant(sid: "", identity: "ann"),
      ])
    #expect(
      senders.map { $0.participant(among: bench.room.participants)?.identity } == [
        nil, nil, nil, nil, "ann", "ann",
      ])
  }

  @Test func repetitionsAreDroppedAndCounted() throws {
    let bench = try Bench.withData()
    for (index, sequence) in [UInt32(1), 2, 2, 1, 5, 4, 0, 6].enumerated() {
      bench.deliver(Self.user(UInt8(index)), sequence)
    }
    #expect(Self.received(bench).map(\.payload) == [[0], [1], [4], [6], [7]])
    #expect(bench.data.duplicates == 3)
    let nonce = [UInt8](repeating: 9, count: 16)
    bench.deliver(Self.user(8, nonce: nonce), from: "", sid: "")
    bench.deliver(Self.user(8, nonce: nonce), from: "", sid: "")
    #expect(Self.received(bench).count == 6)
    #expect(bench.data.duplicates == 4)
    #expect(bench.data.packetsReceived == 10)
  }

  @Test func lossyPacketsAreNotCompared() throws {
    let bench = try Bench.withData()
    for _ in 0..<2 { bench.deliver(Self.user(1), 7, on: "_lossy") }
    #expect(Self.received(bench).count == 2)
  }

  @Test func aNewSessionStartsAfresh() throws {
    let bench = try Bench.withData()
    bench.deliver(Self.user(1), 50)
    bench.advance(6_000)
    bench.loseSession()
    bench.redial()
    bench.accept()
    bench.openChannels()
    bench.deliver(Self.user(2), 1)
    #expect(Self.received(bench).count == 2)
  }

  @Test func whatMeansNothingIsCounted() throws {
    var limits = LiveKit.Limits()
    limits.dataMessageReceivedBytesMax = 500
    let bench = try Bench.withData(limits: limits)
    bench.subscriber?.receive([0x12])
    bench.subscriber?.receive([UInt8](repeating: 0xFF, count: 40))
    bench.subscriber?.receive([UInt8](repeating: 0, count: 501))
    bench.subscriber?.receive([])
    bench.subscriber?.receive(Wire().message(8, Wire()).bytes)
    bench.subscriber?.receive([1, 2, 3], on: "_data_track")
    bench.subscriber?.receive(Wire().message(18, Wire().number(3, 1)).bytes)
    bench.drain()
    #expect(bench.data.malformed == 2)
    #expect(bench.data.oversized == 1)
    #expect(bench.data.unknownKinds == 3)
    #expect(bench.data.encrypted == 1)
    #expect(Self.received(bench).isEmpty)
    #expect(bench.room.state == .connected)
  }
}
