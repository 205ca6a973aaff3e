import AudioEngine
import Base
import Configuration
import Control

/// What a self-test says of the board: sound and hardware.
extension DoctorFacts {
  func boardRows(_ run: DoctorMeasurement) -> [DoctorRow] {
    var rows = [DoctorRow("board", .pass, "\(settings.device.board.rawValue) board, linteld \(version)")]
    rows.append(deviceRow("microphone", capture, key: "capture"))
    rows.append(deviceRow("speaker", playback, key: "playback"))
    if capture.state == .running { rows.append(levelRow(run.sound)) }
    if capture.state == .running, playback.state == .running { rows.append(echoRow(run.sound)) }
    return rows
  }

  private func deviceRow(_ name: String, _ device: AudioDeviceStatus, key: String) -> DoctorRow {
    if device.state == .running {
      let agreed = device.parameters.map { ": \($0)" } ?? ""
      return DoctorRow(name, .pass, "'\(device.device)' works" + agreed)
    }
    let reason = device.reason ?? "sound device '\(device.device)' does not run"
    let advice: String
    if hasWords(reason, "is in use by") {
      advice = "end that program, or keep it from starting, or name another device in [audio] \(key)"
    } else if hasWords(reason, "no permission") {
      advice = "usermod -aG audio the user of linteld, then restart it"
    } else {
      advice = "plug it in, or name one that is there (arecord -L, aplay -L) in [audio] \(key)"
    }
    return DoctorRow(name, .fail, reason, advice: advice)
  }

  private func levelRow(_ sound: SoundProbeReading) -> DoctorRow {
    let name = "level"
    if isHardMuted {
      return DoctorRow(
        name, .warn, "the switch on the device mutes the microphone",
        advice: "put the switch off to be heard, then run this again")
    }
    if isMuted {
      return DoctorRow(
        name, .warn, "the microphone is muted", advice: "lintelctl mute off, or the key of the device")
    }
    guard sound.periods > 0 else {
      return DoctorRow(
        name, .fail, "the microphone delivered nothing", advice: "unplug it and plug it in again")
    }
    if sound.span <= 2 {
      return DoctorRow(
        name, .fail, "the microphone is there and delivers silence, not even noise",
        advice: "raise and unmute its capture control (alsamixer, F4), and check its cable")
    }
    let words = "the microphone hears \(sound.averageDecibels) dB, at most \(sound.loudestDecibels) dB"
    if sound.loudestDecibels < -65 {
      return DoctorRow(
        name, .warn, words,
        advice: "speak while this runs; if it stays so low, raise its capture control (alsamixer)")
    }
    if sound.loudestDecibels > -2 {
      return DoctorRow(name, .warn, words, advice: "it is overdriven: lower its capture control (alsamixer)")
    }
    return DoctorRow(name, .pass, words)
  }

  private func echoRow(_ sound: SoundProbeReading) -> DoctorRow {
    let name = "echo"
    guard sound.wasPlayed else {
      return DoctorRow(
        name, .warn, "no tone went to the speaker", advice: "raise the volume: lintelctl volume 60")
    }
    guard let heard = sound.heardDecibels, let delay = sound.echoMilliseconds else {
      return DoctorRow(
        name, .warn, "the tone was played and the microphone did not hear it",
        advice:
          "if you did not hear it either, check the speaker's cable, its volume and its mixer (alsamixer)")
    }
    let words = "the tone came back after \(delay) ms at \(heard) dB"
    guard settings.audio.aec || settings.audio.duplex == .half else {
      return DoctorRow(
        name, .warn, words + ", and the others will hear themselves", advice: "set [audio] aec = on")
    }
    return DoctorRow(name, .pass, words)
  }

  /// What of the hardware is configured.
  var hardwareRows: [DoctorRow] {
    let rows = parts.map { part in
      DoctorRow(
        part.name, part.problem == nil ? .pass : .fail, part.words,
        advice: part.problem.map { hardwareAdvice($0) })
    }
    if rows.isEmpty, doorOutput == nil, settings.device.board != .simulated {
      return [DoctorRow("hardware", .pass, "no button, lock, light or keypad is configured")] + doorRows
    }
    return rows + doorRows
  }

  private var doorRows: [DoctorRow] {
    guard let output = settings.door.output else {
      return [DoctorRow("door", .pass, "no door is configured")]
    }
    guard doorOutput != nil else {
      return [
        DoctorRow(
          "door", .fail, "this board has no line for the output '\(output)'",
          advice: "set [gpio] lock, and [door] output = lock")
      ]
    }
    if settings.door.codeWhen != .never, settings.door.code == nil {
      return [
        DoctorRow(
          "door", .warn, "the lock is '\(output)', and there is no code that opens it",
          advice: "set [door] dtmf-code-file, or dtmf-when = never")
      ]
    }
    return [DoctorRow("door", .pass, "the lock is '\(output)'")]
  }
}

private func hardwareAdvice(_ problem: String) -> String {
  if hasWords(problem, "in group") { return "usermod -aG that group the user of linteld, then restart it" }
  if hasWords(problem, "in use by") { return "end that program, or choose another line" }
  if hasWords(problem, "UDP") { return "let UDP out of this machine (nft list ruleset), or see ip route" }
  return "connect it, or correct [gpio], [leds], [keypad] or [audio] mixer"
}

/// Whether `part` stands in `text`; both are this program's own words.
func hasWords(_ text: String, _ part: String) -> Bool {
  let text = Array(text.utf8)
  let part = Array(part.utf8)
  guard text.count >= part.count else { return false }
  for start in 0...(text.count - part.count) where text[start..<(start + part.count)].elementsEqual(part) {
    return true
  }
  return false
}
