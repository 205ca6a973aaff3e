import Testing

@testable import Board

/// How much of the card's buffer is filled.
struct CardQueueTests {
  private func queue(rate: Int, cardPeriod: Int, buffer: Int) -> CardQueue {
    var card = AlsaParameters(channels: 1, rate: rate, line: "")
    card.cardPeriodFrames = cardPeriod
    card.bufferFrames = buffer
    return CardQueue(card)
  }

  @Test func startsWithTwoPeriodsAndGrowsUpToTheBuffer() {
    var queue = queue(rate: 16_000, cardPeriod: 160, buffer: 640)
    #expect(queue.framesMax == 400)
    #expect(queue.room(available: 640) == 400)
    #expect(queue.room(available: 400) == 160)
    #expect(queue.room(available: 200) == 0)
    #expect(queue.grow() && queue.framesMax == 560)
    #expect(queue.grow() && queue.framesMax == 640)
    #expect(!queue.grow() && queue.framesMax == 640)
    #expect(queue.room(available: 160) == 160)
  }

  @Test func aCardWithLongPeriodsGetsTwoOfThem() {
    #expect(queue(rate: 48_000, cardPeriod: 1_024, buffer: 4_096).framesMax == 2_288)
  }

  @Test func neverMoreThanTheBuffer() {
    #expect(queue(rate: 16_000, cardPeriod: 300, buffer: 320).room(available: 320) == 320)
  }
}
