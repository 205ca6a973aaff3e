import Testing

@testable import LiveKit

/// What the fuzz target asks of frames and packets, of many short ones: those that look like the end of a frame.
struct StrangersFrameTests {
  @Test func nothingThatAnybodySendsIsHeardOrPassesForOurs() {
    var seed: UInt64 = 1
    func next() -> UInt64 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return seed >> 33
    }
    for round in 0..<20_000 {
      let most: UInt64 = round % 3 == 0 ? 256 : 20
      let bytes = (0..<Int(next() % 40)).map { _ in UInt8(next() % most) }
      let fault = ParserEntries.encrypted(bytes)
      #expect(fault == nil, "\(bytes)")
      if fault != nil { return }
    }
  }
}
