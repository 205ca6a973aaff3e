import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// A server that ends a session closes DTLS and the data channels, says `leave` and closes the WebSocket; UDP and TCP
/// overtake each other, so all but the last two come in any order.
@Suite struct DismissalTests {
  enum Message: CaseIterable { case alert, otherAlert, reset, leave, close }

  /// All orders in which `leave` comes before the end of its own connection, or does not come at all.
  static func orders(_ messages: [Message]) -> [[Message]] {
    guard messages.count > 1 else { return [messages] }
    return messages.indices.flatMap { index -> [[Message]] in
      var rest = messages
      let first = rest.remove(at: index)
      return orders(rest).map { [first] + $0 }
    }.filter { order in
      guard let leave = order.firstIndex(of: .leave), let close = order.firstIndex(of: .close) else {
        return true
      }
      return leave < close
    }
  }

  static func say(_ message: Message, reason: Int, action: Int = 0, to bench: Bench, _ connection: Int) {
    switch message {
    case .alert: bench.subscriber?.closeByServer()
    case .otherAlert: bench.publisher?.closeByServer()
    case .reset: bench.publisher?.closeChannel("_reliable")
    case .leave:
      bench.handle(.webSocketMessage(Server.leave(action: action, reason: reason), connection: connection))
    case .close: bench.handle(.webSocketClosed(connection: connection, code: 1000, reason: ""))
    }
    bench.drain()
  }

  static func connected() throws -> Bench {
    let bench = try Bench.withData()
    bench.advance(6_000)
    bench.server(Server.pong(0))
    bench.events = []
    bench.transmitted = []
    return bench
  }

  @Test(arguments: Array(Int32(0)...16)) func everyReasonInEveryOrder(number: Int32) throws {
    let reason = try #require(DisconnectReason(rawValue: number))
    let failure = Failure.dismissed(reason)
    for order in Self.orders(Message.allCases) {
      for gap in [0, 150, 400] {
        let bench = try Self.connected()
        let connection = bench.connection
        for message in order {
          Self.say(message, reason: Int(number), to: bench, connection)
          // Nothing is told before the word is there, nor sent to whom is gone.
          if message == .leave { break }
          #expect(bench.events.isEmpty && bench.transmitted.isEmpty && bench.room.state == .connected)
          bench.advance(gap)
        }
        #expect(bench.failures.map(\.code) == [failure.code], "\(order) \(gap)")
        #expect((bench.failures.first?.retry != nil) == failure.isRetriable)
        if !failure.isRetriable {
          #expect(bench.stateChanges == ["disconnected"])
          bench.advance(60_000)
          #expect(bench.opened.count == 1)
        }
      }
    }
  }

  @Test func withoutTheWordItIsALossAfterHalfASecond() throws {
    for message in [Message.alert, .otherAlert, .reset] {
      let bench = try Self.connected()
      Self.say(message, reason: 0, to: bench, bench.connection)
      let deadline = try #require(bench.room.nextDeadline)
      bench.advance(499)
      #expect(deadline.name == "dismissal-wait" && deadline.at == bench.now.advanced(byMilliseconds: 1))
      #expect(bench.events.isEmpty)
      bench.advance(2)
      #expect(bench.failures.map(\.code) == [message == .reset ? "data-channel-closed" : "media-failed"])
      #expect(bench.stateChanges == ["reconnecting"])
      bench.redial()
      #expect(bench.opened.count == 2)
    }
  }

  @Test func theEndOfTheWebSocketEndsTheWait() throws {
    for order in Self.orders([.alert, .otherAlert, .reset, .close]) {
      let bench = try Self.connected()
      let connection = bench.connection
      for message in order {
        Self.say(message, reason: 0, to: bench, connection)
        if message == .close { break }
        bench.advance(100)
      }
      // Alone it is no sign of an end.
      if order[0] == .close {
        #expect(bench.stateChanges == ["resuming(mediaFlows: true)"])
        Self.say(order[1], reason: 0, to: bench, connection)
        #expect(bench.stateChanges.last == "reconnecting")
        continue
      }
      #expect(bench.failures.map(\.code) == ["signal-lost"])
      #expect(bench.stateChanges == ["reconnecting"])
    }
  }

  /// Our own end in a participant update is such a word as well.
  @Test func theUpdateThatRemovesUs() throws {
    let bench = try Self.connected()
    Self.say(.alert, reason: 0, to: bench, bench.connection)
    bench.advance(300)
    bench.server(Server.update([Server.participant("door", "PA_me", version: 9, state: 3, reason: 4)]))
    #expect(bench.failures.map(\.code) == ["dismissed-participant-removed"])
    #expect(bench.room.state == .disconnected)
  }

  @Test func aServerThatAsksToJoinAgainIsObeyed() throws {
    for action in [1, 2] {
      let bench = try Self.connected()
      Self.say(.alert, reason: 0, to: bench, bench.connection)
      bench.advance(200)
      Self.say(.leave, reason: 14, action: action, to: bench, bench.connection)
      #expect(bench.failures.map(\.code) == [action == 1 ? "resume-asked" : "rejoin-asked"])
      bench.redial()
      #expect(bench.opened.count == 2)
    }
  }

  /// While joining it is the same: media had just begun.
  @Test func beforeMediaFlows() throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join())
    bench.subscriber?.closeByServer()
    bench.drain()
    bench.advance(400)
    #expect(bench.failures.isEmpty && bench.stateChanges == ["connecting"])
    bench.server(Server.leave(action: 0, reason: 5))
    #expect(bench.failures.map(\.code) == ["dismissed-room-deleted"])
    #expect(bench.room.state == .disconnected)
  }

  /// What is no word of the server is a path that is gone: no network waits for a farewell.
  @Test func aPathThatIsGoneIsNotWaitedFor() throws {
    let bench = try Self.connected()
    bench.subscriber?.become(.failed, "no consent")
    bench.drain()
    #expect(bench.room.state == .resuming(mediaFlows: false))
  }

  @Test func theServersLastOfferIsNobodysAnyMore() throws {
    let bench = try Self.connected()
    Self.say(.alert, reason: 0, to: bench, bench.connection)
    bench.subscriber?.refusal = .noFingerprint
    bench.server(Server.offer(9))
    #expect(bench.events.isEmpty)
    bench.server(Server.leave(action: 0, reason: 2))
    #expect(bench.failures.map(\.code) == ["dismissed-duplicate-identity"])
  }

  @Test func leavingMeanwhileIsLeaving() throws {
    let bench = try Self.connected()
    Self.say(.alert, reason: 0, to: bench, bench.connection)
    bench.room.leave(now: bench.now)
    bench.drain()
    bench.advance(251)
    #expect(bench.stateChanges == ["disconnected"])
    #expect(bench.failures.isEmpty)
  }
}
