/// How much of a card's playback buffer is used: the least that keeps it playing, as whatever waits there is
/// delay. It starts small, and each underrun adds 10 ms: the margin that this machine turned out to need.
struct CardQueue {
  /// In frames of the card.
  private(set) var framesMax: Int
  private let step: Int
  private let bufferFrames: Int

  init(_ card: AlsaParameters) {
    step = card.periodFrames
    bufferFrames = card.bufferFrames
    // A card that moves in longer steps than ours needs two of its own. The half period is for wake-ups that
    // come a little early.
    let least = BoardLimits.playbackStartPeriods * max(step, card.cardPeriodFrames)
    framesMax = min(bufferFrames, least + step / 2)
  }

  /// After an underrun. False when all of the buffer is used already.
  mutating func grow() -> Bool {
    let before = framesMax
    framesMax = min(bufferFrames, framesMax + step)
    return framesMax != before
  }

  /// What may be written when the card has room for `available`.
  func room(available: Int) -> Int { max(0, framesMax - max(0, bufferFrames - available)) }
}
