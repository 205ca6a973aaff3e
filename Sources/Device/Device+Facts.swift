import AudioEngine
import Base
import Configuration
import Control
import LiveKit

/// What the parts have to know of each other, gathered where it is needed.
extension Device {
  /// The output that opens the door: any name on the simulated board, else one of those that have a line.
  var doorOutput: String? {
    guard let name = settings.door.output, settings.device.board != .simulated else {
      return settings.door.output
    }
    let isThere = [GPIOSettings.Use.lock, .relay].contains { $0.rawValue == name && settings.gpio[$0] != nil }
    return isThere ? name : nil
  }

  /// For the door.
  var surroundings: Door.Surroundings {
    Door.Surroundings(
      output: doorOutput, settings: settings.door, lockWorks: panel.works(doorOutput),
      inCall: call.state == .talking)
  }

  /// For the panel.
  var house: Panel.House {
    Panel.House(
      settings: settings, call: call.state, doorOutput: doorOutput,
      isMutedBySoftware: microphone.isMutedBySoftware, isInRoom: isInRoom)
  }

  /// For the microphone.
  var listening: ListeningFacts {
    var facts = ListeningFacts()
    facts.isTested = doctor.due != nil
    facts.isInCall = microphone.track != nil && stay.phase != .away && stay.phase != .failed
    facts.isMuted = !microphone.isOpen
    facts.keepsPreRoll = microphone.keepsPreRoll(settings)
    return facts
  }

  /// For what is shown.
  var indicatorFacts: IndicatorPolicy {
    var facts = IndicatorPolicy()
    facts.hardMuted = microphone.isHardMuted
    facts.isLost = stay.connection == .reconnecting && stay.failure != nil
    facts.isTampered = settings.device.tamperAlarm && panel.isOn(.tamper)
    facts.isMuted = microphone.isMutedBySoftware
    facts.turnIsOpen = settings.session.mode == .pushToTalk && microphone.turnIsOpen
    facts.call = call.state
    facts.agentState = audience.agentState
    facts.microphone = microphone.isOpen || doctor.due != nil ? microphone.listening : .closed
    facts.isRecorded = isInRoom && room.info.isRecording
    return facts
  }

  /// For a self-test.
  var facts: DoctorFacts {
    DoctorFacts(
      settings: settings, version: report.version, unixSeconds: instruments.unixMilliseconds / 1000,
      capture: panel.capture, playback: panel.playback, soundProbe: instruments.soundProbe,
      sound: instruments.sound, isHardMuted: microphone.isHardMuted, isMuted: microphone.isMutedBySoftware,
      wouldBeHeard: call.state == .talking || switchboard.ring.incoming != nil
        || !switchboard.dialling.legs.isEmpty || (isInRoom && !room.participants.isEmpty),
      host: instruments.host, parts: panel.parts, doorOutput: doorOutput, connection: stay.connection,
      failure: stay.failure,
      mayJoin: stay.phase == .away || stay.phase == .failed, serverURL: stay.serverURL,
      token: stay.tokenSeen.flatMap { try? AccessToken($0) }, roomName: room.info.name,
      isRecorded: isInRoom && room.info.isRecording,
      sent: room.mediaStatistics(.publisher), encryptionProblems: encryptionProblems,
      fingerprint: room.encryption.fingerprint,
      hasOthers: isInRoom && room.participants.contains { $0.tracks.contains { $0.kind == .audio } })
  }

  /// The room that the device is in or is joining, for the fields of a log; nil without one.
  public var roomName: String? {
    stay.connection == .disconnected || room.info.name.isEmpty ? nil : room.info.name
  }
}
