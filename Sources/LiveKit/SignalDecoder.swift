import Base
import CLiveKitProtocol

/// Decodes one SignalResponse. The size is bounded before, the counts of what repeats while decoding.
final class SignalDecoder {
  private let limits: Limits
  private let participant: ParticipantReader
  private let participants: MessageList<Participant>
  private let iceServers: MessageList<ICEServer>
  private let speakers: MessageList<SignalResponse.SpeakerChange>
  private let qualities: MessageList<(participantSID: String, ConnectionQuality)>

  /// nil: malformed or too long. `dropped` counts the entries over a limit.
  static func decode(_ bytes: [UInt8], limits: Limits, dropped: inout Int) -> SignalResponse? {
    guard bytes.count <= limits.signalMessageBytesMax else { return nil }
    let decoder = SignalDecoder(limits: limits)
    let response = decoder.decode(bytes)
    dropped += decoder.participants.dropped + decoder.participant.dropped + decoder.iceServers.dropped
    dropped += decoder.speakers.dropped + decoder.qualities.dropped
    return response
  }

  private init(limits: Limits) {
    self.limits = limits
    participant = ParticipantReader(limits: limits)
    participants = MessageList(limit: limits.participantsMax) { stream in
      var raw = livekit_ParticipantInfo()
      let reader = ParticipantReader(limits: limits)
      reader.register(&raw)
      guard lintel_decode_ParticipantInfo(stream, &raw) else { return nil }
      defer { lintel_release_ParticipantInfo(&raw) }
      return reader.participant(raw)
    }
    iceServers = MessageList(limit: limits.iceServersMax) { ICEServer(stream: $0, limits: limits) }
    speakers = MessageList(limit: limits.participantsMax) { stream in
      var raw = livekit_SpeakerInfo()
      guard lintel_decode_SpeakerInfo(stream, &raw) else { return nil }
      defer { lintel_release_SpeakerInfo(&raw) }
      return .init(participantSID: text(raw.sid), level: raw.level, active: raw.active)
    }
    qualities = MessageList(limit: limits.participantsMax) { stream in
      var raw = livekit_ConnectionQualityInfo()
      guard lintel_decode_ConnectionQualityInfo(stream, &raw) else { return nil }
      defer { lintel_release_ConnectionQualityInfo(&raw) }
      return (text(raw.participant_sid), ConnectionQuality(raw.quality))
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
    iceServers.register(&message.reconnect.ice_servers)
    participants.register(&message.update.participants)
    participant.register(&message.room_moved.participant)
    participants.register(&message.room_moved.other_participants)
    speakers.register(&message.speakers_changed.speakers)
    qualities.register(&message.connection_quality.updates)
  }

  private func response(_ raw: livekit_SignalResponse) -> SignalResponse {
    if raw.has_join { return .join(join(raw.join)) }
    if raw.has_answer { return .answer(.init(sdp: text(raw.answer.sdp), id: raw.answer.id)) }
    if raw.has_offer { return .offer(.init(sdp: text(raw.offer.sdp), id: raw.offer.id)) }
    if raw.has_trickle {
      let target: Room.Peer =
        raw.trickle.target == livekit_SignalTarget_SUBSCRIBER ? .subscriber : .publisher
      return .trickle(candidateInit: text(raw.trickle.candidateInit), target: target)
    }
    if raw.has_update { return .participants(participants.values) }
    if raw.has_track_published {
      return .trackPublished(cid: text(raw.track_published.cid), RemoteTrack(raw.track_published.track))
    }
    if raw.has_track_unpublished { return .trackUnpublished(sid: text(raw.track_unpublished.track_sid)) }
    if raw.has_track_subscribed { return .trackSubscribed(sid: text(raw.track_subscribed.track_sid)) }
    if raw.has_leave { return .leave(.init(raw.leave)) }
    if raw.has_mute { return .mute(sid: text(raw.mute.sid), muted: raw.mute.muted) }
    if raw.has_speakers_changed { return .speakers(speakers.values) }
    if raw.has_room_update { return .room(RoomInfo(raw.room_update.room)) }
    if raw.has_connection_quality { return .quality(qualities.values) }
    if raw.has_subscription_permission_update {
      let update = raw.subscription_permission_update
      return .subscriptionPermission(trackSID: text(update.track_sid), allowed: update.allowed)
    }
    if let token = raw.refresh_token { return .refreshToken(text(token)) }
    if raw.has_reconnect { return .reconnect(iceServers: iceServers.values) }
    if raw.has_pong_resp { return .pong(timestampMilliseconds: raw.pong_resp.last_ping_timestamp) }
    if raw.has_subscription_response { return .init(raw.subscription_response) }
    if raw.has_request_response { return .requestResponse(.init(raw.request_response)) }
    if raw.has_room_moved {
      return .moved(
        .init(
          room: RoomInfo(raw.room_moved.room), token: text(raw.room_moved.token),
          participant: participant.participant(raw.room_moved.participant), others: participants.values))
    }
    return .unused
  }

  private func join(_ raw: livekit_JoinResponse) -> SignalResponse.JoinResponse {
    var join = SignalResponse.JoinResponse()
    join.room = RoomInfo(raw.room)
    join.room.serverVersion = text(raw.server_info.version)
    if join.room.serverVersion.isEmpty { join.room.serverVersion = text(raw.server_version) }
    join.room.serverRegion = text(raw.server_info.region)
    if join.room.serverRegion.isEmpty { join.room.serverRegion = text(raw.server_region) }
    join.room.serverNode = text(raw.server_info.node_id)
    join.participant = participant.participant(raw.participant)
    join.others = participants.values
    join.iceServers = iceServers.values
    join.subscriberPrimary = raw.subscriber_primary
    join.fastPublish = raw.fast_publish
    join.pingIntervalSeconds = Int(raw.ping_interval)
    join.pingTimeoutSeconds = Int(raw.ping_timeout)
    join.resumeDisabled =
      raw.client_configuration.resume_connection == livekit_ClientConfigSetting_DISABLED
    return join
  }
}

extension SignalResponse {
  fileprivate init(_ raw: livekit_SubscriptionResponse) {
    let error: SubscriptionError =
      switch raw.err {
      case livekit_SubscriptionError_SE_CODEC_UNSUPPORTED: .codecUnsupported
      case livekit_SubscriptionError_SE_TRACK_NOTFOUND: .trackNotFound
      default: .unknown
      }
    self = .subscriptionError(trackSID: text(raw.track_sid), error)
  }
}

extension SignalResponse.Leave {
  fileprivate init(_ raw: livekit_LeaveRequest) {
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
  fileprivate init(_ raw: livekit_RequestResponse) {
    reason = Reason(rawValue: Int32(bitPattern: raw.reason.rawValue)) ?? .unclassified
    message = text(raw.message)
    if raw.has_add_track {
      request = .addTrack(cid: text(raw.add_track.cid))
    } else if raw.has_mute {
      request = .mute(sid: text(raw.mute.sid))
    } else if raw.has_update_metadata {
      request = .updateMetadata(requestID: raw.request_id)
    } else if raw.has_trickle {
      request = .trickle
    } else {
      request = .other
    }
  }
}
