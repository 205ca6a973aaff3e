import Base
import Testing

@testable import LiveKit
@testable import WebRTC

@Suite struct DataChannelTests {
  @Test func whoCanBeCalledHasAPublisherFromTheStart() throws {
    let bench = try Bench(rpcMethods: ["echo"])
    try bench.connect()
    let publisher = try #require(bench.publisher)
    #expect(publisher.channels.map(\.label) == ["_reliable", "_lossy"])
    #expect(publisher.channels.map(\.ordered) == [true, false])
    #expect(publisher.channels.map(\.maxRetransmits) == [nil, 0])
    #expect(publisher.offers == 1)
    #expect(bench.count(1) == 1)
    #expect(bench.room.state == .connected)
  }

  @Test func aPublishedTrackAndTheChannelsShareTheFirstOffer() throws {
    let bench = try Bench(rpcMethods: ["echo"])
    _ = try bench.room.publish(name: "mic", source: .microphone, muted: false, now: bench.now)
    try bench.connect()
    #expect(bench.publisher?.offers == 1)
    #expect(bench.publisher?.channels.count == 2)
    #expect(bench.publisher?.senders.count == 1)
  }

  @Test func otherwiseThePublisherIsMadeByTheFirstPacket() throws {
    let bench = try Bench.withData(rpcMethods: [])
    #expect(bench.publisher == nil)
    try bench.room.sendData([1], topic: "t", to: [], reliable: true, now: bench.now)
    bench.drain()
    #expect(bench.publisher?.channels.count == 2)
    #expect(bench.count(1) == 1)
    #expect(bench.sentPackets.isEmpty)
    bench.server(Server.answer(1))
    bench.bringUp()
    bench.openChannels()
    #expect(bench.sentPackets.map(\.value) == [.user(.init(payload: [1], topic: "t"))])
    #expect(bench.count(1) == 1)
  }

  @Test func packetsGoOutOnTheChannelOfTheirKind() throws {
    let bench = try Bench.withData()
    try bench.room.sendData([1], topic: nil, to: ["a", "b"], reliable: true, now: bench.now)
    try bench.room.sendData([2], topic: "x", to: [], reliable: false, now: bench.now)
    try bench.room.sendData([3], topic: nil, to: [], reliable: true, now: bench.now)
    #expect(bench.sentPackets.map(\.sequence) == [1, 2])
    #expect(bench.sentPackets.map(\.destinations) == [["a", "b"], []])
    #expect(bench.sentPackets.map(\.isLossy) == [false, false])
    let lossy = try #require(bench.publisher?.packets("_lossy"))
    #expect(lossy.map(\.value) == [.user(.init(payload: [2], topic: "x"))])
    #expect(lossy.map(\.sequence) == [0])
    #expect(lossy.map(\.isLossy) == [true])
    #expect(bench.data.packetsSent == 3)
  }

  @Test func lossyPacketsDoNotWait() throws {
    let bench = try Bench(rpcMethods: ["echo"])
    try bench.connect()
    #expect(throws: DataFailure.notOpen) {
      try bench.room.sendData([2], topic: nil, to: [], reliable: false, now: bench.now)
    }
    bench.openChannels()
    bench.publisher?.sendFailure = .full(bufferedBytes: 7)
    #expect(throws: DataFailure.full(bufferedBytes: 7)) {
      try bench.room.sendData([2], topic: nil, to: [], reliable: false, now: bench.now)
    }
    #expect(bench.data.dropped == 2)
  }

  @Test func whatIsNeverOpenedIsGivenUpWithWords() throws {
    let bench = try Bench(rpcMethods: ["echo"])
    try bench.connect()
    for byte in 0..<3 {
      try bench.room.sendData([UInt8(byte)], topic: nil, to: [], reliable: true, now: bench.now)
    }
    bench.answerOffer()
    bench.idle(9_999)
    #expect(bench.data.dropped == 0)
    bench.advance(2)
    #expect(bench.data.dropped == 3)
    #expect(bench.dataFailures == [.givenUp(packets: 3)])
    bench.openChannels()
    #expect(bench.sentPackets.isEmpty)
    // Later packets wait anew.
    try bench.room.sendData([9], topic: nil, to: [], reliable: true, now: bench.now)
    #expect(bench.sentPackets.map(\.sequence) == [4])
  }

  @Test func whatTheSessionTakesWithItIsSaid() throws {
    let bench = try Bench(rpcMethods: ["echo"])
    try bench.connect()
    for _ in 0..<2 { try bench.room.sendData([1], topic: nil, to: [], reliable: true, now: bench.now) }
    bench.loseSession()
    #expect(bench.dataFailures == [.givenUp(packets: 2)])
    #expect(bench.data.dropped == 2)
  }

  @Test func aFullChannelIsWaitedFor() throws {
    let bench = try Bench.withData()
    bench.publisher?.sendFailure = .full(bufferedBytes: 1_000)
    for byte in 0..<64 {
      try bench.room.sendData([UInt8(byte)], topic: nil, to: [], reliable: true, now: bench.now)
    }
    bench.publisher?.buffered = 1_000
    #expect(!bench.room.canSendReliable)
    #expect(throws: DataFailure.self) {
      try bench.room.sendData([64], topic: nil, to: [], reliable: true, now: bench.now)
    }
    // Nothing times out: the channel is open.
    bench.idle(60_000)
    bench.publisher?.sendFailure = nil
    bench.publisher?.becomeWritable()
    bench.drain()
    #expect(bench.sentPackets.map(\.sequence) == Array(1...64))
    #expect(bench.room.canSendReliable)
    #expect(bench.data.dropped == 1)
  }

  @Test func tooLargeIsSaidBeforeTheServerClosesTheChannel() throws {
    let bench = try Bench.withData()
    let fits = [UInt8](repeating: 7, count: 63_900)
    try bench.room.sendData(fits, topic: nil, to: [], reliable: true, now: bench.now)
    #expect(throws: DataFailure.self) {
      try bench.room.sendData(fits + fits, topic: nil, to: [], reliable: true, now: bench.now)
    }
    #expect(bench.data.oversized == 1)
    // A peer that takes less than LiveKit's servers do must not block what follows.
    bench.publisher?.sendFailure = .tooLarge(bytes: 100, max: 50)
    try bench.room.sendData([1], topic: nil, to: [], reliable: true, now: bench.now)
    bench.publisher?.sendFailure = nil
    try bench.room.sendData([2], topic: nil, to: [], reliable: true, now: bench.now)
    bench.drain()
    #expect(bench.dataFailures == [.tooLarge(bytes: 100, max: 50)])
    #expect(bench.sentPackets.map(\.sequence) == [1, 3])
  }

  @Test func notAllowedAndAllowedAgain() throws {
    let bench = try Bench.withData(join: Server.join(canPublishData: false))
    #expect(bench.publisher == nil)
    #expect(throws: DataFailure.notAllowed) {
      try bench.room.sendData([1], topic: nil, to: [], reliable: true, now: bench.now)
    }
    bench.server(Server.update([Server.participant("door", "PA_me", version: 5)]))
    #expect(bench.publisher?.channels.count == 2)
    bench.openChannels()
    try bench.room.sendData([1], topic: nil, to: [], reliable: true, now: bench.now)
    #expect(bench.sentPackets.count == 1)
    bench.server(Server.update([Server.participant("door", "PA_me", version: 6, canPublishData: false)]))
    #expect(throws: DataFailure.notAllowed) {
      try bench.room.sendData([1], topic: nil, to: [], reliable: true, now: bench.now)
    }
  }

  @Test func aRunningPublisherGetsTheChannelsWhenDataIsAllowed() throws {
    let bench = try Bench(rpcMethods: ["echo"])
    _ = try bench.room.publish(name: "mic", source: .microphone, muted: false, now: bench.now)
    try bench.connect(Server.join(canPublishData: false))
    #expect(bench.publisher?.channels.isEmpty == true)
    bench.server(Server.answer(1))
    bench.server(Server.update([Server.participant("door", "PA_me", version: 5)]))
    #expect(bench.publisher?.channels.count == 2)
    #expect(bench.publisher?.offers == 2)
  }

  @Test func theServerClosesTheReliableChannel() throws {
    let bench = try Bench.withData()
    bench.advance(6_000)
    try bench.room.sendData([1], topic: nil, to: [], reliable: true, now: bench.now)
    bench.publisher?.closeChannel("_reliable")
    bench.drain()
    #expect(bench.room.state == .connected)
    bench.advance(501)
    #expect(bench.failures.first?.code == "data-channel-closed")
    #expect(bench.room.state == .reconnecting)
    bench.redial()
    bench.accept(Server.join(sid: "PA_me2"))
    bench.openChannels()
    // The server-side participant is new, and so are the numbers.
    try bench.room.sendData([2], topic: nil, to: [], reliable: true, now: bench.now)
    #expect(bench.sentPackets.map(\.sequence) == [1])
  }

  @Test func aLossyChannelThatIsClosedIsNoReasonToLeave() throws {
    let bench = try Bench.withData()
    bench.publisher?.closeChannel("_lossy")
    bench.subscriber?.closeChannel("_reliable")
    bench.advance(1_000)
    #expect(bench.room.state == .connected)
    #expect(throws: DataFailure.notOpen) {
      try bench.room.sendData([1], topic: nil, to: [], reliable: false, now: bench.now)
    }
  }

  @Test func outsideOfARoom() throws {
    let bench = try Bench(rpcMethods: ["echo"])
    #expect(throws: DataFailure.notJoined) {
      try bench.room.sendData([1], topic: nil, to: [], reliable: true, now: bench.now)
    }
  }

  @Test func nothingGrowsInTenThousandPackets() throws {
    let bench = try Bench.withData()
    for number in 0..<10_000 {
      bench.publisher?.buffered = number % 5 == 0 ? 0 : 30_000
      try bench.room.sendData(
        [UInt8](repeating: 0, count: 1_000), topic: "t", to: ["a"], reliable: true, now: bench.now)
      bench.deliver(.user(.init(payload: [1])), from: "p\(number % 300)", UInt32(number + 1))
      bench.events = []
      bench.publisher?.messages = []
    }
    let data = bench.room.core.media.data
    #expect(data.queue.sentBytes < 33_000)
    #expect(data.queue.waiting.isEmpty)
    #expect(data.filter.states.count == 200)
    #expect(bench.data.packetsSent == 10_000)
    #expect(bench.data.packetsReceived == 10_000)
    #expect(bench.data.duplicates == 0)
  }
}

extension Bench {
  var dataFailures: [DataFailure] {
    events.compactMap { if case .dataFailed(let failure) = $0 { failure } else { nil } }
  }
}
