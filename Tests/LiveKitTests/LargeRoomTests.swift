import Base
import Testing

@testable import LiveKit

/// What the server allows is no fault, and what is too much is called so.
@Suite struct LargeRoomTests {
  static func participants(_ count: Int, metadataBytes: Int) -> [Wire] {
    let metadata = String(repeating: "m", count: metadataBytes)
    return (0..<count).map { Server.participant("p\($0)", "PA_\($0)", metadata: metadata) }
  }

  @Test func threeParticipantsWithHalfAMegabyteOfMetadataEach() throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join(others: Self.participants(3, metadataBytes: 512 << 10)))
    bench.bringUp()
    #expect(bench.room.state == .connected)
    #expect(bench.room.participants.map(\.identity) == ["p0", "p1", "p2"])
    // Nobody reads it here, so it takes no room.
    #expect(bench.room.participants.allSatisfy { $0.metadata.isEmpty })
    bench.server(Server.update([Server.participant("p1", "PA_1", version: 9, metadata: "new")]))
    #expect(bench.room.participants.allSatisfy { $0.metadata.isEmpty })
  }

  @Test func aRoomThatDoesNotFitIsRefusedInItsOwnWords() throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join(others: Self.participants(17, metadataBytes: 512 << 10)))
    #expect(bench.failures.map(\.code) == ["room-too-large"])
    #expect((bench.failures.first?.retry ?? 0) >= 30_000)
    let words = try #require(bench.room.lastFailure).description
    #expect(words.contains("metadata") && !words.contains("no LiveKit"))
  }

  /// Where the stream itself ends at as many bytes, the message never comes; it is the same room.
  @Test func aMessageThatTheStreamDoesNotTakeIsTheSame() throws {
    let bench = try Bench()
    try bench.join()
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.handle(.webSocketOverflowed(connection: bench.connection, bytesMax: 8 << 20))
    #expect(bench.failures.map(\.code) == ["room-too-large"])
    #expect((bench.failures.first?.retry ?? 0) >= 30_000)
    let running = try Bench()
    try running.connect()
    running.handle(.webSocketOverflowed(connection: running.connection, bytesMax: 8 << 20))
    #expect(running.room.state == .resuming(mediaFlows: true))
    #expect(running.failures.isEmpty)
  }

  /// In a session that runs a message too many is left aside.
  @Test func anUpdateThatDoesNotFitDoesNotEndTheSession() throws {
    let bench = try Bench()
    try bench.connect()
    bench.server(Server.update(Self.participants(17, metadataBytes: 512 << 10)))
    #expect(bench.room.state == .connected)
    #expect(bench.room.statistics.malformedMessages == 1)
  }
}
