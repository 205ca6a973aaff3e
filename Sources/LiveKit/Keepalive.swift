import Base

/// When to ping the server, and when its silence has lasted too long. Pure.
struct Keepalive {
  private(set) var roundTripMilliseconds: Int?
  private var intervalMilliseconds = 0
  private var timeoutMilliseconds = 0
  private(set) var nextPing: Instant?
  private(set) var silenceEnds: Instant?
  /// The server was asked whether it is still there.
  private(set) var isProbing = false
  private var sent: (timestampMilliseconds: Int64, at: Instant)?

  /// How long the answer to `probe` may take at least, and in round trips.
  static let probeMillisecondsMin = 1_500
  static let probeRoundTrips = 4

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

  /// Between two WebSockets of a session.
  mutating func pause() {
    nextPing = nil
    silenceEnds = nil
    sent = nil
    isProbing = false
  }

  /// Over another WebSocket, as the server once said.
  mutating func goOn(now: Instant) {
    guard intervalMilliseconds > 0 else { return }
    nextPing = now
    silenceEnds = now.advanced(byMilliseconds: timeoutMilliseconds)
  }

  /// Media is silent, so signalling may be dead as well: a ping is due at once, and its answer soon. False where the
  /// server is not pinged.
  mutating func probe(now: Instant) -> Bool {
    guard let ends = silenceEnds else { return false }
    let wait = max(Keepalive.probeMillisecondsMin, Keepalive.probeRoundTrips * (roundTripMilliseconds ?? 0))
    silenceEnds = min(ends, now.advanced(byMilliseconds: wait))
    nextPing = now
    isProbing = true
    return true
  }

  /// Any message proves that the server is there.
  mutating func heard(now: Instant) {
    isProbing = false
    if silenceEnds != nil { silenceEnds = now.advanced(byMilliseconds: timeoutMilliseconds) }
  }

  /// When the ping that is answered was sent; nil: it was none of ours, or an old one.
  @discardableResult
  mutating func pong(timestampMilliseconds: Int64, now: Instant) -> Instant? {
    guard let sent, sent.timestampMilliseconds == timestampMilliseconds else { return nil }
    roundTripMilliseconds = now.milliseconds(since: sent.at)
    return sent.at
  }

  func isDue(now: Instant) -> Bool { nextPing.map { $0 <= now } ?? false }

  mutating func sentPing(timestampMilliseconds: Int64, now: Instant) {
    sent = (timestampMilliseconds, now)
    nextPing = now.advanced(byMilliseconds: intervalMilliseconds)
  }
}
