import Base
import Testing

@Suite struct InstantTests {
  @Test func longSpansKeepTheirLength() {
    let begin = Instant(microseconds: 7)
    // Forty days are more milliseconds than 32 bits hold, and an hour more microseconds.
    let end = begin.advanced(byMilliseconds: 2_000_000_000).advanced(byMilliseconds: 1_456_000_000)
    #expect(end.seconds(since: begin) == 3_456_000)
    #expect(end.microseconds(since: begin) == 3_456_000_000_000)
    #expect(end.milliseconds(since: begin) == Int(clamping: 3_456_000_000 as Int64))
    #expect(begin.seconds(since: end) == -3_456_000)
    #expect(begin.milliseconds(since: end) < 0)
  }
}
