import Base

/// What is known of the path that media takes.
public enum PathHealth: Equatable, Sendable {
  case good
  /// Nothing that only the peer can have sent has come since then, and questions were not answered. Media may
  /// have moved to another path already, but a peer that nominates by priority alone follows only after a restart.
  case silent(since: Instant)
  /// The socket or the connection that it left from is gone; other paths are tried.
  case gone
  /// Nobody answers any more, or nothing is left to try. Only a restart helps.
  case failed
}

extension ICEBase.Kind {
  /// How long after the first valid pair one of this kind is nominated although cheaper ones may still answer. A
  /// cheaper pair that comes later takes its place, so this decides about a moment and not about the call.
  var nominationWaitMilliseconds: Int {
    switch self {
    case .udp: 100
    case .tcp: 400
    case .relayedByUDP: 100
    case .relayedByTCP, .relayedByTLS: 200
    }
  }

  /// How long after checking began it is asked for, if nothing answered until then; `alone`: if it is all there is.
  func startMilliseconds(alone: Bool) -> Int {
    switch self {
    case .udp, .tcp: 0
    case .relayedByUDP: alone ? 0 : 500
    case .relayedByTCP: alone ? 300 : 800
    case .relayedByTLS: alone ? 600 : 1_200
    }
  }
}

/// Paths beside the one in use: kept usable, and taken when they are better.
extension ICEAgent {
  /// Something came that ICE let through, from the peer over this path.
  func heard(_ source: SocketAddress, at base: ICEBase, _ now: Instant) {
    guard let path = selected?.path, path.base == base, path.remote == source else { return }
    selected?.heardAt = now
    guard case .silent = health else { return }
    tell(.good)
    if state == .disconnected { change(.connected, "the peer is heard again") }
  }

  func tell(_ next: PathHealth) {
    guard next != health else { return }
    health = next
    outputs.append(.healthChanged(next))
  }

  /// Whether a check of this pair makes sense beside the present path.
  func isWorthChecking(_ kind: ICEBase.Kind) -> Bool {
    guard let selected, selected.generation == list.generation else { return true }
    return kind == .tcp || kind < selected.path.base.kind
  }

  /// Asks on idle connections whether they still work, and on cheaper paths whether they do again.
  func advanceStandby(_ now: Instant) {
    guard let due = standbyDeadline, due <= now, let selected else { return }
    standbyAt = now.advanced(byMilliseconds: Limits.standbyMilliseconds)
    for index in list.pairs.indices where list.pairs[index].id != selected.pair {
      let pair = list.pairs[index]
      switch pair.state {
      case .succeeded where pair.base.kind != .udp: sendCheck(pair, nominates: false, now)
      case .failed, .stopped:
        if pair.base.kind < selected.path.base.kind { list.pairs[index].state = .waiting }
      default: break
      }
    }
  }

  var standbyDeadline: Instant? {
    guard let selected, selected.generation == list.generation, state != .failed else { return nil }
    return max(standbyAt, selected.selectedAt.advanced(byMilliseconds: Limits.standbyMilliseconds))
  }

  /// Nothing was heard for so long that the path is probably dead: another one that works takes its place.
  func advanceSilence(_ now: Instant) {
    guard let at = silenceDeadline, at <= now, let selected else { return }
    tell(.silent(since: selected.heardAt))
    // What works takes its place at once; else this is a loss.
    if nominee == nil, list.nominating == nil {
      change(.disconnected, "no answer from the peer for \(now.seconds(since: selected.heardAt)) s")
    }
    guard role == .controlling, selected.generation == list.generation else { return }
    // The others are asked again, as what broke this one may have spared them.
    for index in list.pairs.indices where list.pairs[index].id != selected.pair {
      let state = list.pairs[index].state
      if state == .failed || state == .stopped { list.pairs[index].state = .waiting }
    }
  }

  /// nil: not asked, or told already.
  var silenceDeadline: Instant? {
    guard let selected, let since = selected.consent.unansweredSince, health == .good, state != .failed else {
      return nil
    }
    let patience = min(
      max(Limits.silenceUnansweredMilliseconds, (selected.roundTripMicroseconds ?? 0) / 1000 * 3),
      Limits.consentUnansweredMilliseconds)
    return max(
      selected.heardAt.advanced(byMilliseconds: Limits.silenceMilliseconds),
      since.advanced(byMilliseconds: patience))
  }
}

extension ICEBase.Kind: Comparable {
  static func < (left: ICEBase.Kind, right: ICEBase.Kind) -> Bool { left.rawValue < right.rawValue }
}
