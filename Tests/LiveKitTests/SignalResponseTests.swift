import Testing

@testable import LiveKit

@Suite struct SignalResponseTests {
  static func decode(_ bytes: [UInt8], _ limits: LiveKit.Limits = LiveKit.Limits()) -> (
    SignalResponse?, dropped: Int, refused: Int
  ) {
    var dropped = 0
    var refused = 0
    let response = SignalDecoder.decode(bytes, limits: limits, dropped: &dropped, refused: &refused)
    return (response, dropped, refused)
  }

  @Test func joinWithEverythingInIt() throws {
    let bytes = Server.join(
      others: [
        Server.participant(
          "agent", "PA_a", version: 4, tracks: [Server.track("TR_1", muted: true), Server.track("TR_2")],
          kind: 4,
          attributes: ["lk.agent.state": "listening", "x": ""], name: "Ägent")
      ], stun: ["stun:a:1", "stun:b"])
    guard case .join(let join) = Self.decode(bytes).0 else {
      Issue.record("no join")
      return
    }
    #expect(join.room.name == "hall")
    #expect(join.room.serverNode == "ND_x")
    #expect(join.participant.identity == "door")
    #expect(join.participant.permission.canPublish)
    #expect(join.subscriberPrimary && join.fastPublish)
    #expect(join.pingIntervalSeconds == 5)
    #expect(join.pingTimeoutSeconds == 15)
    #expect(join.iceServers.map(\.urls) == [["stun:a:1", "stun:b"]])
    let agent = try #require(join.others.first)
    #expect(agent.name == "Ägent")
    #expect(agent.kind == .agent)
    #expect(agent.state == .active)
    #expect(agent.version == 4)
    #expect(agent.attributes == ["lk.agent.state": "listening", "x": ""])
    #expect(agent.tracks.map(\.sid) == ["TR_1", "TR_2"])
    #expect(agent.tracks.map(\.isMuted) == [true, false])
    #expect(agent.tracks.first?.source == .microphone)
    #expect(agent.tracks.first?.mimeType == "audio/opus")
  }

  @Test func unknownFieldsAndValuesAreTolerated() {
    let odd = Server.participant("p", "PA_p", state: 77, kind: 99).text(500, "new").number(501, 7).float(
      502, 1)
    guard case .participants(let participants) = Self.decode(Server.update([odd])).0 else {
      Issue.record("no update")
      return
    }
    #expect(participants.map(\.identity) == ["p"])
    #expect(participants.first?.kind == .standard)
  }

  @Test func aParticipantOfASingleEmptyMessage() {
    guard case .participants(let participants) = Self.decode([0x2A, 0x02, 0x0A, 0x00]).0 else {
      Issue.record("no update")
      return
    }
    #expect(
      participants == [
        {
          var empty = Participant()
          empty.permission = .unrestricted
          return empty
        }()
      ])
  }

  @Test func whatExceedsALimitIsCountedAndTheRestIsKept() {
    var limits = LiveKit.Limits()
    limits.participantsMax = 2
    limits.tracksPerParticipantMax = 1
    let bytes = Server.update(
      (0..<5).map {
        Server.participant("p\($0)", "PA_\($0)", tracks: [Server.track("a"), Server.track("b")])
      })
    let (response, dropped, _) = Self.decode(bytes, limits)
    guard case .participants(let participants) = response else {
      Issue.record("no update")
      return
    }
    #expect(participants.map(\.identity) == ["p0", "p1"])
    #expect(participants.map(\.tracks.count) == [1, 1])
    #expect(dropped >= 3)
  }

  @Test func aMessageOverTheLimitIsNotDecoded() {
    var limits = LiveKit.Limits()
    limits.signalMessageBytesMax = 100
    #expect(Self.decode(Server.refreshToken(String(repeating: "x", count: 97)), limits).0 != nil)
    #expect(Self.decode(Server.refreshToken(String(repeating: "x", count: 98)), limits).0 == nil)
  }

  @Test func aLongStringIsWhole() {
    let metadata = String(repeating: "m", count: 300_000)
    let bytes = Wire().message(11, Wire().message(1, Wire().text(8, metadata))).bytes
    guard case .room(let info) = Self.decode(bytes).0 else {
      Issue.record("no room")
      return
    }
    #expect(info.metadata == metadata)
  }

  @Test func everyTruncationOfAJoinIsHandled() {
    let bytes = Server.join(
      others: [Server.participant("p", "PA_p", tracks: [Server.track("TR_1")], attributes: ["a": "b"])],
      stun: ["stun:a"])
    for count in 1..<bytes.count { #expect(Self.decode(Array(bytes[..<count])).0 == nil) }
    #expect(Self.decode(bytes).0 != nil)
  }

  @Test(arguments: [
    (1, false, SignalResponse.Leave.Action.resume), (2, false, .reconnect), (0, false, .disconnect),
    (0, true, .reconnect), (9, false, .disconnect),
  ])
  func leaveActions(action: Int, canReconnect: Bool, expected: SignalResponse.Leave.Action) {
    let bytes = Wire().message(8, Wire().flag(1, canReconnect).number(2, 6).number(3, action)).bytes
    guard case .leave(let leave) = Self.decode(bytes).0 else {
      Issue.record("no leave")
      return
    }
    #expect(leave == .init(action: expected, reason: .stateMismatch, regions: []))
  }

  @Test func invalidUTF8IsReplaced() {
    guard case .refreshToken(let token) = Self.decode([0x82, 0x01, 0x02, 0x61, 0xFF]).0 else {
      Issue.record("no token")
      return
    }
    #expect(token == "a\u{FFFD}")
  }
}
