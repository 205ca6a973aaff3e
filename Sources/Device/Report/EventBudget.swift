import Base

/// Keeps what others in the room can cause from flooding whoever watches: a burst, then a steady trickle. What is
/// left out is counted, and told with the next one that passes.
struct EventBudget: Equatable {
  private var tokens = DeviceLimits.eventBurst
  private var refilled: Instant?
  private var suppressed = 0

  /// nil: leave it out. Otherwise how many were left out before it.
  mutating func spend(now: Instant) -> Int? {
    let since = refilled.map { now.milliseconds(since: $0) } ?? 0
    let more = since / DeviceLimits.eventRefillMilliseconds
    if refilled == nil || more > 0 { refilled = now }
    tokens = min(DeviceLimits.eventBurst, tokens + more)
    guard tokens > 0 else {
      suppressed += 1
      return nil
    }
    tokens -= 1
    defer { suppressed = 0 }
    return suppressed
  }
}
