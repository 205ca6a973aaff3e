import AudioEngine
import Configuration
import Control
import LiveKit
import WebRTC

/// What a self-test judges by, as it is at one moment.
struct DoctorFacts {
  var settings: Settings
  var version: String
  var unixSeconds: Int64
  // The board.
  var capture: AudioDeviceStatus
  var playback: AudioDeviceStatus
  var soundProbe: SoundProbeReading
  var sound: SoundReadings
  var isHardMuted: Bool
  var isMuted: Bool
  /// Somebody is in a call, or about to be.
  var wouldBeHeard: Bool
  var host: HostReadings
  var parts: [BoardPart]
  var doorOutput: String?
  // The way to the room.
  var connection: RoomConnection
  var failure: RoomFailure?
  /// Nothing is under way that a join would disturb.
  var mayJoin: Bool
  var serverURL: String?
  var token: AccessToken?
  var roomName: String
  var isRecorded: Bool
  /// Of our sending; nil outside of a session.
  var sent: PeerConnection.Statistics?
  // Encryption from end to end.
  var encryptionProblems: [EncryptionProblem]
  var fingerprint: String
  /// Somebody else has sound.
  var hasOthers: Bool

  /// The first server on the way to the room that is known: the token endpoint, where it names the room server.
  var firstServer: String? {
    serverURL ?? settings.token.url ?? (settings.tokenIsRemote ? settings.tokenEndpoint : nil)
  }
}
