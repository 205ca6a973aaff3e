import Base
import WebRTC

/// The two peer connections: starting, pumping, watching and closing them.
extension Room {
  @discardableResult
  func start(_ peer: Peer, _ now: Instant) -> any MediaPeer {
    if let running = core.session[peer] { return running }
    let started = makePeer(core.session.canonicalName, now)
    core.session[peer] = started
    put(.openSockets(peer))
    if peer == .publisher { requestDataChannels(on: started) }
    for server in core.session.stun.addresses { started.handle(.stunServer(server), now: now) }
    // A publisher that joins a running session is watched by itself.
    if peer == .publisher, case .connected = core.phase {
      core.session.publisherDeadline = now.advanced(byMilliseconds: configuration.mediaTimeoutMilliseconds)
    }
    return started
  }

  func announce(_ server: SocketAddress, _ now: Instant) {
    core.session.publisher?.handle(.stunServer(server), now: now)
    core.session.subscriber?.handle(.stunServer(server), now: now)
  }

  /// Takes one output of a peer; false once it waits.
  func pump(_ peer: Peer, _ now: Instant) -> Bool {
    guard let connection = core.session[peer] else { return false }
    switch connection.poll(now: now) {
    case .transmit(let bytes, let from, let to):
      // Nobody is there any more.
      if !connection.isClosedByPeer { put(.transmit(bytes, from: from, to: to, peer: peer)) }
    case .event(.candidate(let candidate, let mid, let index)):
      let json = CandidateInit(candidate: candidate, mid: mid, sectionIndex: index).json
      send(.trickle(candidateInit: json, target: peer))
    case .event(.stateChanged(let state, let reason)): changed(peer, state, reason, now)
    case .event(.audio(let packet)): if peer == .subscriber { heardAudio(packet) }
    case .event(.dataChannelOpened(let id, let label)): channelOpened(peer, id, label: label, now)
    case .event(.dataChannelMessage(let id, let bytes)): channelMessage(peer, id, bytes, now)
    case .event(.dataChannelWritable): if peer == .publisher { channelWritable(now) }
    case .event(.dataChannelClosed(let id, _)): channelClosed(peer, id, now)
    case .wait(let until):
      if peer == .publisher {
        core.session.publisherWait = until
      } else {
        core.session.subscriberWait = until
      }
      return false
    }
    return true
  }

  func wakePeers(_ now: Instant) {
    if let until = core.session.subscriberWait, until <= now {
      core.session.subscriberWait = nil
      core.session.subscriber?.handle(.timeout, now: now)
    }
    if let until = core.session.publisherWait, until <= now {
      core.session.publisherWait = nil
      core.session.publisher?.handle(.timeout, now: now)
    }
  }

  /// Lets each peer say good-bye before its sockets go.
  func closePeers(_ now: Instant) {
    for peer in [Peer.publisher, .subscriber] {
      guard let connection = core.session[peer] else { continue }
      core.session[peer] = nil
      connection.close(now: now)
      drain: for _ in 0..<configuration.limits.farewellOutputsMax {
        switch connection.poll(now: now) {
        case .transmit(let bytes, let from, let to):
          if !connection.isClosedByPeer { put(.transmit(bytes, from: from, to: to, peer: peer)) }
        case .event: break
        case .wait: break drain
        }
      }
      put(.closeSockets(peer))
    }
    core.session.publisherWait = nil
    core.session.subscriberWait = nil
    core.session.publisherDeadline = nil
    core.session.dismissal = nil
    core.session.negotiation = Negotiation()
    giveUpWaitingPackets()
    core.session.data = DataSession()
    core.session.earlyAudio = []
  }

  private func changed(_ peer: Peer, _ state: PeerConnection.State, _ reason: String, _ now: Instant) {
    switch state {
    case .new, .connecting, .closed: break
    case .connected:
      if peer == .publisher { core.session.publisherDeadline = nil }
      checkMedia(now)
    case .disconnected: interrupted(peer, reason, now)
    case .failed:
      let failure = Failure.mediaFailed(name(peer) + (reason.isEmpty ? "" : ": " + reason))
      if core.session[peer]?.isClosedByPeer == true {
        closedByServer(failure, now)
      } else if core.session.dismissal == nil {
        lose(failure, now)
      }
    }
  }

  /// A server that sends us away closes DTLS and the data channels as well, and UDP may overtake the `leave` that says
  /// why: while the WebSocket lives, the reason gets a moment to arrive, after each of them. Nobody is told anything
  /// before.
  func closedByServer(_ failure: Failure, _ now: Instant) {
    guard isJoined, core.session.socket == .open else { return lose(failure, now) }
    let until = now.advanced(byMilliseconds: configuration.limits.dismissalWaitMilliseconds)
    core.session.dismissal = (core.session.dismissal?.failure ?? failure, until)
  }

  private func interrupted(_ peer: Peer, _ reason: String, _ now: Instant) {
    guard case .connected(let since) = core.phase, core.session.dismissal == nil, needs(peer) else { return }
    core.phase = .interrupted(
      until: now.advanced(byMilliseconds: configuration.mediaTimeoutMilliseconds), connectedSince: since)
    setState(.resuming, "media stopped (\(name(peer)))" + (reason.isEmpty ? "" : ": " + reason))
  }

  /// Connected means that media flows: every peer that is needed is up.
  func checkMedia(_ now: Instant) {
    guard core.session.dismissal == nil, missingPeers.isEmpty else { return }
    switch core.phase {
    case .connectingMedia: core.phase = .connected(since: now)
    case .interrupted(_, let since): core.phase = .connected(since: since)
    default: return
    }
    core.hasBeenConnected = true
    core.lastFailure = nil
    setState(.connected, "")
  }

  /// What media still waits for, in words; empty when it flows.
  var missingPeers: String {
    var names = ""
    for peer in [Peer.subscriber, .publisher] where needs(peer) && core.session[peer]?.state != .connected {
      names += (names.isEmpty ? "" : " and ") + name(peer)
    }
    return names
  }

  /// The subscriber when the server made it the primary one, or once it offered; the publisher while something is
  /// published. A publisher that only just started while connected does not take the connection back.
  private func needs(_ peer: Peer) -> Bool {
    switch peer {
    case .subscriber: core.session.subscriberPrimary || core.session.subscriber != nil
    case .publisher:
      core.session.publisherDeadline == nil
        && core.localTracks.contains { $0.state == .publishing || $0.state == .published }
    }
  }

  private func name(_ peer: Peer) -> String { peer == .publisher ? "publisher" : "subscriber" }
}
