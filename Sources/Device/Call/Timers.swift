import Base

/// What the device itself waits for, beside the room.
extension Device {
  /// The next of its own times and the room's.
  func deadline(ofRoom: Instant?) -> Instant? {
    var result = ofRoom
    for due in [
      door.closesAt, agentDue, askedIndicator?.until, preConnect.deadline, tokens.aheadDue, retryDue,
      limits.endsAt, limits.idleAt, doctor?.due,
    ] {
      result = earliest(result, due)
    }
    for input in held { result = earliest(result, input.until) }
    return result
  }

  func passTime(_ now: Instant) {
    if let end = door.closesAt, end <= now { closeDoor() }
    if let end = askedIndicator?.until, end <= now {
      askedIndicator = nil
      indicatorIsStale = true
    }
    for (input, until) in held where until <= now {
      held.removeAll { $0.input == input }
      changed(input, isOn: false, now: now)
    }
    if let due = preConnect.deadline, due <= now { firstWords(.timeout, now: now) }
    advanceDoctor(now: now)
    if let due = agentDue, due <= now { agentIsMissing(now: now) }
    enforceCallLimits(now: now)
    if let due = retryDue, due <= now { attempt(now: now) }
    if let due = tokens.aheadDue, due <= now { fetchTokenAhead(now: now) }
  }
}
