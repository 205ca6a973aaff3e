import Base
import Configuration
import Control
import LiveKit

/// Joining and leaving: from a request or the mode, through the token, to the room.
extension Device {
  /// Starts to join. `url` and `token` stand in for those of the configuration, for this stay only.
  func beginJoin(url: String?, token: String?, now: Instant) {
    failure = nil
    serverURL = url ?? settings.token.url
    setConnection(.connecting, reason: nil)
    advanceCall(.joinBegan, now: now)
    if let token {
      join(token: token, now: now)
    } else if let path = settings.token.file {
      isReadingToken = true
      emit(.readToken(path: path))
    } else {
      giveUp(.noToken, now: now)
    }
  }

  func tokenRead(_ result: Result<String, TokenFileFailure>, now: Instant) {
    // A leave may have come in between.
    guard isReadingToken else { return }
    isReadingToken = false
    switch result {
    case .success(let token): join(token: token, now: now)
    case .failure(let failure): giveUp(RoomFailure(failure), now: now)
    }
  }

  private func join(token: String, now: Instant) {
    guard let serverURL else { return giveUp(.noURL, now: now) }
    log(.info, "joining \(serverURL)")
    do throws(Failure) {
      try room.join(
        url: serverURL, token: token, wallClockSeconds: instruments.unixMilliseconds / 1000, now: now)
    } catch {
      giveUp(RoomFailure(error), now: now)
    }
  }

  /// The room was not even dialled.
  private func giveUp(_ failure: RoomFailure, now: Instant) {
    report(failure)
    setConnection(.disconnected, reason: failure.message)
    advanceCall(.failed, reason: failure.message, now: now)
  }

  func report(_ failure: RoomFailure) {
    self.failure = failure
    announce(.roomFailure(failure))
    let next = failure.retryInMilliseconds.map { "; next attempt in \($0) ms" } ?? ""
    log(failure.retriable ? .warning : .error, failure.message + next)
  }

  func setConnection(_ state: RoomConnection, reason: String?) {
    guard state != connection else { return }
    connection = state
    announce(.roomConnection(state, reason: reason))
  }

  func leave(now: Instant) {
    isReadingToken = false
    failure = nil
    advanceCall(.leaveBegan, now: now)
    if room.state == .disconnected {
      setConnection(.disconnected, reason: nil)
      advanceCall(.roomClosed, now: now)
    } else {
      log(.info, "leaving the room")
      room.leave(now: now)
    }
  }

  /// Leaves the room; `.exit` follows when that is done.
  func terminate(now: Instant) {
    guard !isTerminating else { return }
    isTerminating = true
    log(.notice, "linteld is ending")
    leave(now: now)
  }

  /// The microphone belongs to the room from the start, which publishes it with every session.
  func publishMicrophone(now: Instant) {
    do throws(Failure) {
      microphone = try room.publish(name: "microphone", source: .microphone, muted: isMuted, now: now)
    } catch {
      log(.error, "the microphone cannot be published: \(error.description)")
    }
  }

  func setMuted(_ muted: Bool, now: Instant) {
    guard muted != isMuted else { return }
    applyMute(muted)
    if let microphone { room.setMuted(muted, track: microphone, now: now) }
  }

  /// The room knows already, or is told by the caller.
  func applyMute(_ muted: Bool) {
    guard muted != isMuted else { return }
    isMuted = muted
    emit(.audio(.setMuted(muted)))
    if muted { sound(.muted) }
    announce(.audioMuted(muted: muted, hardMuted: false))
    log(.info, muted ? "the microphone is muted" : "the microphone is live")
  }

  func setVolume(_ percent: Int) {
    guard percent != volumePercent else { return }
    volumePercent = percent
    emit(.audio(.setVolume(percent: percent)))
    announce(.audioVolume(percent: percent))
  }
}
