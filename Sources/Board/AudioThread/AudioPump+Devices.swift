import AudioEngine
import Base

/// The devices that come and go, and what is told of them.
extension AudioPump {
  func openWhatIsMissing(_ now: Instant) {
    if captureClock.isDue(now) {
      do throws(BoardFailure) {
        let parameters = try capture.open()
        uplink.captureWasOpened()
        lockMemory()
        if captureClock.opened(parameters, wait.now) { tellOpened(.capture, capture.name, parameters) }
      } catch {
        if captureClock.failed(error, wait.now) { tell(.unavailable(.capture, reason: error.description)) }
      }
    }
    if playbackClock.isDue(now) {
      do throws(BoardFailure) {
        let parameters = try playback.open()
        lockMemory()
        if playbackClock.opened(parameters, wait.now) { tellOpened(.playback, playback.name, parameters) }
        // Nothing says that an empty card wants samples: it starts when it has some.
        _ = playToDevice(wait.now)
      } catch {
        if playbackClock.failed(error, wait.now) { tell(.unavailable(.playback, reason: error.description)) }
      }
    }
  }

  func lose(_ direction: AudioDirection, _ failure: BoardFailure, _ now: Instant) {
    let isNews: Bool
    switch direction {
    case .capture:
      capture.close()
      isNews = captureClock.failed(failure, now)
    case .playback:
      playback.close()
      isNews = playbackClock.failed(failure, now)
    }
    if isNews { tell(.lost(direction, reason: failure.description)) }
  }

  func stalled(_ name: String) -> BoardFailure {
    .stalled(name: name, milliseconds: BoardLimits.stallMillisecondsMax)
  }

  func tellOpened(_ direction: AudioDirection, _ name: String, _ parameters: AudioParameters) {
    tell(.opened(direction, device: name, parameters))
  }

  func tellDropouts(_ direction: AudioDirection, _ total: Int, _ clock: inout DeviceClock, _ now: Instant) {
    guard total != clock.toldDropouts, now.milliseconds(since: clock.toldDropoutsAt) >= 1_000 else { return }
    clock.toldDropouts = total
    clock.toldDropoutsAt = now
    tell(.dropouts(direction, total: total))
  }

  func tell(_ event: AudioDeviceEvent) {
    if lostEvents > 0 && events.push(.eventsLost(total: lostEvents)) { lostEvents = 0 }
    if !events.push(event) { lostEvents += 1 }
    signals.wake()
  }

  /// Told once: refused now, refused always.
  private func lockMemory() {
    guard wantsLockedMemory, let refusal = askForLockedMemory() else { return }
    wantsLockedMemory = false
    tell(refusal)
  }
}
