import Base
import Testing

@testable import LiveKit
@testable import WebRTC

@Suite struct ReconnectTests {
  @Test func aLostConnectionIsDialledAgainAtOnceAndTracksReturn() throws {
    let (bench, track) = try PublishTests.published(muted: true)
    bench.advance(6_000)
    let cid = try #require(bench.last(4)).text(1)
    bench.loseSession()
    #expect(bench.failures.first?.code == "rejoin-asked")
    bench.redial()
    #expect(bench.opened.count == 2)
    #expect(bench.room.state == .reconnecting)
    #expect(bench.sockets.suffix(2) == ["close publisher", "close subscriber"])
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join(sid: "PA_me2"))
    let add = try #require(bench.last(4))
    #expect(add.text(1) != cid)
    #expect(add.number(6) == 1)
    #expect(bench.last(1)?.number(3) == 1)
    bench.server(Server.published(add.text(1), "TR_AM2", muted: true))
    bench.server(Server.answer(1))
    bench.bringUp()
    #expect(bench.room.state == .connected)
    #expect(bench.room.localTracks.first?.sid == "TR_AM2")
    #expect(bench.room.localTracks.first?.isMuted == true)
    #expect(bench.room.localTracks.first?.id == track)
    #expect(bench.room.statistics.reconnects == 1)
    #expect(bench.room.lastFailure == nil)
  }

  @Test func theBackOffFollowsTheTable() throws {
    let bench = try Bench()
    try bench.connect()
    bench.advance(6_000)
    bench.loseSession()
    #expect(bench.failures.last?.retry == 0)
    bench.handle(.webSocketFailed(connection: bench.connection, .refused("")))
    var delays = [try #require(bench.failures.last?.retry)]
    for _ in 0..<7 {
      let delay = delays[delays.count - 1]
      let dials = bench.opened.count
      bench.advance(delay - 1)
      #expect(bench.opened.count == dials)
      bench.advance(2)
      #expect(bench.opened.count == dials + 1)
      bench.handle(.webSocketFailed(connection: bench.connection, .refused("")))
      delays.append(try #require(bench.failures.last?.retry))
    }
    let ranges = [300...800, 1200...2200, 2700...3700, 4800...5800, 7000...8000, 7000...8000]
    for (delay, range) in zip(delays, ranges) { #expect(range.contains(delay)) }
    #expect(Set(delays).count > 5)
    #expect(bench.room.state == .reconnecting)
  }

  @Test func aServerThatDismissesAtOnceMeetsTheBackOffToo() throws {
    let bench = try Bench()
    try bench.connect()
    var delays: [Int] = []
    for _ in 0..<4 {
      bench.server(Server.leave(action: 2, reason: 6))
      let delay = try #require(bench.failures.last?.retry)
      delays.append(delay)
      bench.advance(delay + 1)
      bench.accept()
      #expect(bench.room.state == .connected)
    }
    #expect((300...800).contains(delays[0]))
    #expect((1200...2200).contains(delays[1]))
    #expect((2700...3700).contains(delays[2]))
    #expect((4800...5800).contains(delays[3]))
  }

  @Test func attemptsMayBeLimited() throws {
    let bench = try Bench(retry: RetryPolicy(attemptsMax: 2))
    try bench.join()
    bench.handle(.webSocketFailed(connection: bench.connection, .refused("")))
    #expect((300...800).contains(bench.failures.last?.retry ?? 0))
    bench.redial()
    bench.handle(.webSocketFailed(connection: bench.connection, .refused("")))
    #expect(bench.failures.count == 2)
    #expect(bench.failures.last?.retry == nil)
    #expect(bench.room.state == .disconnected)
    #expect(bench.room.lastFailure?.code == "connection-refused")
  }

  @Test func leavingSaysSoAndTakesNoTime() throws {
    let (bench, _) = try PublishTests.published()
    bench.room.leave(now: bench.now)
    bench.drain()
    #expect(bench.last(8)?.number(2) == 1)
    #expect(bench.last(8)?.number(3) == 0)
    #expect(bench.rawRequests.last == [0x42, 0x02, 0x10, 0x01])
    #expect(bench.closed.isEmpty)
    bench.server(Server.leave(action: 0, reason: 1))
    #expect(bench.closed == [1])
    #expect(bench.room.state == .disconnected)
    #expect(bench.room.lastFailure == nil)
    #expect(!bench.peers.contains { !$0.isClosed })
    #expect(bench.room.localTracks.first?.state == .waiting)
    try bench.join()
    #expect(bench.room.state == .connecting)
  }

  @Test func leavingDoesNotWaitForASilentServer() throws {
    let bench = try Bench()
    try bench.connect()
    bench.room.leave(now: bench.now)
    bench.advance(250)
    #expect(bench.room.state == .disconnected)
    #expect(bench.closed == [1])
    #expect(bench.wait == nil)
  }

  @Test func leavingWhileDiallingOrWaiting() throws {
    let bench = try Bench()
    try bench.join()
    bench.room.leave(now: bench.now)
    bench.drain()
    #expect(bench.closed == [1])
    #expect(bench.room.state == .disconnected)
    try bench.join()
    bench.handle(.webSocketFailed(connection: bench.connection, .refused("")))
    bench.room.leave(now: bench.now)
    bench.advance(60_000)
    #expect(bench.opened.count == 2)
    #expect(bench.room.state == .disconnected)
  }
}
