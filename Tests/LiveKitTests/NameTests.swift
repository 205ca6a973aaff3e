import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// Who somebody is hangs on bytes: what looks alike, or ends where C ends, is somebody else or nobody.
@Suite struct NameTests {
  /// A participant whose identity is any bytes.
  static func participant(_ identity: [UInt8], _ sid: String, kind: Int = 0, state: Int = 2) -> Wire {
    Wire().text(1, sid).data(2, identity).number(3, state).number(10, 1).number(14, kind)
  }

  static let agent = Array("agent-AJ_x".utf8)

  @Test func aZeroByteMakesNobodyTheAgent() throws {
    let bench = try Bench.withData(join: Server.join(others: [Self.participant(Self.agent, "PA_a", kind: 4)]))
    bench.server(Server.update([Self.participant(Self.agent + [0x00, 0x7A], "PA_z")]))
    #expect(bench.room.participants.map(\.sid) == ["PA_a"])
    #expect(bench.room.statistics.malformedMessages == 1)
    bench.server(Server.update([Self.participant(Self.agent, "PA_a", kind: 4)]))
    #expect(bench.room.participants.map(\.kind) == [.agent])
  }

  @Test func nobodyIsKeptFromTheRoomByHowAnotherCallsHimself() throws {
    let others = [
      Self.participant([0x41, 0x0A], "PA_z"), Self.participant([0xFF], "PA_y"),
      Self.participant(Self.agent, "PA_a"),
    ]
    let bench = try Bench.withData(join: Server.join(others: others))
    #expect(bench.room.state == .connected)
    #expect(bench.room.participants.map(\.sid) == ["PA_a"])
    #expect(bench.room.statistics.malformedMessages == 2)
  }

  @Test func twoSpellingsOfOneLetterAreTwoParticipants() throws {
    let bench = try Bench.withData(
      join: Server.join(others: [Server.participant("caf\u{E9}", "PA_1", kind: 4)]))
    bench.server(Server.update([Server.participant("cafe\u{301}", "PA_2")]))
    #expect(bench.room.participants.map(\.kind) == [.agent, .standard])
    let second = Sender.participant(sid: "PA_2", identity: "caf\u{E9}")
    #expect(second.participant(among: bench.room.participants) == nil)
    let first = Sender.participant(sid: "PA_1", identity: "caf\u{E9}").participant(
      among: bench.room.participants)
    #expect(first?.kind == .agent)
  }

  @Test func aTrackThatIsNamedByNothingTakesItsParticipantAlong() {
    let track = Wire().data(1, [0x54, 0x00]).number(2, 0)
    let bytes = Server.update([
      Server.participant("a", "PA_a", tracks: [track]), Server.participant("b", "PA_b"),
    ])
    var dropped = 0
    var refused = 0
    let response = SignalDecoder.decode(bytes, limits: .init(), dropped: &dropped, refused: &refused)
    guard case .participants(let participants) = response else {
      Issue.record("no update")
      return
    }
    #expect(participants.map(\.identity) == ["b"])
    #expect(refused == 1)
  }

  /// Each field of a packet that is a name, by the numbers of the protocol.
  static let packets: [(String, @Sendable ([UInt8]) -> Wire)] = [
    ("identity", { Wire().message(2, Wire()).data(4, $0) }),
    ("sid", { Wire().message(2, Wire()).data(17, $0) }),
    ("topic", { Wire().message(2, Wire().data(4, $0)) }),
    ("transcription", { Wire().message(7, Wire().data(2, $0)) }),
    ("track", { Wire().message(7, Wire().data(3, $0)) }),
    ("segment", { Wire().message(7, Wire().message(4, Wire().data(1, $0))) }),
    ("chat", { Wire().message(9, Wire().data(1, $0)) }),
    ("request", { Wire().message(10, Wire().data(1, $0)) }),
    ("method", { Wire().message(10, Wire().data(2, $0)) }),
    ("ack", { Wire().message(11, Wire().data(1, $0)) }),
    ("response", { Wire().message(12, Wire().data(1, $0)) }),
    ("header", { Wire().message(13, Wire().data(1, $0)) }),
    ("header topic", { Wire().message(13, Wire().data(3, $0)) }),
    ("reply", { Wire().message(13, Wire().message(9, Wire().data(3, $0))) }),
    ("attached", { Wire().message(13, Wire().message(9, Wire().data(4, $0))) }),
    ("chunk", { Wire().message(14, Wire().data(1, $0)) }),
    ("trailer", { Wire().message(15, Wire().data(1, $0)) }),
  ]

  @Test(arguments: packets.indices) func aPacketWithWhatIsNoNameIsMalformed(index: Int) {
    let (field, packet) = Self.packets[index]
    func decoded(_ name: [UInt8]) -> DataPacket? {
      var dropped = 0
      return DataPacketDecoder.decode(packet(name).bytes, limits: .init(), dropped: &dropped)
    }
    for name in [[0x61, 0x00], [0x00], [0x1F], [0x7F], [0x61, 0x0A, 0x62], [0xC3], [0xFF, 0xFE]] as [[UInt8]]
    {
      #expect(decoded(name) == nil, "\(field)")
    }
    let name = Array("caf\u{E9} \u{1F514}".utf8)
    let read = decoded(name)
    #expect(read != nil && read != decoded(Array("cafe\u{301} \u{1F514}".utf8)), "\(field)")
  }

  @Test func whoIsHiddenIsNoServerAndGetsNoAnswer() throws {
    let bench = try Bench.withData()
    for (number, sid) in ["PA_h", ""].enumerated() {
      RPCInvocationTests.request(bench, "\(number)", from: "", sid: "\(sid)")
      let invocation = try #require(RPCInvocationTests.invoked(bench).last)
      #expect(!invocation.isServer)
      #expect(invocation.sender == .hidden(sid: "\(sid)"))
      try RPCInvocationTests.answer(bench, .success("secret"))
    }
    RPCInvocationTests.request(bench, "refused", method: "other", from: "", sid: "PA_h")
    #expect(bench.sentPackets.isEmpty)
    #expect(bench.data.hiddenCallers == 6)
    bench.deliver(.dtmf(code: 1, digit: "1"), from: "", sid: "PA_h")
    guard case .dtmfReceived(_, let sender)? = bench.events.last else {
      Issue.record("no key")
      return
    }
    #expect(sender == .hidden(sid: "PA_h"))
  }

  @Test func sectionsNameTheirTrackByBytes() {
    func section(_ stream: String, _ track: String) -> SubscriptionTable.Section? {
      SubscriptionTable.name(.init(mid: "0", isActive: true, streamID: stream, trackID: track))
    }
    #expect(section("PA_1|TR_1", "TR_1")?.trackSID == "TR_1")
    #expect(section("PA_1\u{0}|TR_1", "TR_1") == nil)
    #expect(section("PA_1|TR_1\u{0}", "x") == nil)
  }
}
