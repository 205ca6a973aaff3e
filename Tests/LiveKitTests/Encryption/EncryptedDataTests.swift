import Base
import Testing

@testable import LiveKit

@Suite struct EncryptedDataTests {
  static let key: UInt8 = 1

  static func bench(_ mode: EncryptionMode = .required, _ keys: [EncryptionKey]? = nil) throws -> Bench {
    let bench = try Bench.withData()
    var settings = encrypted(mode: mode)
    settings.keys = try keys ?? [quickKey(key)]
    bench.room.setEncryption(settings, now: bench.now)
    bench.drain()
    return bench
  }

  static func seal(
    _ value: DataPacket.Value, _ byte: UInt8 = key, index: Int = 0, iv: UInt8 = 3
  ) throws -> DataPacket.Value {
    let key = try quickKey(byte)
    let link = try #require(KeyRing.Link(key))
    let iv = [UInt8](repeating: iv, count: 12)
    let packet = DataPacket(value: value).encoded(lossy: false)
    let payload = try #require(EncryptedPayload.from(packet: packet))
    let sealed = try #require(SealedFrame.seal(payload, iv: iv, with: link.sealer))
    return .encrypted(.init(iv: iv, keyIndex: index, value: sealed))
  }

  static func open(_ value: DataPacket.Value, _ byte: UInt8 = key) throws -> DataPacket.Value? {
    guard case .encrypted(let packet) = value else { return nil }
    let key = try quickKey(byte)
    let link = try #require(KeyRing.Link(key))
    guard let payload = SealedFrame.open(packet.value, iv: packet.iv, with: link.opener),
      let bytes = EncryptedPayload.asPacket(payload)
    else { return nil }
    var dropped = 0
    return DataPacketDecoder.decode(bytes, limits: Limits(), dropped: &dropped)?.value
  }

  static func refusals(_ bench: Bench) -> [String] {
    bench.events.compactMap {
      if case .clearRefused(let sender, let what) = $0 { "\(sender.identity): \(what)" } else { nil }
    }
  }

  static let request = DataPacket.Value.rpcRequest(
    .init(id: "1", method: "echo", payload: "p", responseTimeoutMilliseconds: 8_000))

  @Test func whatIsSentIsSealedButTelephoneKeys() throws {
    let bench = try Self.bench()
    try bench.room.sendData([1], topic: "t", to: ["agent"], reliable: true, now: bench.now)
    try bench.room.sendData([2], topic: nil, to: [], reliable: false, now: bench.now)
    _ = try bench.room.sendChat("hello", now: bench.now)
    _ = bench.room.performRPC(
      to: "agent", method: "m", payload: "", responseTimeoutMilliseconds: 9_000, now: bench.now)
    try bench.room.sendDTMF("1", to: [], now: bench.now)
    bench.drain()
    let sent = bench.sentPackets
    #expect(sent[0].destinations == ["agent"] && sent[0].sequence == 1)
    let inside = try sent.map { try Self.open($0.value) }
    #expect(inside[0] == .user(.init(payload: [1], topic: "t")))
    guard case .streamHeader? = inside[1], case .streamChunk? = inside[2], case .streamTrailer? = inside[3],
      case .rpcRequest? = inside[4]
    else {
      Issue.record("\(inside)")
      return
    }
    #expect(sent[5].value == .dtmf(code: 1, digit: "1") && sent.count == 6)
    let packets = bench.publisher?.packets("_lossy") ?? []
    let lossy = try #require(packets.first)
    #expect(try Self.open(lossy.value) == .user(.init(payload: [2])))
    #expect(lossy.isLossy)
  }

  @Test func whatComesSealedIsWhatItIs() throws {
    let bench = try Self.bench()
    bench.deliver(try Self.seal(DataReceiveTests.user(7)), 1)
    bench.deliver(try Self.seal(Self.request, iv: 4), 2)
    #expect(DataReceiveTests.received(bench).map(\.payload) == [[7]])
    let invocation = try #require(RPCInvocationTests.invoked(bench).first)
    #expect(invocation.isPrivate && invocation.sender == DataReceiveTests.agent)
    try RPCInvocationTests.answer(bench, .success("ok"))
    let answers = try bench.sentPackets.map { try Self.open($0.value) }
    #expect(answers == [.rpcAck(requestID: "1"), .rpcResponse(requestID: "1", .success("ok"))])
    // Not a second time, whoever sends it again.
    bench.deliver(try Self.seal(Self.request, iv: 4), 3)
    #expect(RPCInvocationTests.invoked(bench).count == 1)
  }

  @Test func whatComesInTheClearIsRefusedAndNamed() throws {
    let bench = try Self.bench()
    bench.deliver(DataReceiveTests.user(7))
    bench.deliver(.dtmf(code: 1, digit: "1"))
    bench.deliver(.chat(.init(id: "c", message: "hi")))
    bench.deliver(
      .transcription(.init(identity: "agent", segments: [.init(id: "s", text: "hi", isFinal: true)])))
    var header = DataPacket.StreamHeader(streamID: "s", topic: "lk.chat")
    header.content = .text(.init())
    bench.deliver(.streamHeader(header))
    bench.deliver(Self.request)
    #expect(
      Self.refusals(bench) == [
        "agent: data of topic t", "agent: a telephone key", "agent: a line of chat", "agent: a transcript",
        "agent: a stream of topic lk.chat", "agent: a call of echo",
      ])
    #expect(bench.room.encryptionStatistics.clearRefused == 6)
    let told = bench.events.filter {
      switch $0 {
      case .dataReceived, .dtmfReceived, .chatReceived, .transcription, .rpcInvoked: true
      default: false
      }
    }
    #expect(told.isEmpty)
    // The caller is told, as it can read it.
    #expect(bench.sentPackets.map(\.value).first == .rpcAck(requestID: "1"))
    guard case .rpcResponse("1", .failure(let error))? = bench.sentPackets.last?.value else {
      Issue.record("no answer")
      return
    }
    #expect(error.code == 1500 && error.message.contains("encrypted"))
  }

  @Test func whereItIsOnlyWantedTheClearIsTakenAndAnsweredInTheClear() throws {
    let bench = try Self.bench(.wanted)
    bench.deliver(Self.request)
    let invocation = try #require(RPCInvocationTests.invoked(bench).first)
    #expect(!invocation.isPrivate && Self.refusals(bench).isEmpty)
    try RPCInvocationTests.answer(bench, .success("ok"))
    #expect(
      bench.sentPackets.map(\.value) == [
        .rpcAck(requestID: "1"), .rpcResponse(requestID: "1", .success("ok")),
      ])
  }

  /// Otherwise whoever is on the way could add to what somebody says in private.
  @Test func nobodyAddsToAPrivateStream() throws {
    let bench = try Self.bench(.wanted)
    var header = DataPacket.StreamHeader(streamID: "s", topic: "lk.chat")
    header.content = .text(.init())
    bench.deliver(try Self.seal(.streamHeader(header)))
    bench.deliver(.streamChunk(.init(streamID: "s", index: 0, content: Array("open".utf8))))
    bench.deliver(
      try Self.seal(.streamChunk(.init(streamID: "s", index: 0, content: Array("shut".utf8))), iv: 5))
    bench.deliver(.streamTrailer(.init(streamID: "s")))
    bench.deliver(try Self.seal(.streamTrailer(.init(streamID: "s")), iv: 6))
    let lines: [String] = bench.events.compactMap {
      if case .chatReceived(let chat) = $0 { chat.text } else { nil }
    }
    #expect(lines == ["shut"] && bench.room.streamStatistics.stray == 2)
  }

  @Test func packetsThatCannotBeRead() throws {
    let bench = try Self.bench()
    let good = try Self.seal(DataReceiveTests.user(7))
    guard case .encrypted(let packet) = good else { return }
    var bad: [DataPacket.Encrypted] = []
    for change in 0..<6 {
      var one = packet
      switch change {
      case 0: one.iv = []
      case 1: one.iv.append(0)
      case 2: one.value = []
      case 3: one.value[0] ^= 1
      case 4: one.keyIndex = 3
      default: one.isKnown = false
      }
      bad.append(one)
    }
    for one in bad { bench.deliver(.encrypted(one)) }
    bench.deliver(try Self.seal(DataReceiveTests.user(7), 9))
    #expect(bench.room.encryptionStatistics.packetsUnreadable == 7 && bench.data.encrypted == 7)
    #expect(bench.events.filter { if case .packetUnreadable = $0 { true } else { false } }.count == 7)
    #expect(DataReceiveTests.received(bench).isEmpty)
    bench.deliver(good)
    #expect(DataReceiveTests.received(bench).count == 1)
  }

  @Test func withoutAKeyNothingIsSaid() throws {
    let bench = try Self.bench(.required, [try quickKey(1, owner: "agent")])
    #expect(throws: DataFailure.noKey) {
      try bench.room.sendData([1], topic: nil, to: [], reliable: true, now: bench.now)
    }
    // What others say is still understood.
    bench.deliver(try Self.seal(DataReceiveTests.user(7)))
    #expect(DataReceiveTests.received(bench).count == 1 && bench.sentPackets.isEmpty)
  }

  @Test func offMeansThatNothingIsUnderstood() throws {
    let bench = try Self.bench(.off)
    bench.deliver(try Self.seal(DataReceiveTests.user(7)))
    try bench.room.sendData([1], topic: nil, to: [], reliable: true, now: bench.now)
    #expect(bench.data.encrypted == 1 && DataReceiveTests.received(bench).isEmpty)
    #expect(bench.sentPackets.map(\.value) == [.user(.init(payload: [1]))])
  }

  /// The nonce is inside.
  @Test func theSameTwiceIsOnce() throws {
    let bench = try Self.bench()
    let nonce = [UInt8](repeating: 4, count: 16)
    for number in 1...2 {
      bench.deliver(
        try Self.seal(DataReceiveTests.user(7, nonce: nonce), iv: UInt8(number)), UInt32(number))
    }
    #expect(DataReceiveTests.received(bench).count == 1 && bench.data.duplicates == 1)
  }
}
