import AudioEngine
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
    status.device.version = report.version
    status.device.uptimeSeconds = now.seconds(since: report.startedAt)
    if let next = nextToldDeadline ?? room.nextDeadline.map({ Deadline($0.name, $0.at) }), let at = next.at {
      status.device.next = NextDeadline(name: next.name, milliseconds: max(0, at.milliseconds(since: now)))
    }
    status.call.state = call.state
    status.call.sinceSeconds = now.seconds(since: call.since)
    status.call.reason = call.reason
    status.call.isHeld = audience.isHeld
    status.call.legs = switchboard.dialling.legs.map {
      LegStatus(
        target: $0.name, identity: $0.identity.text, state: $0.phase.rawValue,
        sinceSeconds: now.seconds(since: $0.answeredAt ?? $0.beganAt))
    }
    status.ring.standby = settings.ring.standby.rawValue
    if let incoming = switchboard.ring.incoming {
      status.ring.from = incoming.shown
      status.ring.kind = incoming.kind
      status.ring.sinceSeconds = switchboard.ring.since.map { now.seconds(since: $0) }
    }
    status.room = roomStatus
    status.encryption = encryptionStatus
    status.audio = audioStatus
    status.door = door.status(surroundings)
    status.board = panel.status(settings, doorOutput: doorOutput, doorIsOpen: door.isOpen)
    if let memory = instruments.memory {
      status.memory.residentKilobytes = memory.residentKilobytes
      status.memory.anonymousKilobytes = memory.anonymousKilobytes
    }
    if stay.connection != .disconnected { addPeople(to: &status) }
    return status
  }

  private func addPeople(to status: inout Status) {
    let local = room.localParticipant
    status.participant.identity = filled(local.identity.text)
    status.participant.sid = filled(local.sid.text)
    status.participants = room.participants.map { participantStatus($0) }
    if let agent = audience.agent {
      status.agent = AgentStatus(identity: agent.identity.text, state: audience.agentState)
    }
  }

  /// What `status` tells in one line, for a service manager.
  public func statusLine(now: Instant) -> String { StatusSummary.render(status(now: now).json) }

  private var roomStatus: RoomStatus {
    var status = RoomStatus()
    status.connection = stay.connection
    status.failure = stay.failure
    status.reconnects = room.statistics.reconnects
    status.resumes = room.statistics.resumes
    guard stay.connection != .disconnected else { return status }
    status.name = filled(room.info.name)
    status.sid = filled(room.info.sid)
    status.server = stay.serverURL
    status.region = filled(room.info.serverRegion)
    status.quality = audience.quality
    status.roundTripMilliseconds =
      room.mediaStatistics(.publisher)?.roundTripMilliseconds ?? room.roundTripMilliseconds
    return status
  }

  private var audioStatus: AudioStatus {
    let sound = instruments.sound
    var status = AudioStatus()
    status.muted = microphone.isMuted
    status.hardMuted = microphone.isHardMuted
    status.volumePercent = panel.volumePercent
    status.canceller = sound.echo.word
    status.echoReducedDecibels = sound.echoReducedDecibels
    status.capture = panel.capture
    status.playback = panel.playback
    // Who is near a closed microphone is nobody's business.
    if panel.capture.state == .running, microphone.isOpen {
      status.capture.levelTenthsDecibel = sound.uplink.levelDecibels.map { $0 * 10 }
    }
    if panel.playback.state == .running {
      status.playback.levelTenthsDecibel = sound.downlink.levelDecibels * 10
    }
    if let sent = room.mediaStatistics(.publisher) {
      status.uplink.packets = sent.packetsSent
      status.uplink.bitrateBitsPerSecond = microphone.bitsPerSecond
      if sent.roundTripMilliseconds != nil { status.uplink.lossTenthsPercent = sent.lossTenthsPercent }
    }
    status.preConnect = microphone.preConnectStatus
    status.uplink.driftPartsPerMillion = sound.uplink.driftPartsPerMillion
    status.downlink.driftPartsPerMillion = sound.downlink.driftPartsPerMillion
    status.downlink.packets = sound.downlink.packets
    status.downlink.lost = sound.downlink.lost
    status.downlink.concealedMilliseconds = sound.downlink.concealedMilliseconds
    status.downlink.delayMilliseconds = sound.downlink.delayMilliseconds
    status.downlink.jitterMilliseconds = room.receivedMediaStatistics?.jitterMilliseconds ?? 0
    return status
  }

  private func participantStatus(_ participant: Participant) -> ParticipantStatus {
    var status = ParticipantStatus(
      identity: participant.identity.text, sid: participant.sid.text, kind: participant.kind.word)
    status.name = filled(participant.name)
    status.isSpeaking = audience.speakers.contains(participant.identity)
    status.tracks = participant.tracks.map { trackStatus($0) }
    return status
  }

  func trackStatus(_ track: RemoteTrack) -> TrackStatus {
    TrackStatus(
      sid: track.sid.text, name: filled(track.name), kind: track.kind.word, source: track.source.word,
      muted: track.isMuted, subscribed: audience.isSubscribed(track.sid),
      privacy: room.privacy(of: track).word)
  }

  private func filled(_ text: String) -> String? { text.isEmpty ? nil : text }
}

extension EchoState {
  var word: String {
    switch self {
    case .notWanted: "off"
    case .waiting: "waiting"
    case .active: "active"
    case .noReference: "no-reference"
    case .noTime: "no-time"
    case .notAvailable: "not-available"
    }
  }
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
