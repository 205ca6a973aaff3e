import Base
import WebRTC

/// Signalling version 1: one peer connection carries everything, we offer it, and the first offer travels with the join.
extension Room {
  /// The sockets first: with their addresses in the offer the server can check them while its answer is under way.
  func openOnlyPublisher(_ now: Instant) {
    core.media.canonicalName = random.alphanumeric(16)
    takeServers([], forcesRelay: false, now)
    start(.publisher, now)
    core.media.socketsUntil = now.advanced(byMilliseconds: configuration.limits.socketsMilliseconds)
  }

  func dialWithOffer(_ now: Instant) {
    core.media.socketsUntil = nil
    guard case .dialling = core.phase, let url = core.server, let secret = core.tokens?.dialled.secret else {
      return
    }
    let publisher = start(.publisher, now)
    var request = JoinRequest(productVersion: configuration.productVersion)
    for index in core.localTracks.indices where core.localTracks[index].state == .waiting {
      request.tracks.append(prepare(index, publisher))
    }
    offerReceivers(configuration.limits.firstReceiversMax)
    request.offer = SessionDescription(
      sdp: publisher.makeOffer(now: now), id: core.media.negotiation.nextID)
    core.media.negotiation.nextID &+= 1
    put(.openWebSocket(connection: core.connection, url: url.signal(request), token: secret))
  }

  /// 404 is what a server of before version 1 says. The words of one that knows no such room are others.
  func isTooOld(for transport: TransportFailure) -> Bool {
    guard core.media.isOnlyPublisher, case .http(404, let body) = transport else { return false }
    if case .roomDoesNotExist = failure(
      status: 404, words: serverWords(body, hiding: ""), validating: false, .configured)
    {
      return false
    }
    return true
  }

  /// Again at once, with two peer connections, and so from now on.
  func dialOldServer(_ url: ServerURL, _ now: Instant) {
    if core.oldServers.count >= configuration.limits.oldServersMax { core.oldServers.removeFirst() }
    core.oldServers.append(url)
    dial(now)
  }

  /// The offer is at the server, and what depends on who we are can be judged.
  func joinedWithOffer(_ now: Instant) {
    core.media.negotiation.outstanding = (
      1, now.advanced(byMilliseconds: configuration.limits.negotiationMilliseconds)
    )
    for candidate in core.media.unsignalledCandidates {
      send(.trickle(candidateInit: candidate.json, target: .publisher))
    }
    core.media.unsignalledCandidates = []
    let until = now.advanced(byMilliseconds: configuration.limits.publishMilliseconds)
    for index in core.localTracks.indices where core.localTracks[index].state == .publishing {
      core.localTracks[index].publishDeadline = until
    }
    if !core.directory.local.permission.canPublish { revokeLocalTracks("the token does not grant it", now) }
  }

  func found(_ candidate: CandidateInit, _ peer: Peer) {
    if core.media.isOnlyPublisher, !isJoined {
      guard core.media.unsignalledCandidates.count < configuration.limits.candidatesWaitingMax else { return }
      core.media.unsignalledCandidates.append(candidate)
    } else {
      send(.trickle(candidateInit: candidate.json, target: peer))
    }
  }

  /// At least so many sections that receive, from the next offer on. False: they are there already, or too many.
  @discardableResult
  func offerReceivers(_ count: Int) -> Bool {
    let wanted = min(count, configuration.limits.receiversMax)
    guard wanted > core.media.receivers else { return false }
    core.media.receivers = wanted
    core.media.publisher?.offerAudioReceivers(wanted)
    return true
  }

  /// An empty requirement says that what is forwarded has changed. One that cannot be met is said again after every
  /// offer, so an offer without anything new is no answer to it, unless a section has become free meanwhile.
  func sectionsRequired(audios: Int, videos: Int, _ now: Instant) {
    guard core.media.isOnlyPublisher else {
      core.statistics.unusedMessages &+= 1
      return
    }
    let isChange = audios == 0 && videos == 0
    let grows = offerReceivers(core.media.receivers + min(audios, configuration.limits.receiversMax))
    guard grows || isChange || audios > 0 && core.media.hasFreedSections else { return }
    if !grows { core.media.hasFreedSections = false }
    negotiate(now)
  }

  /// Tracks that were there before us are in the first answer by chance; otherwise the server says 150 ms later that
  /// they are not. The same offer again brings them at once.
  func offerAgainAfterFirstAnswer(_ now: Instant) {
    let sections = core.subscriptions.sections
    let isMissing = core.choice.wanted.contains { sid in !sections.contains { $0.trackSID == sid } }
    guard isMissing else { return }
    offerReceivers(core.choice.wanted.count)
    negotiate(now)
  }
}
