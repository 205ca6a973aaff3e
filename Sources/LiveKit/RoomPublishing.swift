import Base
import WebRTC

/// Our own tracks: AddTrack, then the offer that names the same id, then the server's answers in any order.
extension Room {
  /// Publishes what waits, if the session and the permission allow it now.
  func publishWaiting(_ now: Instant) {
    guard isJoined, isSignalling else { return }
    let allowed = core.directory.local.permission.canPublish
    var added = false
    for index in core.localTracks.indices where core.localTracks[index].state == .waiting {
      guard allowed else {
        core.localTracks[index].state = .refused
        emit(.localTrackFailed(core.localTracks[index], .publishNotAllowed("the token does not grant it")))
        continue
      }
      add(index, now)
      added = true
    }
    if added { negotiate(now) }
  }

  private func add(_ index: Int, _ now: Instant) {
    let request = prepare(index, start(.publisher, now))
    core.localTracks[index].publishDeadline = now.advanced(
      byMilliseconds: configuration.limits.publishMilliseconds)
    send(.addTrack(request))
  }

  /// Gives the track its section in the next offer, and answers with what the server is asked beside that.
  func prepare(_ index: Int, _ publisher: any MediaPeer) -> SignalRequest.AddTrack {
    let track = core.localTracks[index]
    let cid = generated(Array("lintel-".utf8) + Array(random.alphanumeric(16).utf8))
    core.localTracks[index].cid = cid
    core.localTracks[index].mid = publisher.addAudioSender(trackID: cid.text)
    core.localTracks[index].state = .publishing
    core.localTracks[index].startsTalkspurt = true
    var request = SignalRequest.AddTrack(
      cid: cid, name: track.name, source: track.source, muted: track.isMuted)
    request.announcesPreConnect = track.announcesPreConnect
    core.localTracks[index].isEncrypted = core.encryption.seals
    request.isEncrypted = core.encryption.seals
    return request
  }

  var isJoined: Bool {
    switch core.phase {
    case .connectingMedia, .connected, .interrupted: true
    default: false
    }
  }

  /// One offer at a time; what changes meanwhile goes into the next.
  func negotiate(_ now: Instant) {
    guard let publisher = core.media.publisher else { return }
    if core.media.negotiation.outstanding != nil || !isSignalling {
      core.media.negotiation.again = true
      return
    }
    let id = core.media.negotiation.nextID
    core.media.negotiation.nextID &+= 1
    core.media.negotiation.again = false
    core.media.negotiation.outstanding = (
      id, now.advanced(byMilliseconds: configuration.limits.negotiationMilliseconds)
    )
    send(.offer(.init(sdp: publisher.makeOffer(now: now), id: id)))
  }

  func answered(_ description: SessionDescription, _ now: Instant) {
    guard core.media.dismissal == nil, let outstanding = core.media.negotiation.outstanding,
      let publisher = core.media.publisher, description.id == 0 || description.id == outstanding.id
    else {
      core.statistics.unusedMessages &+= 1
      return
    }
    do {
      try publisher.acceptAnswer(description.sdp, now: now)
    } catch {
      return undescribed(error, now)
    }
    core.media.negotiation.outstanding = nil
    if core.media.isOnlyPublisher {
      sectionsChanged(publisher)
      if outstanding.id == 1 { offerAgainAfterFirstAnswer(now) }
    }
    if core.media.negotiation.again { negotiate(now) }
  }

  func published(_ cid: Name, _ track: RemoteTrack, _ now: Instant) {
    guard let index = core.localTracks.firstIndex(where: { $0.cid == cid && $0.state == .publishing }) else {
      core.statistics.unusedMessages &+= 1
      return
    }
    core.localTracks[index].sid = track.sid
    core.localTracks[index].state = .published
    core.localTracks[index].publishDeadline = nil
    // Muted or unmuted while the SID was under way.
    let muted = core.localTracks[index].isMuted
    if track.isMuted != muted { tellMute(index, now) }
    emit(.localTrackPublished(core.localTracks[index]))
  }

  func heard(_ sid: Name) {
    guard let index = core.localTracks.firstIndex(where: { $0.sid == sid && !sid.isEmpty }) else { return }
    core.localTracks[index].isHeard = true
    emit(.localTrackSubscribed(core.localTracks[index]))
  }

  /// An administrator may silence us; only we may speak again. A remote unmute is contradicted, so that the
  /// server does not show a live microphone.
  func mutedByServer(_ sid: Name, _ muted: Bool) {
    guard let index = core.localTracks.firstIndex(where: { $0.sid == sid && !sid.isEmpty }),
      core.localTracks[index].isMuted != muted
    else { return }
    guard muted else { return send(.mute(trackSID: sid, muted: true)) }
    core.localTracks[index].isMuted = true
    forgetHeld(track: core.localTracks[index].id)
    emit(.localTrackMuted(core.localTracks[index], byServer: true))
  }

  /// The server took the track back, as when the permission is revoked.
  func unpublished(_ sid: Name, _ now: Instant) {
    guard let index = core.localTracks.firstIndex(where: { $0.sid == sid && !sid.isEmpty }) else { return }
    removeSender(at: index, now)
    core.localTracks[index].state = .refused
    emit(.localTrackUnpublished(core.localTracks[index], reason: "the server withdrew it"))
  }

  /// The permission is gone: servers withdraw each track as well, before or after they say so.
  func revokeLocalTracks(_ why: String, _ now: Instant) {
    for index in core.localTracks.indices {
      let state = core.localTracks[index].state
      guard state == .published || state == .publishing else { continue }
      removeSender(at: index, now)
      core.localTracks[index].state = .refused
      if state == .published {
        emit(.localTrackUnpublished(core.localTracks[index], reason: why))
      } else {
        emit(.localTrackFailed(core.localTracks[index], .publishNotAllowed(why)))
      }
    }
    checkMedia(now)
  }

  func trackRefused(_ cid: Name, _ response: SignalResponse.RequestResponse, _ now: Instant) {
    guard let index = core.localTracks.firstIndex(where: { $0.cid == cid && $0.state == .publishing }) else {
      return
    }
    if response.reason == .queued {
      // An earlier track of this id is still published; ours follows when it is gone.
      core.localTracks[index].publishDeadline = nil
      return
    }
    removeSender(at: index, now)
    core.localTracks[index].state = .refused
    let failure: Failure =
      response.reason == .notAllowed ? .publishNotAllowed(response.words) : .publishRefused(response.words)
    emit(.localTrackFailed(core.localTracks[index], failure))
    checkMedia(now)
  }

  /// Forgets what belongs to the session, and takes the section out of the next offer.
  func removeSender(at index: Int, _ now: Instant) {
    let mid = core.localTracks[index].mid
    core.localTracks[index].sessionEnded()
    guard let mid, let publisher = core.media.publisher else { return }
    publisher.removeAudioSender(mid: mid)
    negotiate(now)
  }

  /// The session is over; every track waits for the next one.
  func withdrawLocalTracks(_ reason: String) {
    for index in core.localTracks.indices {
      let wasPublished = core.localTracks[index].state == .published
      core.localTracks[index].sessionEnded()
      core.localTracks[index].state = .waiting
      if wasPublished { emit(.localTrackUnpublished(core.localTracks[index], reason: reason)) }
    }
  }

  /// Our own entry in a participant update: above all what we may do.
  func localUpdated(_ old: Participant, _ new: Participant, _ now: Instant) {
    var before = old
    before.tracks = new.tracks
    before.version = new.version
    if before != new { emit(.localParticipantUpdated(new, ParticipantChanges(from: old, to: new))) }
    if new.permission.canPublishData, !old.permission.canPublishData { preparePublisherForCalls(now) }
    if !new.permission.canPublishData { failOutgoingStreams(.disconnected) }
    if !new.permission.canPublish { revokeLocalTracks("the permission to publish was taken back", now) }
    if new.permission.canSubscribe != old.permission.canSubscribe { mayHearChanged(now) }
    guard new.permission.canPublish, !old.permission.canPublish else { return }
    for index in core.localTracks.indices where core.localTracks[index].state == .refused {
      core.localTracks[index].state = .waiting
    }
    publishWaiting(now)
  }
}

extension LocalTrack {
  mutating func sessionEnded() {
    sid = ""
    cid = ""
    mid = nil
    isHeard = false
    publishDeadline = nil
    muteToldAt = nil
    startsTalkspurt = true
  }
}
