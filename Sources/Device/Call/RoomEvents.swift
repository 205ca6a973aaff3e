import Base
import Configuration
import Control
import LiveKit
import WebRTC

/// What happened in the room, and what the device makes of it.
extension Device {
  func handle(_ event: LiveKit.Event, now: Instant) {
    switch event {
    case .audio(let slot, _, let packet):
      emit(
        .audio(
          .packet(slot: slot, sequence: packet.sequence, timestamp: packet.timestamp, payload: packet.payload)
        ))
    case .connectionStateChanged(let state, let reason): connectionChanged(state, reason, now: now)
    case .connectionFailed(let failure, let retryInMilliseconds):
      if retryInMilliseconds == nil { tokens.failures += 1 }
      retryAfterMilliseconds = retryInMilliseconds == nil ? pauseAfter(failure.code) : nil
      report(RoomFailure(failure, retryInMilliseconds: retryInMilliseconds ?? retryAfterMilliseconds))
    case .participantJoined(let participant):
      announce(.participantJoined(identity: participant.identity.text, kind: participant.kind.word))
      log(.info, "\(participant.identity) is in the room", event: "participant.joined")
      watchAgent(now: now)
    case .participantLeft(let participant, let reason):
      announce(.participantLeft(identity: participant.identity.text, reason: reason.words))
      log(.info, "\(participant.identity) left: \(reason.words)", event: "participant.left")
      door.entries.forget(sid: participant.sid)
      watchAgent(now: now)
    case .trackPublished(let track, let participant):
      announce(.trackPublished(identity: participant.identity.text, trackStatus(track)))
    case .trackUnpublished(let track, let participant):
      announce(.trackUnpublished(identity: participant.identity.text, sid: track.sid.text))
    case .trackMuted(let track, let participant):
      announce(.trackMuted(identity: participant.identity.text, sid: track.sid.text, muted: true))
    case .trackUnmuted(let track, let participant):
      announce(.trackMuted(identity: participant.identity.text, sid: track.sid.text, muted: false))
    case .trackSubscribed(let subscription, _): open(subscription, now: now)
    case .trackUnsubscribed(let subscription): close(subscription, now: now)
    case .trackRefused(let sid, let reason): log(.warning, "the track \(sid) cannot be played: \(reason)")
    case .speakersChanged(let speakers):
      speakingIdentities = speakers.map { $0.identity }
      limits.activity(somebodySpeaks: !speakers.isEmpty, call.state, settings.session, now: now)
      announce(.roomSpeakers(speakingIdentities.map { $0.text }))
    case .connectionQuality(let identity, let quality): qualityChanged(identity, quality)
    case .localTrackPublished(let track):
      adoptSenderParameters(track)
      firstWords(.published(true), now: now)
    case .localTrackMuted(let track, let byServer):
      // A server's unmute is not obeyed by the room already.
      if byServer, track.id == microphone { _ = changeMute(.mute(track.isMuted, .afar), now: now) }
    case .localTrackFailed(_, let failure):
      log(.error, "the microphone is not heard: \(failure.description)", event: "room.failure")
      announce(.roomFailure(RoomFailure(failure)))
    case .localTrackUnpublished(_, let reason):
      firstWords(.published(false), now: now)
      // Whoever leaves knows.
      if call.state == .ending { break }
      log(.warning, "the microphone was unpublished" + (reason.isEmpty ? "" : ": \(reason)"))
    case .descriptionDropped(let why): log(.warning, "an offer or answer of the server was dropped: \(why)")
    case .requestRefused(let request, let reason): log(.warning, "the server refused \(request): \(reason)")
    case .localTrackSubscribed:
      log(.info, "the microphone is heard")
      firstWords(.listened, now: now)
    case .roomMetadataChanged(let metadata):
      log(.info, "the room's metadata has \(metadata.utf8.count) bytes now")
    case .recordingChanged(let isRecording):
      announce(.roomRecording(isRecording))
      log(
        .notice, isRecording ? "the room is being recorded" : "the room is not recorded any more",
        event: "room.recording")
    case .agentChanged, .participantUpdated: watchAgent(now: now)
    case .roomUpdated, .localParticipantUpdated: break
    default: handleWord(event, now: now)
    }
  }

  private func connectionChanged(_ state: ConnectionState, _ reason: String, now: Instant) {
    let words: String? = reason.isEmpty ? nil : reason
    switch state {
    case .connecting: setConnection(.connecting, reason: words)
    case .connected:
      failure = nil
      tokens.triedIsWarm = false
      tokens.failures = 0
      setConnection(.connected, reason: words)
      log(
        .notice, "connected to room \(room.info.name) as \(room.localParticipant.identity)",
        event: "room.connection")
      advanceCall(.connected(somebodyIsHeard: somebodyIsHeard), now: now)
    case .resuming, .reconnecting:
      if failure == nil, let words {
        failure = RoomFailure(code: "media-interrupted", message: words, retriable: true)
        log(.warning, words, event: "room.connection")
      }
      setConnection(state == .resuming ? .resuming : .reconnecting, reason: words)
      advanceCall(.sessionLost, reason: words, now: now)
    case .disconnected: disconnected(words, now: now)
    }
  }

  /// The end of a stay: asked for, or for good.
  private func disconnected(_ reason: String?, now: Instant) {
    speakingIdentities = []
    quality = nil
    agentSeen = (nil, nil)
    dropFiles(now: now)
    let pause = retryAfterMilliseconds
    retryAfterMilliseconds = nil
    if call.state == .ending || isTerminating {
      failure = nil
      log(.notice, "left the room", event: "room.connection")
      roomClosed(reason, now: now)
    } else if let pause {
      tryAgain(inMilliseconds: pause, reason: failure?.message ?? reason, now: now)
    } else {
      let words = failure?.message ?? reason ?? "the room was left"
      setConnection(.disconnected, reason: words)
      advanceCall(.failed, reason: words, now: now)
    }
  }

  private func open(_ subscription: Subscription, now: Instant) {
    openTracks[subscription.slot] = subscription
    emit(.audio(.openTrack(slot: subscription.slot)))
    announce(.trackSubscribed(identity: subscription.identity.text, sid: subscription.trackSID.text))
    log(.info, "hearing \(subscription.identity)")
    advanceCall(.audience(somebodyIsHeard: true), now: now)
  }

  private func close(_ subscription: Subscription, now: Instant) {
    openTracks[subscription.slot] = nil
    emit(.audio(.closeTrack(slot: subscription.slot)))
    announce(.trackUnsubscribed(identity: subscription.identity.text, sid: subscription.trackSID.text))
    advanceCall(.audience(somebodyIsHeard: somebodyIsHeard), now: now)
  }

  private func qualityChanged(_ identity: Name, _ quality: ConnectionQuality) {
    guard identity == room.localParticipant.identity else { return }
    self.quality = quality.word
    announce(.roomQuality(quality.word))
  }

  /// DTX as the server's answer asks, unless the configuration decides.
  private func adoptSenderParameters(_ track: LocalTrack) {
    guard settings.audio.dtx == .auto, let parameters = room.senderParameters(track.id) else { return }
    emit(.audio(.setDiscontinuousTransmission(parameters.usesDTX)))
  }
}

extension Participant.Kind {
  var word: String {
    switch self {
    case .standard: "standard"
    case .ingress: "ingress"
    case .egress: "egress"
    case .sip: "sip"
    case .agent: "agent"
    case .connector: "connector"
    case .bridge: "bridge"
    }
  }
}

extension ConnectionQuality {
  var word: String {
    switch self {
    case .poor: "poor"
    case .good: "good"
    case .excellent: "excellent"
    case .lost: "lost"
    }
  }
}

extension Device {
  /// Who that is, for the policies. Only the server says what kind somebody is of.
  func caller(_ sender: Sender) -> Caller {
    switch sender {
    case .server: return Caller(kind: "server", identity: "")
    case .hidden: return Caller(kind: "hidden", identity: "")
    case .participant(_, let identity):
      let participant = sender.participant(among: words.participants)
      return Caller(kind: participant?.kind.word ?? "unknown", identity: identity.text)
    }
  }
}
