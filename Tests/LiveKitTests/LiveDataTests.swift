import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// Packets through real SCTP, with a room that publishes nothing.
@Suite struct LiveDataTests {
  @Test func aCallIsAnsweredAndPacketsOfEverySizeArriveInOrder() throws {
    let call = try LiveSessionTests.Call(rpcMethods: ["echo"])
    let server = try #require(call.ends[.subscriber])
    let channel = server.openDataChannel(label: "_reliable", ordered: true, maxRetransmits: nil)
    try call.room.join(
      url: "ws://server", token: Bench.token(), now: call.now)
    try call.run(5)
    call.offer(9, track: "")
    try call.run(2_000)
    #expect(call.room.state == .connected)
    let request = DataPacket(
      identity: "agent", sid: "PA_a", sequence: 1,
      value: .rpcRequest(.init(id: "1", method: "echo", payload: "words", responseTimeoutMilliseconds: 8_000))
    )
    try server.send(request.encoded(lossy: false), channel: channel, now: call.now)
    try call.run(200)
    let invocation = try #require(
      call.events.compactMap { if case .rpcInvoked(let invocation) = $0 { invocation } else { nil } }.first)
    call.room.answerRPC(invocation.id, .success(invocation.payload), now: call.now)
    let sizes = [0, 1, 1_200, 15_000, 63_900]
    for size in sizes {
      try call.room.sendData(
        [UInt8](repeating: 7, count: size), topic: nil, to: [], reliable: true, now: call.now)
    }
    try call.room.sendData([8], topic: nil, to: [], reliable: false, now: call.now)
    try call.run(1_000)
    let packets = call.messages.compactMap { ScriptedPeer.Sent($0) }
    let reliable = packets.filter { !$0.isLossy }
    #expect(reliable.map(\.sequence) == Array(1...7))
    #expect(
      reliable.map(\.value) == [
        .rpcAck(requestID: "1"), .rpcResponse(requestID: "1", .success("words")),
      ] + sizes.map { .user(.init(payload: [UInt8](repeating: 7, count: $0))) })
    #expect(packets.filter { $0.isLossy }.map(\.value) == [.user(.init(payload: [8]))])
    // All of it has arrived, so nothing is kept.
    try call.room.sendData([9], topic: nil, to: [], reliable: true, now: call.now)
    try call.run(1_000)
    call.room.flush(call.now)
    #expect(call.room.core.media.data.queue.sent.isEmpty)
  }

  @Test func moreThanTheChannelHoldsIsHeldBackAndGoesOn() throws {
    let call = try LiveSessionTests.Call(rpcMethods: ["echo"])
    try call.room.join(
      url: "ws://server", token: Bench.token(), now: call.now)
    try call.run(5)
    call.offer(9, track: "")
    try call.run(2_000)
    var sent = 0
    var refusals = 0
    for _ in 0..<2_000 where sent < 100 {
      do throws(DataFailure) {
        try call.room.sendData(
          [UInt8](repeating: UInt8(sent), count: 15_000), topic: nil, to: [], reliable: true, now: call.now)
        sent += 1
      } catch {
        refusals += 1
        try call.run(5)
      }
    }
    try call.run(2_000)
    #expect(refusals > 0)
    #expect(call.messages.compactMap { ScriptedPeer.Sent($0) }.map(\.sequence) == Array(1...100))
    #expect(call.room.canSendReliable)
  }
}
