import Base
import Testing

@testable import LiveKit
@testable import WebRTC

@Suite struct JoinTests {
  @Test func dialsWithTheTokenInTheHeaderOnly() throws {
    let bench = try Bench()
    try bench.join()
    let dialled = try #require(bench.opened.first)
    #expect(
      dialled.url
        == "wss://example.com/rtc?protocol=16&sdk=cpp&version=1.0%20x&os=linux&client_protocol=0&auto_subscribe=0&adaptive_stream=0"
    )
    #expect(dialled.token == Bench.token())
    #expect(bench.stateChanges == ["connecting"])
  }

  @Test func connectedMeansThatMediaFlows() throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(
      Server.join(stun: ["stun:192.0.2.1:3478", "stun:stun.example.org", "turn:x:1?transport=udp"]))
    #expect(bench.room.state == .connecting)
    #expect(bench.sockets == ["open subscriber"])
    #expect(bench.resolving == ["stun.example.org", "x"])
    bench.subscriber?.become(.connected)
    bench.drain()
    #expect(bench.stateChanges == ["connecting", "connected"])
    #expect(bench.room.info.name == "hall")
    #expect(bench.room.info.sid == "RM_1")
    #expect(bench.room.info.serverVersion == "1.13.5")
    #expect(bench.room.localParticipant.identity == "door")
  }

  @Test func resolvedStunServersReachThePeers() throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join(stun: ["stun:192.0.2.1", "stun:stun.example.org:1234"]))
    bench.handle(.hostResolved(name: "stun.example.org", addresses: [IPAddress(v4: 0xC000_0202)]))
    let servers = bench.subscriber?.inputs.compactMap { input in
      if case .stunServer(let address) = input { address.description } else { nil }
    }
    #expect(servers == ["192.0.2.1:3478", "192.0.2.2:1234"])
  }

  @Test func namesThatNobodyNeedsAreNotAskedAnyMore() throws {
    let bench = try Bench()
    try bench.connect(Server.join(stun: ["stun:stun.example.org", "stun:192.0.2.1"]))
    #expect(bench.resolving == ["stun.example.org", "cancelled"])
    // Nothing is asked now, so nothing is cancelled again.
    bench.handle(.hostResolved(name: "stun.example.org", addresses: [IPAddress(v4: 1)]))
    bench.room.leave(now: bench.now)
    bench.drain()
    #expect(bench.resolving == ["stun.example.org", "cancelled"])

    let lost = try Bench()
    try lost.join()
    lost.handle(.webSocketOpened(connection: lost.connection))
    lost.server(Server.join(stun: ["stun:stun.example.org"]))
    lost.handle(.webSocketClosed(connection: lost.connection, code: 1006, reason: ""))
    #expect(lost.resolving == ["stun.example.org", "cancelled"])
  }

  @Test func pingsAtOnceAndEveryInterval() throws {
    let bench = try Bench()
    try bench.connect()
    // Of the clock that is never put right: the server only sends it back.
    #expect(bench.last(16)?.number(1) == 1000)
    bench.advance(40)
    bench.server(Server.pong(1000))
    #expect(bench.room.roundTripMilliseconds == 40)
    bench.advance(5000)
    #expect(bench.count(16) == 2)
    #expect(bench.last(16)?.number(2) == 40)
  }

  @Test func anyMessageReArmsThePingTimeout() throws {
    let bench = try Bench()
    try bench.connect()
    bench.advance(14_000)
    bench.server(Server.refreshToken(Bench.token()))
    bench.advance(14_000)
    #expect(bench.room.state == .connected)
    bench.advance(1_100)
    #expect(bench.room.state == .resuming(mediaFlows: true))
    #expect(bench.opened.count == 2)
  }

  @Test(arguments: [0, 1, 2]) func messagesAfterJoinComeInAnyOrder(rotation: Int) throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join(others: [Server.participant("phone", "PA_p", tracks: [Server.track("TR_A1")])]))
    bench.subscriber?.nextSections = [.audio("1", "PA_p", "TR_A1")]
    let messages = [
      Server.refreshToken(Bench.token()), Server.offer(18),
      Wire().message(15, Wire().text(1, "PA_p").text(2, "TR_A1").flag(3, true)).bytes,
    ]
    for index in 0..<3 { bench.server(messages[(index + rotation) % 3]) }
    bench.bringUp()
    #expect(bench.room.state == .connected)
    #expect(bench.room.subscriptions.map(\.trackSID) == ["TR_A1"])
    #expect(bench.last(2)?.number(3) == 18)
    #expect(bench.last(2)?.text(1) == "answer")
    #expect(bench.last(2)?.text(2) == "our answer 1")
  }

  @Test func tricklesBothWays() throws {
    let bench = try Bench()
    try bench.connect()
    bench.server(
      Server.trickle(
        #"{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0"}"#, subscriber: true))
    #expect(bench.subscriber?.candidates == ["candidate:1 1 udp 1 192.0.2.1 9 typ host"])
    bench.subscriber?.outputs.append(.event(.candidate("candidate:2 \"q\"", mid: "0", sectionIndex: 0)))
    bench.drain()
    #expect(bench.last(3)?.text(1) == #"{"candidate":"candidate:2 \"q\"","sdpMid":"0","sdpMLineIndex":0}"#)
    #expect(bench.last(3)?.number(2) == 1)
    bench.server(Server.trickle("{", subscriber: true))
    #expect(bench.room.statistics.malformedCandidates == 1)
  }

  @Test func malformedMessagesAreCountedAndDropped() throws {
    let bench = try Bench()
    try bench.connect()
    bench.server([0x0A, 0x7F, 1])
    bench.server([0xFF])
    #expect(bench.room.statistics.malformedMessages == 2)
    #expect(bench.room.state == .connected)
    bench.server(Wire().message(13, Wire().text(1, "x")).bytes)
    #expect(bench.room.statistics.unusedMessages == 1)
  }

  @Test func whatOldConnectionsSayIsIgnored() throws {
    let bench = try Bench()
    try bench.connect()
    bench.handle(.webSocketClosed(connection: bench.connection - 1, code: 1006, reason: ""))
    #expect(bench.room.state == .connected)
  }

  @Test func aRoomIsJoinedOnce() throws {
    let bench = try Bench()
    try bench.connect()
    #expect(throws: Failure.alreadyJoined) { try bench.join() }
  }

  @Test func whatIsNoTokenIsSaidBeforeDialling() throws {
    let bench = try Bench()
    #expect(throws: Failure.malformedToken("it has 1 parts separated by dots instead of 3")) {
      try bench.join(token: "abc")
    }
    #expect(bench.opened.isEmpty)
    #expect(bench.room.state == .disconnected)
  }
}
