import Base
import Testing

@testable import LiveKit

/// What others say does not keep this program busy, and nobody is silenced for another's sake.
@Suite struct TranscriptBudgetTests {
  static let start = Instant(microseconds: 0)

  static func stream(_ id: Int, _ sid: String) -> IncomingStream {
    IncomingStream(
      id: id, streamID: "s\(id)", topic: Transcriptions.topic, isText: true, mimeType: "", name: "",
      origin: PacketOrigin(identity: Name("of " + sid) ?? "", sid: Name(sid) ?? ""), timestampMilliseconds: 0,
      totalBytes: nil,
      attributes: [:])
  }

  @Test func tenGuessesASecondOfOneStream() {
    var budget = TranscriptBudget(sourcesMax: 4)
    let stream = Self.stream(1, "PA_1")
    var told = 0
    for millisecond in 0..<3_000 {
      let now = Self.start.advanced(byMilliseconds: millisecond)
      if budget.allowsGuess(stream, now: now) { told += 1 }
    }
    #expect(told == 30)
    // Guesses that another follows are no loss.
    #expect(budget.suppressed == 0)
  }

  @Test func manyStreamsOfOneSenderShareItsBudget() {
    var budget = TranscriptBudget(sourcesMax: 4)
    var told = 0
    for second in 0..<10 {
      let now = Self.start.advanced(byMilliseconds: second * 1000)
      for id in 0..<100 where budget.allowsGuess(Self.stream(second * 100 + id, "PA_1"), now: now) {
        told += 1
      }
    }
    #expect((200...230).contains(told))
    // What is final still gets through, and so does whatever others say.
    let now = Self.start.advanced(byMilliseconds: 9_000)
    let isTold = budget.allowsFinal(Self.stream(1, "PA_1").origin, now: now)
    let isOtherTold = budget.allowsGuess(Self.stream(2_000, "PA_2"), now: now)
    #expect(isTold && isOtherTold)
  }

  @Test func memoryIsBounded() {
    var budget = TranscriptBudget(sourcesMax: 4)
    for id in 0..<100 {
      _ = budget.allowsGuess(Self.stream(id, "PA_\(id)"), now: Self.start)
      budget.ended(id)
    }
    #expect(budget.count == 4)
    budget.clear()
    #expect(budget.count == 0)
  }

  /// 128 kB in pieces of one byte, 500 a second.
  @Test func oneByteAtATime() throws {
    let bench = try Bench.withData()
    bench.deliver(.streamHeader(.init(streamID: "s", topic: Transcriptions.topic, content: .text(.init()))))
    var sent = 0
    for index in 0..<10_000 {
      bench.deliver(.streamChunk(.init(streamID: "s", index: UInt64(index), content: [0x61])))
      sent += 1
      guard index % 500 == 499 else { continue }
      bench.advance(1_000)
      bench.server(Server.pong(0))
    }
    let told = bench.events.compactMap { event -> Int? in
      if case .transcription(let segment) = event { segment.text.utf8.count } else { nil }
    }
    // One each time that the second has passed, until nothing new would be shown.
    #expect((5...15).contains(told.count))
    #expect(told.max() ?? 0 <= bench.room.configuration.limits.transcriptionBytesMax)
    bench.deliver(.streamTrailer(.init(streamID: "s", reason: "", attributes: [])))
    guard case .transcription(let segment)? = bench.events.last else {
      Issue.record("no final segment")
      return
    }
    #expect(
      segment.isFinal && segment.text.utf8.count == bench.room.configuration.limits.transcriptionBytesMax)
  }

  /// Calls from the room that cannot be answered, as the token allows no data.
  @Test func aFailureOfDataIsToldOnce() throws {
    let bench = try Bench.withData()
    bench.server(Server.update([Server.participant("door", "PA_me", version: 9, canPublishData: false)]))
    bench.events = []
    for number in 0..<50 { RPCInvocationTests.request(bench, "\(number)") }
    let failures = { bench.events.count { if case .dataFailed = $0 { true } else { false } } }
    #expect(failures() == 1)
    bench.server(Server.update([Server.participant("door", "PA_me", version: 10)]))
    RPCInvocationTests.request(bench, "good")
    bench.server(Server.update([Server.participant("door", "PA_me", version: 11, canPublishData: false)]))
    RPCInvocationTests.request(bench, "bad")
    #expect(failures() == 2)
  }
}
