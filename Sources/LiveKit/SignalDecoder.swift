import Base
import CLiveKitProtocol

/// Decodes one SignalResponse. The size is bounded before, the counts of what repeats while decoding.
final class SignalDecoder {
  private let limits: Limits
  private let participant: ParticipantReader
  private let participants: MessageList<Participant>
  private let iceServers: MessageList<ICEServer>
  private let regions: MessageList<String>
  private let speakers: MessageList<SignalResponse.SpeakerChange>
  private let qualities: MessageList<(participantSID: Name, ConnectionQuality)>
  /// Of whichever message it is, for there is only one of them.
  private let trackSID = ContentField()
  private let cid = ContentField()
  private let injectionTrailer = ContentField()

  /// nil: malformed or too long. `dropped` counts the entries over a limit, `refused` those that are named by what is
  /// no name: nobody is kept from joining by how somebody else in the room calls himself.
  static func decode(
    _ bytes: [UInt8], limits: Limits, dropped: inout Int, refused: inout Int
  ) -> SignalResponse? {
    guard bytes.count <= limits.signalMessageBytesMax else { return nil }
    let decoder = SignalDecoder(limits: limits)
    let response = decoder.decode(bytes)
    dropped += decoder.participants.dropped + decoder.participant.dropped + decoder.iceServers.dropped
    dropped += decoder.speakers.dropped + decoder.qualities.dropped
    refused += decoder.participants.refused + decoder.speakers.refused + decoder.qualities.refused
    return response
  }

  private init(limits: Limits) {
    self.limits = limits
    participant = ParticipantReader(limits: limits)
    participants = MessageList(limit: limits.participantsMax) { stream in
      var raw = livekit_ParticipantInfo()
      let reader = ParticipantReader(limits: limits)
      reader.register(&raw)
      guard lintel_decode_ParticipantInfo(stream, &raw) else { return .malformed }
      defer { lintel_release_ParticipantInfo(&raw) }
      return reader.participant(raw).map { .value($0) } ?? .refused
    }
    iceServers = MessageList(limit: limits.iceServersMax) {
      MessageEntry(ICEServer(stream: $0, limits: limits))
    }
    regions = MessageList(limit: CloudRegions.regionsMax) { stream in
      var raw = livekit_RegionInfo()
      guard lintel_decode_RegionInfo(stream, &raw) else { return .malformed }
      defer { lintel_release_RegionInfo(&raw) }
      return .value(text(raw.url))
    }
    speakers = MessageList(limit: limits.participantsMax) { stream in
      var raw = livekit_SpeakerInfo()
      let sid = ContentField()
      sid.read(into: &raw.sid)
      guard lintel_decode_SpeakerInfo(stream, &raw) else { return .malformed }
      defer { lintel_release_SpeakerInfo(&raw) }
      guard let sid = sid.name else { return .refused }
      return .value(.init(participantSID: sid, level: raw.level, active: raw.active))
    }
    qualities = MessageList(limit: limits.participantsMax) { stream in
      var raw = livekit_ConnectionQualityInfo()
      let sid = ContentField()
      sid.read(into: &raw.participant_sid)
      guard lintel_decode_ConnectionQualityInfo(stream, &raw) else { return .malformed }
      defer { lintel_release_ConnectionQualityInfo(&raw) }
      guard let sid = sid.name else { return .refused }
      return .value((sid, ConnectionQuality(raw.quality)))
    }
  }

  private func decode(_ bytes: [UInt8]) -> SignalResponse? {
    // On the heap, because it is a kilobyte and holds pointers to itself while decoding.
    let message = UnsafeMutablePointer<livekit_SignalResponse>.allocate(capacity: 1)
    message.initialize(to: livekit_SignalResponse())
    defer { message.deallocate() }
    register(&message.pointee)
    let decoded = bytes.withUnsafeBufferPointer { buffer in
      var stream = pb_istream_from_buffer(buffer.baseAddress, buffer.count)
      return lintel_decode_SignalResponse(&stream, message)
    }
    guard decoded else { return nil }
    defer { lintel_release_SignalResponse(message) }
    return response(message.pointee)
  }

  private func register(_ message: inout livekit_SignalResponse) {
    participant.register(&message.join.participant)
    participants.register(&message.join.other_participants)
    iceServers.register(&message.join.ice_servers)
    injectionTrailer.read(into: &message.join.sif_trailer)
    iceServers.register(&message.reconnect.ice_servers)
    regions.register(&message.leave.regions.regions)
    participants.register(&message.update.participants)
    participant.register(&message.room_moved.participant)
    participants.register(&message.room_moved.other_participants)
    speakers.register(&message.speakers_changed.speakers)
    qualities.register(&message.connection_quality.updates)
    trackSID.read(into: &message.track_published.track.sid)
    trackSID.read(into: &message.track_unpublished.track_sid)
    trackSID.read(into: &message.track_subscribed.track_sid)
    trackSID.read(into: &message.mute.sid)
    trackSID.read(into: &message.subscription_permission_update.track_sid)
    trackSID.read(into: &message.subscription_response.track_sid)
    trackSID.read(into: &message.request_response.mute.sid)
    cid.read(into: &message.track_published.cid)
    cid.read(into: &message.request_response.add_track.cid)
  }

  private func response(_ raw: livekit_SignalResponse) -> SignalResponse? {
    if raw.has_join { return join(raw.join).map { .join($0) } }
    guard let trackSID = trackSID.name, let cid = cid.name else { return nil }
    if raw.has_answer { return .answer(.init(sdp: text(raw.answer.sdp), id: raw.answer.id)) }
    if raw.has_offer { return .offer(.init(sdp: text(raw.offer.sdp), id: raw.offer.id)) }
    if raw.has_trickle {
      let target: Room.Peer =
        raw.trickle.target == livekit_SignalTarget_SUBSCRIBER ? .subscriber : .publisher
      return .trickle(candidateInit: text(raw.trickle.candidateInit), target: target)
    }
    if raw.has_update { return .participants(participants.values) }
    if raw.has_track_published {
      return .trackPublished(cid: cid, RemoteTrack(raw.track_published.track, sid: trackSID))
    }
    if raw.has_track_unpublished { return .trackUnpublished(sid: trackSID) }
    if raw.has_track_subscribed { return .trackSubscribed(sid: trackSID) }
    if raw.has_leave { return .leave(.init(raw.leave, regions: regions.values)) }
    if raw.has_mute { return .mute(sid: trackSID, muted: raw.mute.muted) }
    if raw.has_speakers_changed { return .speakers(speakers.values) }
    if raw.has_room_update { return .room(RoomInfo(raw.room_update.room)) }
    if raw.has_connection_quality { return .quality(qualities.values) }
    if raw.has_subscription_permission_update {
      return .subscriptionPermission(
        trackSID: trackSID, allowed: raw.subscription_permission_update.allowed)
    }
    if let token = raw.refresh_token { return .refreshToken(text(token)) }
    if raw.has_reconnect {
      return .reconnect(
        iceServers: iceServers.values,
        forcesRelay: raw.reconnect.client_configuration.force_relay == livekit_ClientConfigSetting_ENABLED,
        lastSequence: raw.reconnect.last_message_seq)
    }
    if raw.has_pong_resp { return .pong(timestampMilliseconds: raw.pong_resp.last_ping_timestamp) }
    if raw.has_subscription_response { return .init(raw.subscription_response, trackSID: trackSID) }
    if raw.has_request_response {
      return .requestResponse(.init(raw.request_response, cid: cid, trackSID: trackSID))
    }
    if raw.has_room_moved {
      guard let local = participant.participant(raw.room_moved.participant) else { return nil }
      return .moved(
        .init(
          room: RoomInfo(raw.room_moved.room), token: text(raw.room_moved.token), participant: local,
          others: participants.values))
    }
    if raw.has_media_sections_requirement {
      let requirement = raw.media_sections_requirement
      return .sectionsRequired(
        audios: Int(clamping: requirement.num_audios), videos: Int(clamping: requirement.num_videos))
    }
    return .unused
  }

  private func join(_ raw: livekit_JoinResponse) -> SignalResponse.JoinResponse? {
    guard let local = participant.participant(raw.participant) else { return nil }
    var join = SignalResponse.JoinResponse()
    join.room = RoomInfo(raw.room)
    join.room.serverVersion = text(raw.server_info.version)
    if join.room.serverVersion.isEmpty { join.room.serverVersion = text(raw.server_version) }
    join.room.serverRegion = text(raw.server_info.region)
    if join.room.serverRegion.isEmpty { join.room.serverRegion = text(raw.server_region) }
    join.room.serverNode = text(raw.server_info.node_id)
    join.participant = local
    join.others = participants.values
    join.iceServers = iceServers.values
    join.subscriberPrimary = raw.subscriber_primary
    join.fastPublish = raw.fast_publish
    join.pingIntervalSeconds = Int(raw.ping_interval)
    join.pingTimeoutSeconds = Int(raw.ping_timeout)
    join.resumeDisabled =
      raw.client_configuration.resume_connection == livekit_ClientConfigSetting_DISABLED
    join.forcesRelay = raw.client_configuration.force_relay == livekit_ClientConfigSetting_ENABLED
    join.injectionTrailer = injectionTrailer.bytes
    return join
  }
}

extension SignalResponse {
  fileprivate init(_ raw: livekit_SubscriptionResponse, trackSID: Name) {
    let error: SubscriptionError =
      switch raw.err {
      case livekit_SubscriptionError_SE_CODEC_UNSUPPORTED: .codecUnsupported
      case livekit_SubscriptionError_SE_TRACK_NOTFOUND: .trackNotFound
      default: .unknown
      }
    self = .subscriptionError(trackSID: trackSID, error)
  }
}

extension SignalResponse.Leave {
  fileprivate init(_ raw: livekit_LeaveRequest, regions: [String]) {
    self.regions = regions
    switch raw.action {
    case livekit_LeaveRequest_Action_RESUME: action = .resume
    case livekit_LeaveRequest_Action_RECONNECT: action = .reconnect
    // Servers that know no action say it with the older flag.
    default: action = raw.can_reconnect ? .reconnect : .disconnect
    }
    reason = DisconnectReason(raw.reason)
  }
}

extension SignalResponse.RequestResponse {
  fileprivate init(_ raw: livekit_RequestResponse, cid: Name, trackSID: Name) {
    reason = Reason(rawValue: Int32(bitPattern: raw.reason.rawValue)) ?? .unclassified
    message = text(raw.message)
    if raw.has_add_track {
      request = .addTrack(cid: cid)
    } else if raw.has_mute {
      request = .mute(sid: trackSID)
    } else if raw.has_update_metadata {
      request = .updateMetadata(requestID: raw.request_id)
    } else if raw.has_trickle {
      request = .trickle
    } else {
      request = .other
    }
  }
}
