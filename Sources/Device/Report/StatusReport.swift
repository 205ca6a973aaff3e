import Base
import Configuration
import Control
import LiveKit
import WebRTC

/// The one place that gathers what `status` tells.
extension Device {
  func status(now: Instant) -> Status {
    var status = Status()
    status.device.id = settings.device.id
    status.device.board = settings.device.board.rawValue
    status.device.version = version
    status.device.uptimeSeconds = now.seconds(since: startedAt)
    status.call.state = call.state
    status.call.sinceSeconds = now.seconds(since: call.since)
    status.call.reason = call.reason
    status.room = roomStatus
    status.audio = audioStatus(now: now)
    status.door = doorStatus
    status.board = boardStatus
    if let memory = instruments.memory {
      status.memory.residentKilobytes = memory.residentKilobytes
      status.memory.anonymousKilobytes = memory.anonymousKilobytes
    }
    guard connection != .disconnected else { return status }
    let local = room.localParticipant
    status.participant.identity = filled(local.identity.text)
    status.participant.sid = filled(local.sid.text)
    status.participants = room.participants.map { participantStatus($0) }
    if let agent {
      status.agent = AgentStatus(identity: agent.identity.text, state: agent.attributes["lk.agent.state"])
    }
    return status
  }

  private var roomStatus: RoomStatus {
    var status = RoomStatus()
    status.connection = connection
    status.failure = failure
    status.reconnects = room.statistics.reconnects
    guard connection != .disconnected else { return status }
    status.name = filled(room.info.name)
    status.sid = filled(room.info.sid)
    status.server = serverURL
    status.region = filled(room.info.serverRegion)
    status.quality = quality
    status.roundTripMilliseconds =
      room.mediaStatistics(.publisher)?.roundTripMilliseconds ?? room.roundTripMilliseconds
    return status
  }

  private func audioStatus(now: Instant) -> AudioStatus {
    let sound = instruments.sound
    var status = AudioStatus()
    status.muted = isMuted
    status.hardMuted = mute.switchIsOn
    status.volumePercent = volumePercent
    status.capture = capture
    status.playback = playback
    if capture.state == .running { status.capture.levelTenthsDecibel = sound.captureLevelDecibels * 10 }
    if playback.state == .running { status.playback.levelTenthsDecibel = sound.playbackLevelDecibels * 10 }
    if let sent = room.mediaStatistics(.publisher) {
      status.uplink.packets = sent.packetsSent
      status.uplink.bitrateBitsPerSecond = uplinkRate.bitsPerSecond(now: now)
      // RFC 3550 §6.4.1: the fraction is in 256ths.
      if sent.roundTripMilliseconds != nil {
        status.uplink.lossTenthsPercent = Int(sent.remoteFractionLost) * 1000 / 256
      }
    }
    if preConnect.state != .off || firstWordsStream.capturedMilliseconds > 0 {
      status.preConnect = PreConnectStatus(
        capturedMilliseconds: firstWordsStream.capturedMilliseconds,
        sentMilliseconds: preConnect.state == .sending ? 0 : firstWordsStream.sentMilliseconds)
    }
    status.uplink.driftPartsPerMillion = sound.captureDriftPartsPerMillion
    status.downlink.driftPartsPerMillion = sound.playoutDriftPartsPerMillion
    status.downlink.packets = sound.packetsReceived
    status.downlink.lost = sound.packetsLost
    status.downlink.concealedMilliseconds = sound.concealedMilliseconds
    status.downlink.delayMilliseconds = sound.delayMilliseconds
    status.downlink.jitterMilliseconds = room.mediaStatistics(.subscriber)?.jitterMilliseconds ?? 0
    return status
  }

  private func participantStatus(_ participant: Participant) -> ParticipantStatus {
    var status = ParticipantStatus(
      identity: participant.identity.text, sid: participant.sid.text, kind: participant.kind.word)
    status.name = filled(participant.name)
    status.isSpeaking = speakingIdentities.contains(participant.identity)
    status.tracks = participant.tracks.map { trackStatus($0) }
    return status
  }

  func trackStatus(_ track: RemoteTrack) -> TrackStatus {
    TrackStatus(
      sid: track.sid.text, name: filled(track.name), kind: track.kind.word, source: track.source.word,
      muted: track.isMuted, subscribed: openTracks.contains { $0.value.trackSID == track.sid })
  }

  private func filled(_ text: String) -> String? { text.isEmpty ? nil : text }
}

extension TrackKind {
  var word: String {
    switch self {
    case .audio: "audio"
    case .video: "video"
    case .data: "data"
    }
  }
}

extension TrackSource {
  var word: String {
    switch self {
    case .unknown: "unknown"
    case .camera: "camera"
    case .microphone: "microphone"
    case .screenShare: "screen-share"
    case .screenShareAudio: "screen-share-audio"
    }
  }
}
