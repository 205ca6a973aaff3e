import Base
import CLiveKitProtocol

/// Prepares the callbacks of one ParticipantInfo, and makes a `Participant` of it afterwards.
final class ParticipantReader {
  private let tracks: MessageList<RemoteTrack>
  private let attributes: MessageList<(key: String, value: String)>
  private let identity = ContentField()
  private let sid = ContentField()

  private let stateBytesMax: Int

  init(limits: Limits) {
    stateBytesMax = limits.participantStateBytesMax
    tracks = MessageList(limit: limits.tracksPerParticipantMax) { RemoteTrack.decode($0) }
    attributes = MessageList(limit: limits.attributesPerParticipantMax) { stream in
      var raw = livekit_ParticipantInfo_AttributesEntry()
      guard lintel_decode_ParticipantInfo_AttributesEntry(stream, &raw) else { return .malformed }
      defer { lintel_release_ParticipantInfo_AttributesEntry(&raw) }
      return .value((text(raw.key), text(raw.value)))
    }
  }

  var dropped: Int { tracks.dropped + attributes.dropped }

  func register(_ raw: inout livekit_ParticipantInfo) {
    tracks.register(&raw.tracks)
    attributes.register(&raw.attributes)
    identity.read(into: &raw.identity)
    sid.read(into: &raw.sid)
  }

  /// nil if it, or one of its tracks, is named by what is no name.
  func participant(_ raw: livekit_ParticipantInfo) -> Participant? {
    guard let identity = identity.name, let sid = sid.name, tracks.refused == 0 else { return nil }
    var participant = Participant()
    participant.identity = identity
    participant.sid = sid
    participant.name = text(raw.name)
    participant.metadata = shortText(raw.metadata, bytesMax: stateBytesMax)
    for entry in attributes.values { participant.attributes[entry.key] = entry.value }
    participant.state = Participant.State(rawValue: Int32(bitPattern: raw.state.rawValue)) ?? .joining
    participant.kind = Participant.Kind(rawValue: Int32(bitPattern: raw.kind.rawValue)) ?? .standard
    participant.version = raw.version
    participant.permission = raw.has_permission ? Permission(raw.permission) : .unrestricted
    participant.disconnectReason = DisconnectReason(raw.disconnect_reason)
    participant.tracks = tracks.values
    return participant
  }
}

/// Text that is not kept if it is longer.
private func shortText(_ pointer: UnsafeMutablePointer<CChar>?, bytesMax: Int) -> String {
  guard let pointer, (0...bytesMax).contains(where: { pointer[$0] == 0 }) else { return "" }
  return text(pointer)
}

extension Permission {
  init(_ raw: livekit_ParticipantPermission) {
    self.init()
    canSubscribe = raw.can_subscribe
    canPublish = raw.can_publish
    canPublishData = raw.can_publish_data
    canUpdateMetadata = raw.can_update_metadata
    isHidden = raw.hidden
  }
}

extension RemoteTrack {
  init(_ raw: livekit_TrackInfo, sid: Name) {
    self.init()
    self.sid = sid
    kind = TrackKind(rawValue: Int32(bitPattern: raw.type.rawValue)) ?? .data
    source = TrackSource(rawValue: Int32(bitPattern: raw.source.rawValue)) ?? .unknown
    name = text(raw.name)
    isMuted = raw.muted
    mimeType = text(raw.mime_type)
    isEncrypted = raw.encryption.rawValue != 0
  }

  static func decode(_ stream: UnsafeMutablePointer<pb_istream_t>) -> MessageEntry<RemoteTrack> {
    var raw = livekit_TrackInfo()
    let sid = ContentField()
    sid.read(into: &raw.sid)
    guard lintel_decode_TrackInfo(stream, &raw) else { return .malformed }
    defer { lintel_release_TrackInfo(&raw) }
    return sid.name.map { .value(RemoteTrack(raw, sid: $0)) } ?? .refused
  }
}

extension DisconnectReason {
  init(_ raw: livekit_DisconnectReason) {
    self = DisconnectReason(rawValue: Int32(bitPattern: raw.rawValue)) ?? .unknown
  }
}

extension RoomInfo {
  init(_ raw: livekit_Room) {
    self.init()
    sid = text(raw.sid)
    name = text(raw.name)
    metadata = text(raw.metadata)
    participantCount = Int(clamping: raw.num_participants)
    isRecording = raw.active_recording
  }
}

extension ConnectionQuality {
  init(_ raw: livekit_ConnectionQuality) {
    switch raw {
    case livekit_ConnectionQuality_POOR: self = .poor
    case livekit_ConnectionQuality_GOOD: self = .good
    case livekit_ConnectionQuality_LOST: self = .lost
    default: self = .excellent
    }
  }
}

extension ICEServer {
  init?(stream: UnsafeMutablePointer<pb_istream_t>, limits: Limits) {
    var raw = livekit_ICEServer()
    let urls = MessageList(limit: limits.urlsPerICEServerMax, decode: decodeText)
    urls.register(&raw.urls)
    guard lintel_decode_ICEServer(stream, &raw) else { return nil }
    defer { lintel_release_ICEServer(&raw) }
    self.init(urls: urls.values, username: text(raw.username), credential: text(raw.credential))
  }
}
