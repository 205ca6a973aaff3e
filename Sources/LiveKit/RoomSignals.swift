import Base

/// What the server says.
extension Room {
  func received(_ bytes: [UInt8], _ now: Instant) {
    guard core.signalling.socket == .open else { return }
    core.statistics.signalMessagesReceived &+= 1
    let wasAsked = core.signalling.keepalive.isProbing
    core.signalling.keepalive.heard(now: now)
    core.media.heardAt = now
    let max = configuration.limits.signalMessageBytesMax
    if bytes.count > max, case .awaitingJoin = core.phase {
      return lose(.roomTooLarge(bytesMax: max), now)
    }
    var dropped = 0
    var refused = 0
    let response = SignalDecoder.decode(
      bytes, limits: configuration.limits, dropped: &dropped, refused: &refused)
    core.statistics.limitDrops &+= dropped
    core.statistics.malformedMessages &+= refused
    if case .awaitingJoin = core.phase {
      first(response, now)
    } else if case .asking? = core.resume?.step {
      firstOfResume(response, now)
    } else if let response {
      apply(response, now)
    } else {
      core.statistics.malformedMessages &+= 1
    }
    if wasAsked { signallingAnswered(now) }
  }

  /// The first message is a JoinResponse or a refusal. Anything else that no LiveKit server sends says that this
  /// is none; a message that only came early is left to the one that follows.
  private func first(_ response: SignalResponse?, _ now: Instant) {
    switch response {
    case .join(let join): joined(join, now)
    case .leave(let leave): left(leave, now)
    case .refreshToken(let token): refresh(token)
    case .none:
      core.statistics.malformedMessages &+= 1
      lose(.notLiveKit("its first message is no JoinResponse"), now)
    case .unused: lose(.notLiveKit("its first message is no JoinResponse"), now)
    default: core.statistics.unusedMessages &+= 1
    }
  }

  private func joined(_ join: SignalResponse.JoinResponse, _ now: Instant) {
    if core.hasBeenConnected { core.statistics.reconnects &+= 1 }
    core.phase = .connectingMedia(until: now.advanced(byMilliseconds: configuration.mediaTimeoutMilliseconds))
    let before = core.info
    core.info = join.room
    core.media.subscriberPrimary = join.subscriberPrimary && !core.media.isOnlyPublisher
    core.media.resumeDisabled = join.resumeDisabled
    core.choice.isAutomatic = core.media.isOnlyPublisher
    if core.media.canonicalName.isEmpty { core.media.canonicalName = random.alphanumeric(16) }
    core.signalling.keepalive.start(
      intervalSeconds: join.pingIntervalSeconds, timeoutSeconds: join.pingTimeoutSeconds, now: now)
    takeServers(join.iceServers, forcesRelay: join.forcesRelay, now)
    core.encryption.trailer = join.injectionTrailer
    emit(.roomUpdated(core.info))
    tellRoomChanges(before)
    begin(join.participant, join.others, now)
    // The subscriber's sockets open before its first offer comes, and the publisher's offer leaves at once.
    if join.subscriberPrimary, !core.media.isOnlyPublisher { start(.subscriber, now) }
    if core.media.isOnlyPublisher { joinedWithOffer(now) }
    encryptionChanged(now)
    preparePublisherForCalls(now)
    sendStateRequests(now)
    checkMedia(now)
  }

  func apply(_ response: SignalResponse, _ now: Instant) {
    switch response {
    case .offer(let description): offered(description, now)
    case .answer(let description): answered(description, now)
    case .trickle(let json, let target): trickled(json, target, now)
    case .participants(let updates): changed(updates, now)
    case .trackPublished(let cid, let track): published(cid, track, now)
    case .trackUnpublished(let sid): unpublished(sid, now)
    case .trackSubscribed(let sid): heard(sid)
    case .leave(let leave): left(leave, now)
    case .mute(let sid, let muted): mutedByServer(sid, muted)
    case .speakers(let changes): speak(changes, now)
    case .sectionsRequired(let audios, let videos): sectionsRequired(audios: audios, videos: videos, now)
    case .room(let info): if rollCallEnds(with: info, now) { update(info) }
    case .quality(let updates):
      for update in updates {
        guard let identity = core.directory.setQuality(update.1, sid: update.participantSID) else { continue }
        emit(.connectionQuality(identity: identity, update.1))
      }
    case .subscriptionPermission(let sid, let allowed):
      subscriptionJudged(sid, refusal: allowed ? nil : "its publisher does not permit it", now)
    case .subscriptionError(let sid, let error): subscriptionFailed(sid, error, now)
    case .refreshToken(let token): refresh(token)
    case .pong(let timestamp): answeredPing(timestamp, now)
    case .requestResponse(let response): refused(response, now)
    case .moved(let moved): self.moved(moved, now)
    case .join, .reconnect, .unused: core.statistics.unusedMessages &+= 1
    }
  }

  /// Where a peer connection was closed, our own end among them is the word that says why.
  private func changed(_ updates: [Participant], _ now: Instant) {
    let own = core.directory.local.sid
    if core.media.dismissal != nil,
      let farewell = updates.first(where: { $0.sid == own && $0.state == .disconnected })
    {
      return lose(.dismissed(farewell.disconnectReason), now)
    }
    guard tookPartInRollCall(updates, now) else { return }
    changeParticipants(now) { $0.apply(updates) }
  }

  /// It reads what we say in order: what was said before that ping is heard.
  private func answeredPing(_ timestamp: Int64, _ now: Instant) {
    guard let sent = core.signalling.keepalive.pong(timestampMilliseconds: timestamp, now: now) else {
      return
    }
    for index in core.localTracks.indices {
      if let told = core.localTracks[index].muteToldAt, told <= sent {
        core.localTracks[index].muteToldAt = nil
      }
    }
  }

  private func trickled(_ json: String, _ target: Peer, _ now: Instant) {
    guard let candidate = CandidateInit(json: json) else {
      core.statistics.malformedCandidates &+= 1
      return
    }
    core.media[target]?.addRemoteCandidate(candidate.candidate, now: now)
  }

  private func refresh(_ token: String) {
    guard let access = try? AccessToken(token) else {
      core.statistics.malformedMessages &+= 1
      return
    }
    core.tokens?.refreshed = access
  }

  private func update(_ info: RoomInfo) {
    var info = info
    info.serverVersion = core.info.serverVersion
    info.serverRegion = core.info.serverRegion
    info.serverNode = core.info.serverNode
    guard info != core.info else { return }
    let before = core.info
    core.info = info
    emit(.roomUpdated(info))
    tellRoomChanges(before)
  }

  /// The session goes on in another room, over the same connections.
  private func moved(_ moved: SignalResponse.Moved, _ now: Instant) {
    refresh(moved.token)
    update(moved.room)
    begin(moved.participant, moved.others, now)
    sendStateRequests(now)
  }

  private func begin(_ participant: Participant, _ others: [Participant], _ now: Instant) {
    let before = core.directory.local
    core.choice.clear()
    changeParticipants(now, areAllNew: true) { $0.begin(local: participant, others: others) }
    emit(.localParticipantUpdated(participant, ParticipantChanges(from: before, to: participant)))
    core.stateRequests.joined(as: participant)
  }

  private func tellRoomChanges(_ before: RoomInfo) {
    if core.info.metadata != before.metadata { emit(.roomMetadataChanged(core.info.metadata)) }
    if core.info.isRecording != before.isRecording { emit(.recordingChanged(core.info.isRecording)) }
  }

  /// Only changes are told: whoever is not active any more drops out, the others stay as they were.
  private func speak(_ changes: [SignalResponse.SpeakerChange], _ now: Instant) {
    for change in changes {
      guard let identity = core.directory.identity(sid: change.participantSID) else { continue }
      core.speakers = core.speakers.filter { $0.identity != identity }
      guard change.active else { continue }
      // The loudest first.
      let place = core.speakers.firstIndex { $0.level < change.level } ?? core.speakers.count
      core.speakers.insert(Speaker(identity: identity, level: change.level), at: place)
    }
    emit(.speakersChanged(core.speakers))
    chooseSubscriptions(now)
  }

  private func refused(_ response: SignalResponse.RequestResponse, _ now: Instant) {
    if case .updateMetadata(let id) = response.request { return stateAnswered(id, response) }
    guard response.reason != .ok else { return }
    switch response.request {
    case .addTrack(let cid): trackRefused(cid, response, now)
    case .mute: emit(.requestRefused(request: "mute", reason: response.words))
    case .trickle: emit(.requestRefused(request: "candidate", reason: response.words))
    case .updateMetadata: emit(.requestRefused(request: "metadata", reason: response.words))
    case .other: emit(.requestRefused(request: "", reason: response.words))
    }
  }
}

extension SignalResponse.RequestResponse {
  /// The server's own, or those of its reason.
  var words: String {
    if !message.isEmpty { return serverWords(Array(message.utf8), hiding: "") }
    return switch reason {
    case .ok: "accepted"
    case .notFound: "not found"
    case .notAllowed: "not allowed"
    case .limitExceeded: "a limit is exceeded"
    case .queued: "queued"
    case .unsupportedType: "not supported"
    case .unclassified: "no reason was given"
    }
  }
}

extension SignalResponse.SubscriptionError {
  var words: String {
    switch self {
    case .unknown: "the server cannot subscribe to it"
    case .codecUnsupported: "its codec is not supported"
    case .trackNotFound: "the server does not know it"
    }
  }
}
