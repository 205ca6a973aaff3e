import Base
import CLiveKitProtocol

extension SignalRequest {
  /// The bytes of one WebSocket message. Empty only if memory is exhausted.
  func encoded() -> [UInt8] {
    let strings = CStrings()
    var message = livekit_SignalRequest()
    fill(&message, strings)
    return strings.encode(&message, lintel_encode_SignalRequest)
  }

  private func fill(_ message: inout livekit_SignalRequest, _ strings: CStrings) {
    switch self {
    case .offer(let description):
      message.has_offer = true
      message.offer = description.raw(type: "offer", strings)
    case .answer(let description):
      message.has_answer = true
      message.answer = description.raw(type: "answer", strings)
    case .trickle(let candidateInit, let target):
      message.has_trickle = true
      message.trickle.candidateInit = strings.borrow(candidateInit)
      message.trickle.target = livekit_SignalTarget(peer: target)
    case .addTrack(let track):
      message.has_add_track = true
      track.fill(&message.add_track, strings)
    case .subscription(let tracks, let subscribe):
      message.has_subscription = true
      strings.write(tracks, subscribe, into: &message.subscription)
    case .mute(let sid, let muted):
      message.has_mute = true
      strings.write(sid, into: &message.mute.sid)
      message.mute.muted = muted
    case .updateAudioTrack(let sid, let announcesPreConnect):
      message.has_update_audio_track = true
      strings.write(sid, into: &message.update_audio_track.track_sid)
      if announcesPreConnect {
        message.update_audio_track.features_count = 1
        message.update_audio_track.features.0 = livekit_AudioTrackFeature_TF_PRECONNECT_BUFFER
      }
    case .leave(let reason):
      message.has_leave = true
      message.leave.reason = livekit_DisconnectReason(UInt32(reason.rawValue))
      message.leave.action = livekit_LeaveRequest_Action_DISCONNECT
    case .syncState(let state):
      message.has_sync_state = true
      state.fill(&message.sync_state, strings)
    case .updateMetadata(let update):
      message.has_update_metadata = true
      message.update_metadata.metadata = strings.borrow(update.metadata)
      message.update_metadata.name = strings.borrow(update.name)
      message.update_metadata.request_id = update.requestID
      let writer = EntryWriter.attributes(update.attributes, strings)
      strings.keep(writer)
      writer.register(&message.update_metadata.attributes)
    case .ping(let timestamp, let roundTrip):
      message.has_ping_req = true
      message.ping_req.timestamp = timestamp
      message.ping_req.rtt = roundTrip
    }
  }
}

extension SignalRequest.AddTrack {
  func fill(_ raw: inout livekit_AddTrackRequest, _ strings: CStrings) {
    strings.write(cid, into: &raw.cid)
    raw.name = strings.borrow(name)
    raw.type = livekit_TrackType_AUDIO
    raw.source = livekit_TrackSource(UInt32(source.rawValue))
    raw.muted = muted
    raw.disable_red = disablesRED
    raw.encryption = isEncrypted ? livekit_Encryption_Type_GCM : livekit_Encryption_Type_NONE
    if announcesPreConnect {
      raw.audio_features_count = 1
      raw.audio_features.0 = livekit_AudioTrackFeature_TF_PRECONNECT_BUFFER
    }
  }
}

extension SignalRequest.SyncState {
  fileprivate func fill(_ raw: inout livekit_SyncState, _ strings: CStrings) {
    if let answer {
      raw.has_answer = true
      raw.answer = answer.raw(type: "answer", strings)
    }
    if let offer {
      raw.has_offer = true
      raw.offer = offer.raw(type: "offer", strings)
    }
    raw.has_subscription = true
    strings.write(deviating, deviatingAreWanted, into: &raw.subscription)
    let tracks = tracks.map { $0.raw(strings) }
    strings.write(into: &raw.publish_tracks) { stream, field in
      for var track in tracks {
        guard lintel_write_TrackPublishedResponse(stream, field, &track) else { return false }
      }
      return true
    }
    let channels = channels.map {
      livekit_DataChannelInfo(
        label: strings.borrow($0.label), id: UInt32($0.stream), target: .init(peer: $0.peer))
    }
    strings.write(into: &raw.data_channels) { stream, field in
      for var channel in channels {
        guard lintel_write_DataChannelInfo(stream, field, &channel) else { return false }
      }
      return true
    }
    let states = received.map { state in
      var raw = livekit_DataChannelReceiveState()
      strings.write(state.sid, into: &raw.publisher_sid)
      raw.last_seq = state.sequence
      return raw
    }
    strings.write(into: &raw.datachannel_receive_states) { stream, field in
      for var state in states {
        guard lintel_write_DataChannelReceiveState(stream, field, &state) else { return false }
      }
      return true
    }
  }
}

extension SignalRequest.SyncState.Track {
  fileprivate func raw(_ strings: CStrings) -> livekit_TrackPublishedResponse {
    var raw = livekit_TrackPublishedResponse()
    strings.write(cid, into: &raw.cid)
    raw.has_track = true
    strings.write(sid, into: &raw.track.sid)
    raw.track.type = livekit_TrackType_AUDIO
    raw.track.name = strings.borrow(name)
    raw.track.source = livekit_TrackSource(UInt32(source.rawValue))
    raw.track.muted = muted
    raw.track.encryption = isEncrypted ? livekit_Encryption_Type_GCM : livekit_Encryption_Type_NONE
    return raw
  }
}

extension CStrings {
  fileprivate func write(_ tracks: [Name], _ subscribe: Bool, into raw: inout livekit_UpdateSubscription) {
    raw.subscribe = subscribe
    let writer = EntryWriter.names(tracks)
    keep(writer)
    writer.register(&raw.track_sids)
  }
}

extension livekit_SignalTarget {
  fileprivate init(peer: Room.Peer) {
    self = peer == .publisher ? livekit_SignalTarget_PUBLISHER : livekit_SignalTarget_SUBSCRIBER
  }
}

extension SessionDescription {
  func raw(type: String, _ strings: CStrings) -> livekit_SessionDescription {
    var raw = livekit_SessionDescription()
    raw.type = strings.borrow(type)
    raw.sdp = strings.borrow(sdp)
    raw.id = id
    return raw
  }
}
