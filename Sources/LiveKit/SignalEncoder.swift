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
      message.trickle.target =
        target == .publisher ? livekit_SignalTarget_PUBLISHER : livekit_SignalTarget_SUBSCRIBER
    case .addTrack(let track):
      message.has_add_track = true
      strings.write(track.cid, into: &message.add_track.cid)
      message.add_track.name = strings.borrow(track.name)
      message.add_track.type = livekit_TrackType_AUDIO
      message.add_track.source = livekit_TrackSource(UInt32(track.source.rawValue))
      message.add_track.muted = track.muted
      message.add_track.disable_red = track.disablesRED
      if track.announcesPreConnect {
        message.add_track.audio_features_count = 1
        message.add_track.audio_features.0 = livekit_AudioTrackFeature_TF_PRECONNECT_BUFFER
      }
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

extension SessionDescription {
  fileprivate func raw(type: String, _ strings: CStrings) -> livekit_SessionDescription {
    var raw = livekit_SessionDescription()
    raw.type = strings.borrow(type)
    raw.sdp = strings.borrow(sdp)
    raw.id = id
    return raw
  }
}
