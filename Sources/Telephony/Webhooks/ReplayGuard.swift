import Base

/// Remembers what was taken, so that a webhook which comes again does nothing twice: whoever sends it may not have heard
/// our answer, and whoever recorded it may send it at any time.
public struct ReplayGuard: Equatable, Sendable {
  private struct Seen: Equatable {
    let id: Name
    let at: Int64
  }

  private var seen: [Seen] = []

  public init() {}

  /// How many are remembered now.
  public var count: Int { seen.count }

  /// Takes an event that was checked, once.
  ///
  /// - Parameters:
  ///   - id: what is the same when it is sent again; of an event that comes in several steps, with the step.
  ///   - createdAt: when it happened, if it says so.
  ///   - unixSeconds: now. A clock that is set back makes old ones be remembered for longer.
  public mutating func admit(_ id: Name, createdAt: Int64?, unixSeconds: Int64) throws(WebhookFault) {
    let (oldest, underflow) = unixSeconds.subtractingReportingOverflow(TelephonyLimits.replaySeconds)
    if let createdAt, !underflow, createdAt < oldest { throw .tooOld }
    seen.removeAll { !underflow && $0.at < oldest }
    guard !seen.contains(where: { $0.id == id }) else { throw .replayed }
    // More in ten minutes than one door ever has: the oldest is forgotten rather than a call be missed.
    if seen.count >= TelephonyLimits.replayEventsMax { seen.removeFirst() }
    seen.append(Seen(id: id, at: unixSeconds))
  }
}
