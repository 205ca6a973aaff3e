import Base
import WebRTC

extension Room {
  public func join(url: String, token: String, now: Instant) throws(Failure) {
    try join(url: url, token: token, wallClockSeconds: 1_800_000_000, now: now)
  }
}
