import AudioEngine
import Base

/// What of a round is another one while nobody is in a call (`AudioRest`).
extension AudioPump {
  /// What the microphone is wanted for may have changed.
  func followListening(_ now: Instant) {
    let wanted = uplink.listening
    guard wanted != rest.listening else { return }
    if rest.listening == .live {
      uplink.doze()
      rest.pausedAt = now
    } else if wanted == .live {
      // What waits in the card was heard before.
      if captureClock.isOpen { _ = captureFromDevice(now) }
      uplink.wake(pausedSamples: Int(clamping: now.microseconds(since: rest.pausedAt) * 2 / 125))
      captureClock.resumed(now)
    }
    rest.listening = wanted
    rest.captureDue = now
    opener.capture.want(wanted != .closed)
    if wanted == .closed {
      uplink.doze()
      if captureClock.isOpen { giveBack(.capture, nil) }
    }
    signals.wakeOpener()
  }

  /// Reads what has come in together, so that nobody wakes for each period.
  func doze(_ now: Instant) -> Int {
    guard rest.captureDue <= now else { return 0 }
    guard captureClock.isOpen else {
      rest.captureDue = now.advanced(byMilliseconds: BoardLimits.lookMilliseconds)
      return 0
    }
    // Opened when nobody wanted it any more.
    if rest.listening == .closed {
      giveBack(.capture, nil)
      return 0
    }
    rest.captureDue = now.advanced(byMilliseconds: capture.restMilliseconds)
    let moved = captureFromDevice(now)
    if captureClock.isStalled(now) { lose(.capture, stalled(capture.name)) }
    return moved
  }

  /// The speaker stands still where nobody is in a call and nothing is to be heard.
  func followSpeaker(_ now: Instant) {
    let isWanted = rest.listening == .live || !downlink.isQuiet
    let rested = rest.speakerRests
    rest.follow(speakerIsWanted: isWanted, now)
    guard rest.speakerRests != rested else {
      if rested, playbackClock.isOpen, !playback.isThere {
        lose(.playback, .disconnected(name: playback.name))
      }
      return
    }
    if rest.speakerRests { return playback.rest() }
    playbackClock.resumed(now)
    if playbackClock.isOpen { _ = playToDevice(now) }
  }
}
