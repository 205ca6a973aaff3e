import Base
import Testing

@testable import LiveKit

/// Calling others.
@Suite struct RPCCallTests {
  static func results(_ bench: Bench) -> [RPCCall.ID: Result<String, RPCError>] {
    var results: [RPCCall.ID: Result<String, RPCError>] = [:]
    for event in bench.events {
      guard case .rpcCompleted(let id, let result) = event else { continue }
      #expect(results[id] == nil, "a second result")
      results[id] = result
    }
    return results
  }

  static func bench(version: String = "1.13.5", others: [Wire]? = nil) throws -> Bench {
    try Bench.withData(
      join: Server.join(others: others ?? [Server.participant("agent", "PA_agent")], version: version))
  }

  static func call(
    _ bench: Bench, to: Name = "agent", _ payload: String = "{}", timeout: Int = 15_000
  ) -> RPCCall.ID {
    let id = bench.room.performRPC(
      to: to, method: "m", payload: payload, responseTimeoutMilliseconds: timeout, now: bench.now)
    bench.drain()
    return id
  }

  static func request(_ bench: Bench) throws -> DataPacket.RPCRequest {
    for packet in bench.sentPackets.reversed() {
      if case .rpcRequest(let request) = packet.value { return request }
    }
    throw RPCError.sendFailed
  }

  @Test func theRequestAndItsAnswer() throws {
    let bench = try Self.bench()
    let id = Self.call(bench, "ä")
    let sent = try #require(bench.sentPackets.last)
    let request = try Self.request(bench)
    #expect(sent.destinations == ["agent"])
    #expect(sent.sequence == 1)
    #expect(request.method == "m")
    #expect(request.payload == "ä")
    #expect(request.version == 1)
    #expect(request.responseTimeoutMilliseconds == 8_000)
    #expect(request.id.utf8Count == 36)
    bench.deliver(.rpcAck(requestID: request.id))
    bench.idle(10_000)
    #expect(Self.results(bench).isEmpty)
    bench.deliver(.rpcResponse(requestID: request.id, .success("")))
    #expect(Self.results(bench) == [id: .success("")])
    bench.idle(30_000)
    #expect(Self.results(bench).count == 1)
  }

  @Test func anErrorIsHandedOn() throws {
    let bench = try Self.bench()
    let id = Self.call(bench)
    let error = RPCError(code: 4711, message: "no", data: "why")
    bench.deliver(.rpcAck(requestID: try Self.request(bench).id))
    bench.deliver(.rpcResponse(requestID: try Self.request(bench).id, .failure(error)))
    #expect(Self.results(bench) == [id: .failure(error)])
  }

  @Test func theAnswerMayComeBeforeTheAcknowledgement() throws {
    let bench = try Self.bench()
    let id = Self.call(bench)
    let request = try Self.request(bench)
    bench.deliver(.rpcResponse(requestID: request.id, .success("x")))
    bench.deliver(.rpcAck(requestID: request.id))
    #expect(Self.results(bench) == [id: .success("x")])
    #expect(bench.data.lateAnswers == 1)
  }

  /// milliseconds allowed, acknowledged, when it ends, how, and what the callee is told.
  @Test(arguments: [
    (0, true, 0, RPCError.responseTimeout, 1_000), (1, true, 1, .responseTimeout, 1_000),
    (3_000, true, 3_000, .responseTimeout, 1_000), (3_000, false, 3_000, .responseTimeout, 1_000),
    (15_000, false, 7_000, .connectionTimeout, 8_000), (500_000, true, 500_000, .responseTimeout, 493_000),
    (500_000, false, 7_000, .connectionTimeout, 493_000), (-5, true, 0, .responseTimeout, 1_000),
  ])
  func timeOuts(
    allowed: Int, acknowledged: Bool, end: Int, error: RPCError, wire: UInt32
  ) throws {
    let bench = try Self.bench()
    let id = Self.call(bench, timeout: allowed)
    let request = try Self.request(bench)
    #expect(request.responseTimeoutMilliseconds == wire)
    if end > 0 {
      if acknowledged { bench.deliver(.rpcAck(requestID: request.id)) }
      bench.idle(end - 1)
      #expect(Self.results(bench).isEmpty)
    }
    bench.advance(1)
    #expect(Self.results(bench) == [id: .failure(error)])
    // Too late.
    bench.deliver(.rpcResponse(requestID: request.id, .success("late")))
    #expect(Self.results(bench).count == 1)
    #expect(bench.data.lateAnswers == 1)
  }

  @Test func theRecipientLeaves() throws {
    let bench = try Self.bench(
      others: [Server.participant("agent", "PA_agent"), Server.participant("ann", "PA_ann")])
    let first = Self.call(bench)
    let second = Self.call(bench, to: "ann")
    bench.server(Server.update([Server.participant("agent", "PA_agent", version: 2, state: 3)]))
    #expect(Self.results(bench) == [first: .failure(.recipientDisconnected)])
    // There again, as another session that knows nothing of the call.
    bench.server(Server.update([Server.participant("ann", "PA_ann2")]))
    #expect(Self.results(bench)[second] == .failure(.recipientDisconnected))
  }

  @Test func nobodyOfThatName() throws {
    let bench = try Self.bench(others: [])
    let unknown = Self.call(bench, to: "nobody")
    let own = Self.call(bench, to: "door")
    let empty = Self.call(bench, to: "")
    #expect(Self.results(bench) == [own: .failure(.recipientNotFound), empty: .failure(.recipientNotFound)])
    bench.advance(3_499)
    #expect(Self.results(bench)[unknown] == nil)
    bench.advance(2)
    #expect(Self.results(bench)[unknown] == .failure(.recipientNotFound))
  }

  @Test func somebodyWhoIsAnnouncedLateIsCalled() throws {
    let bench = try Self.bench(others: [])
    let quick = Self.call(bench, to: "quick")
    bench.deliver(.rpcAck(requestID: try Self.request(bench).id), from: "quick")
    let slow = Self.call(bench, to: "slow")
    bench.advance(2_900)
    bench.server(Server.update([Server.participant("slow", "PA_slow")]))
    bench.idle(4_000)
    #expect(Self.results(bench).isEmpty)
    bench.advance(200)
    #expect(Self.results(bench) == [slow: .failure(.connectionTimeout)])
    bench.idle(8_000)
    #expect(Self.results(bench)[quick] == .failure(.responseTimeout))
  }

  @Test func onlyTheOneWhoWasCalledAnswers() throws {
    let bench = try Self.bench()
    let id = Self.call(bench)
    let request = try Self.request(bench)
    bench.deliver(.rpcAck(requestID: request.id), from: "mallory")
    bench.deliver(.rpcResponse(requestID: request.id, .success("open")), from: "mallory")
    bench.deliver(.rpcResponse(requestID: "unknown", .success("")))
    #expect(Self.results(bench).isEmpty)
    #expect(bench.data.lateAnswers == 3)
    bench.deliver(.rpcResponse(requestID: request.id, .success("no")))
    #expect(Self.results(bench) == [id: .success("no")])
  }

  @Test func whatCanBeSaidAtOnce() throws {
    let bench = try Self.bench()
    let large = Self.call(bench, String(repeating: "x", count: 15_361))
    let multibyte = Self.call(bench, String(repeating: "ä", count: 7_681))
    #expect(bench.sentPackets.isEmpty)
    let fits = Self.call(bench, String(repeating: "x", count: 15_360))
    #expect(
      Self.results(bench) == [large: .failure(.requestTooLarge), multibyte: .failure(.requestTooLarge)])
    #expect(fits != large)
    #expect(bench.sentPackets.count == 1)
    let old = try Self.bench(version: "1.7.2")
    let unsupported = Self.call(old)
    #expect(Self.results(old) == [unsupported: .failure(.unsupportedServer)])
    let idle = try Bench(rpcMethods: ["echo"])
    let unjoined = Self.call(idle)
    #expect(
      Self.results(idle) == [unjoined: .failure(.sendFailed(because: DataFailure.notJoined.description))])
  }

  @Test func aPermissionThatIsMissing() throws {
    let bench = try Bench.withData(join: Server.join(canPublishData: false))
    let id = Self.call(bench)
    guard case .failure(let error) = Self.results(bench)[id] else {
      Issue.record("no failure")
      return
    }
    #expect(error.code == 1505)
    #expect(error.message.contains("canPublishData"))
  }

  @Test func fiftyAtOnceAndTooMany() throws {
    let bench = try Self.bench()
    let ids = (0..<65).map { _ in Self.call(bench) }
    let last = try #require(Self.results(bench)[ids[64]])
    #expect(Self.results(bench).count == 1)
    guard case .failure(let error) = last else {
      Issue.record("no failure")
      return
    }
    #expect(error.code == 1505)
    #expect(error.message == "Failed to send: 64 calls wait for their answers already")
    // Answered in any order.
    for packet in bench.sentPackets.reversed() {
      guard case .rpcRequest(let request) = packet.value else { continue }
      bench.deliver(.rpcResponse(requestID: request.id, .success(request.id.text)))
    }
    #expect(Self.results(bench).count == 65)
    #expect(bench.room.core.rpc.calls.isEmpty)
  }

  @Test func aCallOutlivesAReconnectionAndEndsWithTheRoom() throws {
    let bench = try Self.bench()
    let first = Self.call(bench, timeout: 500_000)
    let request = try Self.request(bench)
    bench.deliver(.rpcAck(requestID: request.id))
    bench.advance(6_000)
    bench.loseSession()
    bench.redial()
    bench.accept(Server.join(others: [Server.participant("agent", "PA_agent")]))
    bench.openChannels()
    #expect(Self.results(bench).isEmpty)
    bench.deliver(.rpcResponse(requestID: request.id, .success("cancelled")))
    #expect(Self.results(bench) == [first: .success("cancelled")])
    let second = Self.call(bench)
    bench.room.leave(now: bench.now)
    bench.advance(1_000)
    #expect(Self.results(bench)[second] == .failure(.connectionTimeout))
  }

  @Test func aThousandCallsLeaveNothingBehind() throws {
    let bench = try Self.bench()
    for number in 0..<1_000 {
      _ = Self.call(bench)
      let request = try Self.request(bench)
      bench.deliver(.rpcAck(requestID: request.id))
      bench.deliver(.rpcResponse(requestID: request.id, .success("\(number)")))
      bench.publisher?.messages = []
    }
    #expect(Self.results(bench).count == 1_000)
    #expect(bench.room.core.rpc.calls.isEmpty)
    #expect(bench.room.core.media.data.queue.sent.isEmpty)
  }
}
