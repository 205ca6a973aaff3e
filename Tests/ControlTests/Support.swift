import Testing

@testable import Control

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
func json(_ text: String) throws -> JSONValue { try JSONValue.parse(bytes(text)) }

/// A status with something in every part.
func busyStatus() -> Status {
  var status = Status()
  status.device.id = "lobby-3"
  status.device.board = "simulated"
  status.device.version = "0.1.0"
  status.device.uptimeSeconds = 7980
  status.device.next = NextDeadline(name: "max-duration", milliseconds: 1_765_001)
  status.call.state = .talking
  status.call.sinceSeconds = 34
  status.room.name = "front-door"
  status.room.sid = "RM_abc"
  status.room.connection = .connected
  status.room.server = "wss://rooms.example.org"
  status.room.quality = "good"
  status.room.roundTripMilliseconds = 23
  status.room.reconnects = 1
  status.participant.identity = "lobby-3"
  status.participant.sid = "PA_me"
  status.agent = AgentStatus(identity: "concierge", state: "listening")
  var alice = ParticipantStatus(identity: "alice", sid: "PA_a", kind: "standard")
  alice.isSpeaking = true
  alice.tracks = [
    TrackStatus(
      sid: "TR_1", name: "mic", kind: "audio", source: "microphone", muted: false, subscribed: true),
    TrackStatus(sid: "TR_2", name: nil, kind: "video", source: "camera", muted: true, subscribed: false),
  ]
  status.participants = [alice, ParticipantStatus(identity: "concierge", sid: "PA_c", kind: "agent")]
  status.audio.volumePercent = 80
  status.audio.capture.device = "hw:1,0"
  status.audio.capture.state = .running
  status.audio.capture.rateHertz = 16000
  status.audio.capture.levelTenthsDecibel = -234
  status.audio.playback.device = "hw:1,0"
  status.audio.playback.state = .running
  status.audio.playback.rateHertz = 48000
  status.audio.uplink = UplinkStatus()
  status.audio.uplink.packets = 1700
  status.audio.uplink.bitrateBitsPerSecond = 24150
  status.audio.uplink.lossTenthsPercent = 4
  status.audio.downlink.packets = 1650
  status.audio.downlink.lost = 3
  status.audio.downlink.concealedMilliseconds = 60
  status.audio.downlink.jitterMilliseconds = 12
  status.audio.downlink.delayMilliseconds = 80
  status.memory.residentKilobytes = 8396
  status.memory.anonymousKilobytes = 900
  return status
}
