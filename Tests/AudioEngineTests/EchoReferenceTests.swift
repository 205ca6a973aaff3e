import Testing

@testable import AudioEngine

/// What of the speaker's samples belongs to a period of the microphone, as cards tell it: a row a test.
struct EchoReferenceTests {
  /// Two cards by the period: the speaker is given samples that count up, and has `queued` of them still to play.
  private struct Cards: ~Copyable {
    var reference = EchoReference()
    var given = 0
    let period = UnsafeMutablePointer<Int16>.allocate(capacity: 160)

    deinit { period.deallocate() }

    mutating func give(_ count: Int) {
      let samples = (given..<given + count).map { Int16(truncatingIfNeeded: $0) }
      samples.withUnsafeBufferPointer { reference.append($0) }
      given += count
    }

    /// Where the reference of the next period ends, against what was given.
    mutating func take(delay: Int) -> Int {
      _ = reference.take(period, delay: delay)
      // The samples count with 16 bits.
      return Int(Int16(truncatingIfNeeded: Int(period[159]) + 1 - given))
    }
  }

  /// The lead is what a long queue leaves beyond what it may lose.
  @Test(arguments: [(200, 0), (480, 0), (640, 160), (1_120, 640), (3_000, 640)])
  func theLead(delay: Int, lead: Int) {
    var cards = Cards()
    cards.give(4_000)
    #expect(cards.take(delay: delay) == lead - delay)
  }

  /// A queue that becomes shorter than the lead has no samples for it: the lead is given up, and stays so.
  @Test func aQueueThatShrinks() {
    var cards = Cards()
    cards.give(4_000)
    #expect(cards.take(delay: 800) == -480)
    // The microphone goes on, and the speaker is given nothing: there are 320 samples of lead, of which 160 are too many.
    let places = [640, 480, 320, 160].map { cards.take(delay: $0) }
    #expect(places == [-320, -160, 0, 0], "never what was not given yet")
    cards.give(640)
    #expect(cards.take(delay: 640) == -480, "as late against the microphone as it had to become, not -320")
  }

  /// 10 ms of jitter around the truth are no movement.
  @Test func jitter() {
    var cards = Cards()
    cards.give(4_000)
    let first = cards.take(delay: 500)
    for round in 0..<400 {
      cards.give(160)
      #expect(cards.take(delay: 500 + (round % 2 == 0 ? 80 : -80)) == first)
    }
  }

  /// After an underrun the card has less than it was given: it is believed after 60 ms, all at once.
  @Test(arguments: [-320, 320]) func anUnderrun(change: Int) {
    var cards = Cards()
    cards.give(4_000)
    let first = cards.take(delay: 500)
    var places: [Int] = []
    for _ in 0..<20 {
      cards.give(160)
      places.append(cards.take(delay: 500 + change))
    }
    #expect(places.prefix(5).allSatisfy { $0 == first })
    #expect(places.dropFirst(6).allSatisfy { $0 == first - change }, "\(places)")
  }

  /// Two clocks drift apart a sample at a time.
  @Test func drift() {
    var cards = Cards()
    cards.give(4_000)
    let first = cards.take(delay: 500)
    var before = first
    for round in 1...3_000 {
      cards.give(160)
      let place = cards.take(delay: 500 + round / 30)
      #expect(abs(place - before) <= 1)
      before = place
    }
    #expect(abs(before - (first - 100)) <= 36)
  }
}
