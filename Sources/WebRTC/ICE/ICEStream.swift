import Base

/// A TCP connection of ours to a passive candidate of the peer (RFC 6544 §4.1: we are the active side).
struct ICEStream {
  enum State: Equatable {
    /// To be opened, at first or again.
    case due(Instant)
    case opening(until: Instant)
    case open(ICEBase)
  }

  /// A new one for each attempt.
  var id = 0
  var remote: SocketAddress
  /// The peer tells connections apart by the credentials of the first check, so each generation has its own.
  var generation: Int
  /// Attempts since a check was last answered.
  var failures = 0
  var state: State
  var framing = StreamFraming()

  var base: ICEBase? {
    if case .open(let base) = state { base } else { nil }
  }
}

/// Connections to the peer's TCP candidates: one each, opened at once and kept, so that media can move to it.
extension ICEAgent {
  func addStream(to remote: SocketAddress, _ now: Instant) {
    guard streams.count < Limits.streamsMax else {
      counters.overLimit &+= 1
      return
    }
    streams.append(ICEStream(remote: remote, generation: list.generation, state: .due(now)))
  }

  /// The owner connected it, and our end is here.
  func streamOpened(_ id: Int, local: SocketAddress, now: Instant) {
    if relayStreamOpened(id, now: now) { return }
    guard let index = streams.firstIndex(where: { $0.id == id }), case .opening = streams[index].state,
      let remote = list.remoteCandidates.first(where: { $0.isTCP && $0.address == streams[index].remote })
    else { return }
    let base = ICEBase(id: id, address: local, kind: .tcp)
    streams[index].state = .open(base)
    streams[index].framing = StreamFraming()
    let address = LocalAddress(base: base, preference: localPreference(local.ip), candidates: [])
    localAddresses.append(address)
    addPair(address, remote, now)
  }

  /// The packets that are whole now, from where, and at which base.
  func streamBytes(_ id: Int, _ bytes: [UInt8]) -> (packets: [[UInt8]], from: SocketAddress, at: ICEBase)? {
    guard let index = streams.firstIndex(where: { $0.id == id }), let base = streams[index].base else {
      return nil
    }
    let skipped = streams[index].framing.skipped
    let packets = streams[index].framing.take(bytes)
    counters.malformedMessages &+= streams[index].framing.skipped &- skipped
    return (packets, streams[index].remote, base)
  }

  /// It could not be connected, or is closed.
  func streamEnded(_ id: Int, reason: String, now: Instant) {
    if relayStreamEnded(id, reason: reason, now: now) { return }
    guard let index = streams.firstIndex(where: { $0.id == id }) else { return }
    lose(index, reason, now)
  }

  /// Over a reliable path an answer that does not come is not late but lost.
  func streamIsSilent(_ base: ICEBase, _ now: Instant) {
    guard let index = streams.firstIndex(where: { $0.base == base }) else { return }
    outputs.append(.closeStream(id: base.id))
    lose(index, "nobody answers on the connection to \(streams[index].remote)", now)
  }

  func streamAnswered(_ base: ICEBase) {
    guard let index = streams.firstIndex(where: { $0.base == base }) else { return }
    streams[index].failures = 0
  }

  private func lose(_ index: Int, _ reason: String, _ now: Instant) {
    let base = streams[index].base
    streams[index].failures += 1
    if streams[index].failures >= Limits.streamFailuresMax || streams[index].generation != list.generation {
      streams.remove(at: index)
    } else {
      let wait = Limits.streamRetryMilliseconds << streams[index].failures
      streams[index].state = .due(now.advanced(byMilliseconds: wait))
    }
    if let base { remove(base, reason, now) }
  }

  /// Opens what is due, and gives up what does not open.
  func advanceStreams(_ now: Instant) {
    for index in streams.indices.reversed() {
      switch streams[index].state {
      case .due(let instant) where instant <= now:
        streams[index].id = nextStreamID
        nextStreamID &+= 1
        streams[index].state = .opening(until: now.advanced(byMilliseconds: Limits.streamOpenMilliseconds))
        let remote = streams[index].remote
        outputs.append(
          .openStream(id: streams[index].id, host: "\(remote.ip)", port: remote.port, secure: false))
      case .opening(let until) where until <= now:
        outputs.append(.closeStream(id: streams[index].id))
        lose(index, "", now)
      default: break
      }
    }
  }

  var streamDeadline: Instant? {
    var next: Instant?
    for stream in streams {
      switch stream.state {
      case .due(let instant), .opening(let instant): next = earliest(next, instant)
      case .open: break
      }
    }
    return next
  }

  /// Those of earlier generations, except the one that media still takes.
  func closeFormerStreams(_ now: Instant) {
    let former = streams.filter {
      $0.generation != list.generation && $0.base.map { $0 != selected?.path.base } ?? true
    }
    streams = streams.filter { stream in !former.contains { $0.id == stream.id && $0.remote == stream.remote }
    }
    for stream in former {
      if case .due = stream.state { continue }
      outputs.append(.closeStream(id: stream.id))
      if let base = stream.base { remove(base, "", now) }
    }
  }
}
