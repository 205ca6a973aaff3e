import AudioEngine
import Base
import Configuration
import Control
import JSON
import LiveKit
import WebRTC

/// What happened in the room, and whom it concerns.
extension Device {
  func handle(_ event: LiveKit.Event, now: Instant) {
    switch event {
    case .connectionStateChanged(let state, let reason): connectionChanged(state, reason, now: now)
    case .connectionFailed(let failure, let retry):
      perform([.stay(.attemptFailed(RoomFailure(failure), retryInMilliseconds: retry))], now: now)
    case .participantJoined, .participantUpdated, .participantLeft, .agentChanged, .trackPublished,
      .trackUnpublished, .trackMuted, .trackUnmuted, .trackSubscribed, .trackUnsubscribed, .trackRefused,
      .speakersChanged, .connectionQuality:
      audienceEvent(event, now: now)
    case .localTrackPublished, .localTrackSubscribed, .localTrackUnpublished, .localTrackMuted,
      .localTrackFailed:
      ownTrackEvent(event, now: now)
    case .dtmfReceived, .rpcInvoked, .rpcCompleted, .stateRequestAnswered, .streamWritable,
      .outgoingStreamEnded, .dataFailed:
      messagingEvent(event, now: now)
    case .chatReceived, .transcription, .dataReceived, .streamEnded: perform(told(event), now: now)
    case .trackPrivacyChanged, .clearRefused, .packetUnreadable: encryptionEvent(event, now: now)
    case .roomMetadataChanged, .recordingChanged, .descriptionDropped, .relayFailed, .requestRefused:
      perform(noted(event), now: now)
    case .roomUpdated, .localParticipantUpdated, .streamOpened, .streamChunk, .textReceived: break
    }
  }

  private func connectionChanged(_ state: ConnectionState, _ reason: String, now: Instant) {
    let words: String? = reason.isEmpty ? nil : reason
    switch state {
    case .connecting: break
    case .connected where stay.connection == .resuming:
      perform(
        [.stay(.connected), .log(.notice, "the session in the room goes on", event: "room.connection")],
        now: now)
    case .connected:
      let (name, identity) = (room.info.name, room.localParticipant.identity)
      perform(
        [
          .stay(.connected),
          .log(.notice, "connected to room \(name) as \(identity)", event: "room.connection"),
        ], now: now)
      callIsUp(now: now)
    case .resuming(let mediaFlows):
      perform([.stay(.interrupted(mediaFlows ? .signalling : .media, reason: words))], now: now)
    case .reconnecting: perform([.stay(.interrupted(.session, reason: words))], now: now)
    case .disconnected:
      audience.roomClosed()
      perform(messaging.roomClosed() + [.stay(.roomClosed(reason: words))], now: now)
    }
  }

  // MARK: - The others

  private func audienceEvent(_ event: LiveKit.Event, now: Instant) {
    switch event {
    case .participantJoined(let participant):
      perform(audience.joined(participant) + audience.announced(participant), now: now)
      phoneSeen(participant, now: now)
      audienceChanged(now: now)
    case .participantUpdated(let participant, _):
      perform(audience.announced(participant), now: now)
      phoneSeen(participant, now: now)
      audienceChanged(now: now)
    case .participantLeft(let participant, let reason):
      door.forget(audience.caller(participant))
      perform(audience.left(participant, reason), now: now)
      phoneLeft(participant, reason, now: now)
    case .trackPublished(let track, let by):
      perform([.tell(.trackPublished(identity: by.identity.text, trackStatus(track)))], now: now)
    case .trackUnpublished(let track, let by):
      perform([.tell(.trackUnpublished(identity: by.identity.text, sid: track.sid.text))], now: now)
    case .trackMuted(let track, let by):
      perform([.tell(.trackMuted(identity: by.identity.text, sid: track.sid.text, muted: true))], now: now)
    case .trackUnmuted(let track, let by):
      perform([.tell(.trackMuted(identity: by.identity.text, sid: track.sid.text, muted: false))], now: now)
    case .trackSubscribed(let subscription, _):
      perform(audience.opened(subscription), now: now)
      audienceChanged(now: now)
    case .trackUnsubscribed(let subscription):
      perform(audience.closed(subscription), now: now)
      audienceChanged(now: now)
    case .trackRefused(let sid, let reason):
      let track = "the track \(sid)" + owner(ofTrack: sid)
      perform([.log(.warning, "\(track) cannot be played: \(reason)")], now: now)
    case .speakersChanged(let speakers):
      perform(audience.speak(speakers), now: now)
      plan.activity(somebodySpeaks: audience.somebodySpeaks, call.state, settings.session, now: now)
    case .connectionQuality(let identity, let quality):
      if identity == room.localParticipant.identity { perform(audience.rate(quality), now: now) }
    default: break
    }
    watchAudience(now: now)
  }

  /// Who is there, as the agent's state and the hand-over of the first words see it.
  private func watchAudience(now: Instant) {
    perform(audience.watchAgent(), now: now)
    let event = PreConnect.Event.audience(
      agent: audience.agent != nil, agentHasTrack: audience.agentHasTrack, others: audience.hasOtherListeners)
    preConnect(event, now: now)
  }

  // MARK: - Our own track

  private func ownTrackEvent(_ event: LiveKit.Event, now: Instant) {
    switch event {
    case .localTrackPublished(let track):
      // DTX as the server's answer asks, unless the configuration decides.
      if settings.audio.dtx == .auto, let parameters = room.senderParameters(track.id) {
        emit(.audio(.setDiscontinuousTransmission(parameters.usesDTX)))
      }
      preConnect(.published(true), now: now)
    case .localTrackSubscribed:
      perform([.log(.info, "the microphone is heard")], now: now)
      preConnect(.listened(roundTripMilliseconds: room.roundTripMilliseconds ?? 0), now: now)
    case .localTrackMuted(let track, let byServer):
      // A server's unmute is not obeyed by the room already.
      if byServer, track.id == microphone.track { perform([.mute(.mute(track.isMuted, .afar))], now: now) }
    case .localTrackFailed(_, let failure):
      let words = "the microphone is not heard: \(failure.description)"
      perform(
        [.log(.error, words, event: "room.failure"), .tell(.roomFailure(RoomFailure(failure)))], now: now)
    case .localTrackUnpublished(_, let reason):
      preConnect(.published(false), now: now)
      // Whoever leaves knows.
      if call.state == .ending { break }
      let words = "the microphone was unpublished" + (reason.isEmpty ? "" : ": \(reason)")
      perform([.log(.warning, words)], now: now)
    default: break
    }
  }

  func preConnect(_ event: PreConnect.Event, now: Instant) {
    let effects = microphone.preConnect(
      event, agent: audience.agent?.identity, settings, in: room, instruments, now: now)
    perform(effects, now: now)
  }

  func recorded(_ recording: PreConnectRecording, now: Instant) {
    microphone.recorded(recording)
    preConnect(.recordingReady, now: now)
  }

  // MARK: - Calls, keys and streams

  private func messagingEvent(_ event: LiveKit.Event, now: Instant) {
    switch event {
    case .dtmfReceived(let digit, let sender):
      perform(audience.admit(.key(digit, audience.caller(sender)), now: now), now: now)
    case .rpcInvoked(let invocation):
      let call = RemoteCall(
        id: invocation.id, caller: audience.caller(invocation.sender), method: invocation.method.text,
        payload: invocation.payload)
      perform(audience.admit(.call(call), now: now), now: now)
    case .rpcCompleted(let id, let result): rpcCompleted(id, result, now: now)
    case .stateRequestAnswered(let id, let refusal):
      perform(messaging.attributesAnswered(id, refusal: refusal), now: now)
    case .streamWritable(let id):
      let isOurs = microphone.delivers(id)
      perform(
        isOurs
          ? microphone.write(in: room, instruments, now: now) : messaging.fileIsWritable(id.value, now: now),
        now: now)
    case .outgoingStreamEnded(let id, let failure):
      let isOurs = microphone.delivers(id)
      perform(
        isOurs
          ? microphone.deliveryEnded(failure?.description, in: room, now: now)
          : messaging.fileEnded(id.value, failure: failure?.description), now: now)
    case .dataFailed(let failure): perform([.log(.warning, failure.description)], now: now)
    default: break
    }
  }

  private func rpcCompleted(_ id: CallID, _ result: Result<String, RPCError>, now: Instant) {
    guard let call = messaging.callCompleted(id) else { return }
    switch (call, result) {
    case (.ring(let leg), let result): ringAnswered(leg, result, now: now)
    case (.ringEnd(let leg), _):
      carryOut(switchboard.dialling.endAnswered(leg, isGone: false, now: now), now: now)
      if stay.phase == .leaving { leaveRoom(now: now) }
    case (.decline(let identity, let sid), let result):
      declineAnswered(identity, sid, result, now: now)
      if stay.phase == .leaving { leaveRoom(now: now) }
    case (.nobody, _): break
    case (.turn(let step, let asker), .success): turnAnswered(step, asker, failure: nil, now: now)
    case (.turn(let step, let asker), .failure(let error)):
      turnAnswered(step, asker, failure: MessagingFailure(error), now: now)
    case (.request(let asker), .success(let payload)):
      perform([.succeed(.object([.init("payload", .string(payload))]), asker)], now: now)
    case (.request(let asker), .failure(let error)):
      perform([MessagingFailure(error).refusal(asker)], now: now)
    }
  }
}
