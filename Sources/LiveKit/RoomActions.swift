import Base
import WebRTC

extension Room {
  /// Starts to join; events tell the rest. Throws what can be said before dialling, with nothing changed then: a URL
  /// that is none, text that is no token. Whether a token is good is for the server to say.
  public func join(url: String, token: String, now: Instant) throws(Failure) {
    guard case .idle = core.phase else { throw .alreadyJoined }
    let server = try ServerURL(url)
    let access = try AccessToken(token)
    core.url = server
    core.region = RegionChoice()
    core.tokens = Tokens(access)
    encryptionChanged(now)
    core.attempt = 1
    core.hasBeenConnected = false
    core.eagerUntil = nil
    core.lastFailure = nil
    core.info = RoomInfo()
    core.info.name = access.room
    setState(.connecting, "")
    dial(now)
  }

  /// Says good-bye and closes everything within 250 ms; `.connectionStateChanged(.disconnected, ...)` is the
  /// end. Local tracks stay for the next `join`.
  public func leave(now: Instant) {
    switch core.phase {
    case .idle, .leaving: return
    default: break
    }
    core.resume = nil
    let socket = core.signalling.socket
    if socket == .open { send(.leave(.clientInitiated)) }
    closePeers(now)
    core.signalling.keepalive.stop()
    if socket == .open {
      core.phase = .leaving(until: now.advanced(byMilliseconds: configuration.limits.leaveMilliseconds))
    } else {
      finish(nil, reason: "left", now)
    }
  }

  /// Adds an audio track that is published now if joined, and after every (re)connection until `unpublish`.
  /// The one failure is `tooManyTracks`.
  public func publish(
    name: String, source: TrackSource, muted: Bool, now: Instant
  ) throws(Failure) -> LocalTrack.ID {
    guard core.localTracks.count < configuration.limits.localTracksMax else { throw .tooManyTracks }
    let id = core.nextTrackID
    core.nextTrackID &+= 1
    core.localTracks.append(LocalTrack(id: id, name: name, source: source, isMuted: muted))
    core.uplinks.append(LocalUplink(track: id))
    publishWaiting(now)
    return id
  }

  public func unpublish(_ track: LocalTrack.ID, now: Instant) {
    guard let index = core.localTracks.firstIndex(where: { $0.id == track }) else { return }
    removeSender(at: index, now)
    var gone = core.localTracks.remove(at: index)
    if let uplink = core.uplink(track) { core.uplinks.remove(at: uplink) }
    guard gone.state == .published else { return }
    gone.state = .waiting
    emit(.localTrackUnpublished(gone, reason: ""))
  }

  /// While muted no packet is sent, whatever `send` is given. A remote unmute is never obeyed.
  public func setMuted(_ muted: Bool, track: LocalTrack.ID, now: Instant) {
    guard let index = core.localTracks.firstIndex(where: { $0.id == track }),
      core.localTracks[index].isMuted != muted
    else { return }
    core.localTracks[index].isMuted = muted
    core.localTracks[index].startsTalkspurt = true
    if muted { forgetHeld(track: track) }
    // Before the SID is known the difference is told when it comes.
    let sid = core.localTracks[index].sid
    if !sid.isEmpty { tellMute(index, now) }
    emit(.localTrackMuted(core.localTracks[index], byServer: false))
  }

  /// Until the server has answered something later nobody knows whether it heard this.
  func tellMute(_ index: Int, _ now: Instant) {
    let track = core.localTracks[index]
    core.localTracks[index].muteToldAt = now
    send(.mute(trackSID: track.sid, muted: track.isMuted))
  }

  /// What may have been lost with its connection: an unmute that the server never heard must not come back from it as
  /// somebody's mute.
  func repeatMutes() {
    for track in core.localTracks where track.muteToldAt != nil && !track.sid.isEmpty {
      send(.mute(trackSID: track.sid, muted: track.isMuted))
    }
  }

  /// Announces that the pre-connect stream `lk.agent.pre-connect-audio-buffer` will follow for this track, or that
  /// none will any more. Agents wait up to 3 s for an announced one before they listen, so it must not be promised
  /// in vain. Goes for the next publication as well.
  public func announcePreConnect(_ follows: Bool, track: LocalTrack.ID) {
    guard let index = core.localTracks.firstIndex(where: { $0.id == track }),
      core.localTracks[index].announcesPreConnect != follows
    else { return }
    core.localTracks[index].announcesPreConnect = follows
    let sid = core.localTracks[index].sid
    if !sid.isEmpty { send(.updateAudioTrack(trackSID: sid, announcesPreConnect: follows)) }
  }
}
