import Base

/// When to ping the server, and when its silence has lasted too long. Pure.
struct Keepalive {
  private(set) var roundTripMilliseconds: Int?
  private var intervalMilliseconds = 0
  private var timeoutMilliseconds = 0
  private(set) var nextPing: Instant?
  private(set) var silenceEnds: Instant?
  private var sent: (timestampMilliseconds: Int64, at: Instant)?

  /// Old servers give no interval: they are not pinged. The first ping is due at once.
  mutating func start(intervalSeconds: Int, timeoutSeconds: Int, now: Instant) {
    self = Keepalive()
    guard intervalSeconds > 0, timeoutSeconds > 0 else { return }
    intervalMilliseconds = min(intervalSeconds, 3600) * 1000
    timeoutMilliseconds = min(timeoutSeconds, 3600) * 1000
    nextPing = now
    silenceEnds = now.advanced(byMilliseconds: timeoutMilliseconds)
  }

  mutating func stop() { self = Keepalive() }

  /// Any message proves that the server is there.
  mutating func heard(now: Instant) {
    if silenceEnds != nil { silenceEnds = now.advanced(byMilliseconds: timeoutMilliseconds) }
  }

  mutating func pong(timestampMilliseconds: Int64, now: Instant) {
    guard let sent, sent.timestampMilliseconds == timestampMilliseconds else { return }
    roundTripMilliseconds = now.milliseconds(since: sent.at)
  }

  func isDue(now: Instant) -> Bool { nextPing.map { $0 <= now } ?? false }

  mutating func sentPing(timestampMilliseconds: Int64, now: Instant) {
    sent = (timestampMilliseconds, now)
    nextPing = now.advanced(byMilliseconds: intervalMilliseconds)
  }
}
