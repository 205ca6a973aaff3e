import AudioEngine
import Base
import Configuration
import Control
import LiveKit

/// Joining and leaving: from a request or the mode, through the token, to the room.
extension Device {
  /// Starts to join. `url` and `token` stand in for those of the configuration, for this stay only.
  func beginJoin(url: String?, token: String?, now: Instant) {
    failure = nil
    stayURL = url
    stayToken = token
    tokens.refused = nil
    tokens.failures = 0
    setConnection(.connecting, reason: nil)
    if recordsFirstWords { firstWords(.callBegan, now: now) }
    advanceCall(.joinBegan, now: now)
    attempt(now: now)
  }

  /// One attempt of a stay that has begun.
  func attempt(now: Instant) {
    retryDue = nil
    tokens.tried = nil
    if let stayToken { join(TokenTicket(token: stayToken), now: now) } else { wantTokenForCall(now: now) }
  }

  func join(_ ticket: TokenTicket, now: Instant) {
    tokens.tried = ticket
    serverURL = stayURL ?? ticket.serverURL ?? settings.token.url
    guard let serverURL else { return giveUp(.noURL, now: now) }
    tokenSeen = try? AccessToken(ticket.token)
    log(.info, "joining \(serverURL)")
    do throws(Failure) {
      try room.join(
        url: serverURL, token: ticket.token, wallClockSeconds: instruments.unixMilliseconds / 1000, now: now)
    } catch {
      giveUp(RoomFailure(error), now: now)
    }
  }

  /// The room was not even dialled.
  func giveUp(_ failure: RoomFailure, now: Instant) {
    tokens.failures += 1
    if let pause = pauseAfter(failure.code) {
      report(failure, nextIn: pause)
      return tryAgain(inMilliseconds: pause, reason: failure.message, now: now)
    }
    report(failure)
    setConnection(.disconnected, reason: failure.message)
    advanceCall(.failed, reason: failure.message, now: now)
  }

  /// The same failure of what is tried in the background is told once.
  func report(_ failure: RoomFailure, nextIn milliseconds: Int) {
    guard failure.code != self.failure?.code || failure.message != self.failure?.message else { return }
    report(
      RoomFailure(
        code: failure.code, message: failure.message, retriable: true, retryInMilliseconds: milliseconds))
  }

  func report(_ failure: RoomFailure) {
    self.failure = failure
    announce(.roomFailure(failure))
    let next = failure.retryInMilliseconds.map { "; next attempt in \($0) ms" } ?? ""
    log(failure.retriable ? .warning : .error, failure.message + next, event: "room.failure")
  }

  func setConnection(_ state: RoomConnection, reason: String?) {
    guard state != connection else { return }
    connection = state
    announce(.roomConnection(state, reason: reason))
  }

  /// `joiningAnew`: the next join begins when the room is closed.
  func leave(joiningAnew: Bool = false, reason: String? = nil, now: Instant) {
    tokens.isForCall = false
    retryDue = nil
    joinsAnew = joiningAnew
    let overtaken = waitingJoins
    waitingJoins = []
    for join in overtaken { refuse("leaving", "the room was left meanwhile", join.asker, now) }
    failure = nil
    advanceCall(.leaveBegan, reason: reason, now: now)
    if room.state == .disconnected {
      roomClosed(nil, now: now)
    } else {
      log(.info, "leaving the room")
      room.leave(now: now)
    }
  }

  /// The end of a stay that was asked for.
  func roomClosed(_ reason: String?, now: Instant) {
    setConnection(.disconnected, reason: reason)
    advanceCall(.roomClosed, reason: call.reason, now: now)
    if joinsAnew, !isTerminating {
      joinsAnew = false
      beginJoin(url: stayURL, token: stayToken, now: now)
    }
    let waiting = waitingJoins
    waitingJoins = []
    for next in waiting { join(url: next.url, token: next.token, next.asker, now) }
  }

  /// Leaves the room; `.exit` follows when that is done.
  func terminate(now: Instant) {
    guard !isTerminating else { return }
    isTerminating = true
    log(.notice, "linteld is ending")
    closeDoor()
    leave(now: now)
  }

  /// The microphone belongs to the room from the start, which publishes it with every session.
  func publishMicrophone(now: Instant) {
    do throws(Failure) {
      microphone = try room.publish(name: "microphone", source: .microphone, muted: !mute.isOpen, now: now)
    } catch {
      log(.error, "the microphone cannot be published: \(error.description)")
    }
  }

  /// Whether the microphone is closed by anything but the switch.
  var isMuted: Bool { mute.mutedBy != nil || !mute.turnIsOpen }

  /// False if the rules of `MuteState` refuse it.
  func changeMute(_ event: MuteState.Event, now: Instant) -> Bool {
    guard let next = mute.next(event) else { return false }
    let (before, wasMuted) = (mute, isMuted)
    mute = next
    if before.isOpen != next.isOpen {
      emit(.audio(.setMuted(!next.isOpen)))
      // What was said before a mute is not told after it.
      if !next.isOpen { firstWordsStream.held = [] }
      log(
        .info, next.isOpen ? "the microphone is live" : "the microphone is muted", event: "audio.muted")
    }
    // A server that muted the track has told the room already; what is the same changes nothing there.
    if let microphone { room.setMuted(!next.isOpen, track: microphone, now: now) }
    guard isMuted != wasMuted || before.switchIsOn != next.switchIsOn else { return true }
    if (next.switchIsOn && !before.switchIsOn) || (next.mutedBy != nil && before.mutedBy == nil) {
      sound(.muted)
    }
    announce(.audioMuted(muted: isMuted, hardMuted: next.switchIsOn))
    return true
  }

  func setVolume(_ percent: Int) {
    guard percent != volumePercent else { return }
    volumePercent = percent
    emit(.audio(.setVolume(percent: percent)))
    announce(.audioVolume(percent: percent))
  }
}
