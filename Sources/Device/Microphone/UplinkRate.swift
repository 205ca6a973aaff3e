import Base

/// What the microphone's Opus frames take of the network, over windows of two seconds.
struct UplinkRate: Equatable {
  private static let windowMilliseconds = 2000
  private var windowStart: Instant?
  private var windowBytes: Int64 = 0
  private var sentBytes: Int64 = 0
  private var last = 0

  /// `sentBytes` is the track's count since it was made.
  mutating func count(sentBytes: Int64, now: Instant) {
    roll(now)
    windowBytes += sentBytes - self.sentBytes
    self.sentBytes = sentBytes
  }

  /// Of the last whole window.
  mutating func bitsPerSecond(now: Instant) -> Int {
    roll(now)
    return last
  }

  private mutating func roll(_ now: Instant) {
    guard let start = windowStart else {
      windowStart = now
      return
    }
    let elapsed = now.milliseconds(since: start)
    guard elapsed >= Self.windowMilliseconds else { return }
    last = Int(windowBytes * 8 * 1000 / Int64(elapsed))
    windowBytes = 0
    windowStart = now
  }
}
