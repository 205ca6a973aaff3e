import Base
import Testing

@testable import LiveKit

/// Being called.
@Suite struct RPCInvocationTests {
  static func invoked(_ bench: Bench) -> [RPCInvocation] {
    bench.events.compactMap { if case .rpcInvoked(let invocation) = $0 { invocation } else { nil } }
  }

  static func request(
    _ bench: Bench, _ id: Name = "1", method: Name = "echo", payload: String = "{}",
    timeout: UInt32 = 8_000,
    version: UInt32 = 1, from identity: Name = "agent", sid: Name? = nil
  ) {
    bench.deliver(
      .rpcRequest(
        .init(
          id: id, method: method, payload: payload, responseTimeoutMilliseconds: timeout, version: version)),
      from: identity, sid: sid)
  }

  static func answer(_ bench: Bench, _ result: Result<String, RPCError>) throws {
    bench.room.answerRPC(try #require(invoked(bench).last).id, result, now: bench.now)
    bench.drain()
  }

  @Test func acknowledgedFirstThenAsked() throws {
    let bench = try Bench.withData()
    Self.request(bench, payload: "pä")
    #expect(bench.sentPackets.map(\.value) == [.rpcAck(requestID: "1")])
    let invocation = try #require(Self.invoked(bench).first)
    #expect(invocation.sender == .participant(sid: "PA_agent", identity: "agent"))
    #expect(!invocation.isServer)
    #expect(invocation.method == "echo")
    #expect(invocation.payload == "pä")
    #expect(invocation.responseTimeoutMilliseconds == 8_000)
    try Self.answer(bench, .success("ok"))
    #expect(bench.sentPackets.map(\.value).last == .rpcResponse(requestID: "1", .success("ok")))
    #expect(bench.sentPackets.allSatisfy { $0.destinations == ["agent"] })
    // Once.
    bench.room.answerRPC(invocation.id, .success("again"), now: bench.now)
    bench.room.answerRPC(99, .success("never asked"), now: bench.now)
    #expect(bench.sentPackets.count == 2)
  }

  @Test func whatIsRefusedIsAcknowledgedToo() throws {
    let bench = try Bench.withData()
    Self.request(bench, "1", method: "other")
    Self.request(bench, "2", version: 2)
    Self.request(bench, "3", version: 0)
    Self.request(bench, "4", payload: String(repeating: "x", count: 15_361))
    Self.request(bench, "5", method: "")
    let errors: [RPCError] = [
      .unsupportedMethod, .unsupportedVersion, .unsupportedVersion, .requestTooLarge, .unsupportedMethod,
    ]
    var expected: [DataPacket.Value] = []
    for (index, error) in errors.enumerated() {
      expected.append(.rpcAck(requestID: "\(index + 1)"))
      expected.append(.rpcResponse(requestID: "\(index + 1)", .failure(error)))
    }
    #expect(bench.sentPackets.map(\.value) == expected)
    #expect(Self.invoked(bench).isEmpty)
    #expect(bench.data.refusedRequests == 5)
  }

  @Test func resultsAndWordsThatAreTooLong() throws {
    let bench = try Bench.withData()
    Self.request(bench, "1")
    try Self.answer(bench, .success(String(repeating: "x", count: 15_360)))
    #expect(
      bench.sentPackets.last?.value
        == .rpcResponse(requestID: "1", .success(String(repeating: "x", count: 15_360))))
    Self.request(bench, "2")
    try Self.answer(bench, .success(String(repeating: "x", count: 15_361)))
    #expect(bench.sentPackets.last?.value == .rpcResponse(requestID: "2", .failure(.responseTooLarge)))
    Self.request(bench, "3")
    let long = RPCError(
      code: 7, message: "x" + String(repeating: "ä", count: 200), data: String(repeating: "€", count: 6_000))
    try Self.answer(bench, .failure(long))
    let cut = RPCError(
      code: 7, message: "x" + String(repeating: "ä", count: 127), data: String(repeating: "€", count: 5_120))
    #expect(bench.sentPackets.last?.value == .rpcResponse(requestID: "3", .failure(cut)))
  }

  /// RoomService.PerformRpc: the id in place of an identity, no session, and the answer to nobody.
  @Test func theServerCalls() throws {
    let bench = try Bench.withData()
    let id: Name = "6f1c3ad0-4b1c-4c8e-9f55-0d9b6a1f2e11"
    Self.request(bench, id, from: id, sid: "")
    let invocation = try #require(Self.invoked(bench).first)
    #expect(invocation.isServer)
    #expect(invocation.sender == .server)
    try Self.answer(bench, .success("ok"))
    #expect(bench.sentPackets.map(\.destinations) == [[], []])
    // A participant who bears the id as a name is no server.
    Self.request(bench, "fake", from: "fake", sid: "PA_fake")
    #expect(Self.invoked(bench).last?.isServer == false)
    #expect(Self.invoked(bench).last?.sender == .participant(sid: "PA_fake", identity: "fake"))
    #expect(bench.sentPackets.last?.destinations == ["fake"])
  }

  @Test func aRequestThatComesAgainIsNotDoneAgain() throws {
    let bench = try Bench.withData()
    Self.request(bench, "1")
    Self.request(bench, "1")
    try Self.answer(bench, .success("ok"))
    Self.request(bench, "1")
    #expect(Self.invoked(bench).count == 1)
    #expect(bench.sentPackets.count == 2)
    #expect(bench.data.repeatedRequests == 2)
    // Another caller's ids are his own.
    Self.request(bench, "1", from: "ann")
    #expect(Self.invoked(bench).count == 2)
  }

  @Test func answersWaitForOurChannel() throws {
    let bench = try Bench(rpcMethods: ["echo"])
    try bench.connect()
    bench.subscriber?.open("_reliable", "_lossy")
    Self.request(bench)
    try Self.answer(bench, .success("ok"))
    #expect(bench.sentPackets.isEmpty)
    bench.publisher?.open("_reliable")
    bench.drain()
    #expect(
      bench.sentPackets.map(\.value)
        == [.rpcAck(requestID: "1"), .rpcResponse(requestID: "1", .success("ok"))])
    #expect(bench.sentPackets.map(\.sequence) == [1, 2])
  }

  @Test func answersFindRoomWhereOtherPacketsDoNot() throws {
    let bench = try Bench.withData()
    bench.publisher?.sendFailure = .full(bufferedBytes: 1)
    for _ in 0..<64 { try bench.room.sendData([1], topic: nil, to: [], reliable: true, now: bench.now) }
    Self.request(bench)
    try Self.answer(bench, .success("ok"))
    bench.publisher?.sendFailure = nil
    bench.publisher?.becomeWritable()
    bench.drain()
    #expect(bench.sentPackets.map(\.value).last == .rpcResponse(requestID: "1", .success("ok")))
  }

  @Test func tooManyAtOnce() throws {
    let bench = try Bench.withData()
    for id in 0..<65 { Self.request(bench, "\(id)") }
    #expect(Self.invoked(bench).count == 64)
    guard case .rpcResponse("64", .failure(let error)) = bench.sentPackets.last?.value else {
      Issue.record("no refusal")
      return
    }
    #expect(error.code == 1500)
    #expect(error.message == "Too many calls wait for their answers")
    for invocation in Self.invoked(bench) {
      bench.room.answerRPC(invocation.id, .success(""), now: bench.now)
    }
    #expect(bench.room.core.rpc.invocations.isEmpty)
    Self.request(bench, "65")
    #expect(Self.invoked(bench).count == 65)
  }

  @Test func theApplicationThatDoesNotAnswer() throws {
    let bench = try Bench.withData()
    Self.request(bench, "1", timeout: 500_000)
    Self.request(bench, "2", timeout: 0)
    #expect(Self.invoked(bench).map(\.responseTimeoutMilliseconds) == [500_000, 15_000])
    bench.idle(21_000)
    #expect(bench.room.core.rpc.invocations.count == 2)
    bench.idle(2_000)
    #expect(bench.room.core.rpc.invocations.map(\.requestID) == ["1"])
    bench.idle(500_000)
    #expect(bench.room.core.rpc.invocations.isEmpty)
    bench.room.answerRPC(1, .success("late"), now: bench.now)
    #expect(bench.sentPackets.count == 2)
    #expect(bench.data.lateAnswers == 1)
  }

  @Test func answersOutliveAReconnectionButNotToTheServer() throws {
    let bench = try Bench.withData()
    let id: Name = "6f1c3ad0-4b1c-4c8e-9f55-0d9b6a1f2e11"
    Self.request(bench, "1", timeout: 60_000)
    Self.request(bench, id, from: id, sid: "")
    let invocations = Self.invoked(bench)
    bench.advance(6_000)
    bench.loseSession()
    bench.redial()
    bench.accept()
    bench.openChannels()
    for invocation in invocations { bench.room.answerRPC(invocation.id, .success("ok"), now: bench.now) }
    #expect(bench.sentPackets.map(\.value) == [.rpcResponse(requestID: "1", .success("ok"))])
  }

  @Test func requestsWithoutOrWithEndlessIdsAreMalformed() throws {
    let bench = try Bench.withData()
    Self.request(bench, "")
    Self.request(bench, "\(String(repeating: "x", count: 600))")
    #expect(bench.data.malformed == 2)
    #expect(bench.sentPackets.isEmpty)
  }

  @Test func whatIsRememberedIsBounded() throws {
    let bench = try Bench.withData()
    for id in 0..<2_000 {
      Self.request(bench, "\(id)")
      try Self.answer(bench, .success(""))
      bench.publisher?.messages = []
      bench.events = []
    }
    #expect(bench.room.core.rpc.recent.count == 256)
    #expect(bench.room.core.rpc.invocations.isEmpty)
  }
}
