import Base

/// What the microphone's Opus frames take of the network, over windows of two seconds.
struct UplinkRate: Equatable {
  private static let windowMilliseconds = 2000
  private var windowStart: Instant?
  private var windowBytes = 0
  private var last = 0

  mutating func count(payloadBytes: Int, now: Instant) {
    roll(now)
    windowBytes += payloadBytes
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
    last = windowBytes * 8 * 1000 / elapsed
    windowBytes = 0
    windowStart = now
  }
}
