import Base
import WebRTC

/// The two peer connections: starting, pumping, watching and closing them.
extension Room {
  @discardableResult
  func start(_ peer: Peer, _ now: Instant) -> any MediaPeer {
    if let running = core.media[peer] { return running }
    let started = makePeer(core.media.canonicalName, now)
    core.media[peer] = started
    if configuration.relaysOnly || core.media.relaysOnly { started.handle(.useRelaysOnly, now: now) }
    put(.openSockets(peer))
    if peer == .publisher { requestDataChannels(on: started) }
    if let prefix = core.media.translation.prefix { started.handle(.translator(prefix), now: now) }
    for server in core.media.servers.known { started.handle(input(server), now: now) }
    // A publisher that joins a running session is watched by itself.
    if peer == .publisher, case .connected = core.phase {
      core.media.publisherDeadline = now.advanced(byMilliseconds: configuration.mediaTimeoutMilliseconds)
    }
    return started
  }

  /// The servers of a session that begins or is resumed, before those of the owner.
  func takeServers(_ servers: [ICEServer], forcesRelay: Bool, _ now: Instant) {
    let names = core.media.servers.take(
      servers + configuration.iceServers, serversMax: configuration.limits.stunServersMax)
    // A server that prefers TLS says so even when it names no relay, and whoever obeyed would never connect.
    core.media.relaysOnly = configuration.relaysOnly || forcesRelay && core.media.servers.hasRelay
    for name in names { put(.resolveHost(name: name)) }
    // The only publisher was there before the server had a say.
    if core.media.relaysOnly { core.media.publisher?.handle(.useRelaysOnly, now: now) }
    for server in core.media.servers.known { announce(server, now) }
  }

  func announce(_ server: ICEServers.Server, _ now: Instant) {
    core.media.publisher?.handle(input(server), now: now)
    core.media.subscriber?.handle(input(server), now: now)
  }

  /// It is asked again whenever nothing else works, by both peer connections.
  func relayFailed(_ words: String) {
    guard !core.media.relaysFailed.contains(words),
      core.media.relaysFailed.count < configuration.limits.stunServersMax
    else { return }
    core.media.relaysFailed.append(words)
    emit(.relayFailed(words))
  }

  /// Why media had no way in all the time that it may take.
  var noMedia: Failure {
    guard core.media.relaysOnly else { return .mediaTimeout(missingPeers) }
    var why = ""
    for words in core.media.relaysFailed { why += (why.isEmpty ? "" : "; ") + words }
    if why.isEmpty { why = core.media.servers.hasRelay ? "none leads to the server" : "none is named" }
    return .noRelay(why)
  }

  private func input(_ server: ICEServers.Server) -> PeerConnection.Input {
    switch server {
    case .stun(let address): .stunServer(address)
    case .turn(let server): .turnServer(server)
    }
  }

  /// Takes one output of a peer; false once it waits.
  func pump(_ peer: Peer, _ now: Instant) -> Bool {
    guard let connection = core.media[peer] else { return false }
    switch connection.poll(now: now) {
    case .transmit(let bytes, let from, let to):
      // Nobody is there any more.
      if !connection.isClosedByPeer { put(.transmit(bytes, from: from, to: to, peer: peer)) }
    case .openStream(let id, let host, let port, let secure):
      put(.openStream(id, host: host, port: port, secure: secure, peer: peer))
    case .sendStream(let id, let bytes, let isMedia):
      if !connection.isClosedByPeer { put(.sendStream(id, bytes, isMedia: isMedia, peer: peer)) }
    case .closeStream(let id): put(.closeStream(id, peer: peer))
    case .event(.pathHealthChanged(let health)): healthChanged(peer, health, now)
    case .event(.relayFailed(let words)): relayFailed(words)
    case .event(.candidate(let candidate, let mid, let index)):
      found(CandidateInit(candidate: candidate, mid: mid, sectionIndex: index), peer)
    case .event(.stateChanged(let state, let reason)): changed(peer, state, reason, now)
    case .event(.audio(let packet)): heardAudio(packet)
    case .event(.dataChannelOpened(let id, let label)): channelOpened(peer, id, label: label, now)
    case .event(.dataChannelMessage(let id, let bytes)): channelMessage(peer, id, bytes, now)
    case .event(.dataChannelWritable): if peer == .publisher { channelWritable(now) }
    case .event(.dataChannelClosed(let id, _)): channelClosed(peer, id, now)
    case .wait(let until):
      if peer == .publisher {
        core.media.publisherWait = until
      } else {
        core.media.subscriberWait = until
      }
      return false
    }
    return true
  }

  func wakePeers(_ now: Instant) {
    if let until = core.media.subscriberWait, until <= now {
      core.media.subscriberWait = nil
      core.media.subscriber?.handle(.timeout, now: now)
    }
    if let until = core.media.publisherWait, until <= now {
      core.media.publisherWait = nil
      core.media.publisher?.handle(.timeout, now: now)
    }
  }

  /// Lets each peer say good-bye before its sockets go.
  func closePeers(_ now: Instant) {
    for peer in [Peer.publisher, .subscriber] {
      guard let connection = core.media[peer] else { continue }
      core.media[peer] = nil
      connection.close(now: now)
      drain: for _ in 0..<configuration.limits.farewellOutputsMax {
        switch connection.poll(now: now) {
        case .transmit(let bytes, let from, let to):
          if !connection.isClosedByPeer { put(.transmit(bytes, from: from, to: to, peer: peer)) }
        case .sendStream(let id, let bytes, let isMedia):
          if !connection.isClosedByPeer { put(.sendStream(id, bytes, isMedia: isMedia, peer: peer)) }
        case .event, .openStream, .closeStream: break
        case .wait: break drain
        }
      }
      put(.closeSockets(peer))
    }
    core.media.publisherWait = nil
    core.media.subscriberWait = nil
    core.media.publisherDeadline = nil
    core.media.dismissal = nil
    core.media.negotiation = Negotiation()
    giveUpWaitingPackets()
    core.media.data = DataSession()
    core.media.earlyAudio = []
  }

  private func changed(_ peer: Peer, _ state: PeerConnection.State, _ reason: String, _ now: Instant) {
    switch state {
    case .new, .connecting, .closed: break
    case .connected:
      if peer == .publisher { core.media.publisherDeadline = nil }
      checkMedia(now)
    case .disconnected: if core.connectedSince != nil { pathLost(peer, reason, now) }
    case .failed:
      let failure = Failure.mediaFailed(name(peer) + (reason.isEmpty ? "" : ": " + reason))
      if core.media[peer]?.isClosedByPeer == true {
        closedByServer(failure, now)
      } else if core.connectedSince == nil || (peer == .publisher && core.media.publisherDeadline != nil) {
        if core.media.dismissal == nil { lose(failure, now) }
      } else {
        pathLost(peer, reason, now)
      }
    }
  }

  /// A server that sends us away closes DTLS and the data channels as well, and UDP may overtake the `leave` that says
  /// why: while the WebSocket lives, the reason gets a moment to arrive, after each of them. Nobody is told anything
  /// before.
  func closedByServer(_ failure: Failure, _ now: Instant) {
    guard isJoined, isSignalling else { return lose(failure, now) }
    let until = now.advanced(byMilliseconds: configuration.limits.dismissalWaitMilliseconds)
    core.media.dismissal = (core.media.dismissal?.failure ?? failure, until)
  }

  /// Connected means that media flows: every peer that is needed is up.
  func checkMedia(_ now: Instant) {
    guard core.media.dismissal == nil, missingPeers.isEmpty else { return }
    switch core.phase {
    case .connectingMedia: core.phase = .connected(since: now)
    case .interrupted(_, let since): core.phase = .connected(since: since)
    default: return
    }
    core.hasBeenConnected = true
    core.lastFailure = nil
    if !core.media.servers.waitsForRelay { forgetHosts() }
    showState("")
    // Where media gets through, signalling may as well.
    resumeSooner(now)
  }

  /// What media still waits for, in words; empty when it flows.
  var missingPeers: String {
    var names = ""
    for peer in [Peer.subscriber, .publisher] where needs(peer) && core.media[peer]?.state != .connected {
      names += (names.isEmpty ? "" : " and ") + name(peer)
    }
    return names
  }

  /// The subscriber when the server made it the primary one, or once it offered; the publisher while something is
  /// published. A publisher that only just started while connected does not take the connection back.
  func needs(_ peer: Peer) -> Bool {
    switch peer {
    case .subscriber: core.media.subscriberPrimary || core.media.subscriber != nil
    case .publisher:
      core.media.isOnlyPublisher
        || core.media.publisherDeadline == nil
          && core.localTracks.contains { $0.state == .publishing || $0.state == .published }
    }
  }

  func name(_ peer: Peer) -> String {
    if core.media.isOnlyPublisher { return "peer connection" }
    return peer == .publisher ? "publisher" : "subscriber"
  }
}
