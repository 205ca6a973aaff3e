import AudioEngine
import Base

/// What the audio thread does, round after round: wait, move captured samples into the uplink, and fill the speaker
/// from the downlink. A device that is missing is the opener's, and the time stands in for it. Nothing here allocates,
/// opens or closes, and no round is longer than `BoardLimits.roundPeriodsMax` periods of each direction, whatever a
/// device says.
final class AudioPump<Board: AudioBoard> {
  let events = AudioEventQueue()
  private let capture: Board.Capture
  private let playback: Board.Playback
  private let wait: Board.Wait
  private let uplink: Uplink
  private let downlink: Downlink
  private let signals: AudioSignals
  private let opener: AudioOpener<Board>
  private var captureClock: DeviceClock
  private var playbackClock: DeviceClock
  private let period: UnsafeMutableBufferPointer<Int16>
  private var deadline: EchoDeadline
  private var idleRounds = 0

  init(
    _ board: Board, uplink: Uplink, downlink: Downlink, signals: AudioSignals, opener: AudioOpener<Board>
  ) {
    capture = board.capture
    playback = board.playback
    wait = board.wait
    self.uplink = uplink
    self.downlink = downlink
    self.signals = signals
    self.opener = opener
    period = .allocate(capacity: AudioFormat.periodSamples)
    period.initialize(repeating: 0)
    let now = board.wait.now
    captureClock = DeviceClock(now: now)
    playbackClock = DeviceClock(now: now)
    deadline = EchoDeadline(now: now)
  }

  deinit { period.deallocate() }

  /// Until somebody stops the board's wait. `isAlone`: there is no other thread, and the opener has its turn here.
  func run(isAlone: Bool = false) {
    let begin = wait.now
    captureClock = DeviceClock(now: begin)
    playbackClock = DeviceClock(now: begin)
    repeat {
      if isAlone { _ = opener.work() }
      takeWhatIsOpen(wait.now)
    } while waitAndMove()
  }

  private func takeWhatIsOpen(_ now: Instant) {
    if !captureClock.isOpen && opener.capture.isRunning {
      captureClock.opened(now)
      uplink.captureWasOpened()
    }
    if !playbackClock.isOpen && opener.playback.isRunning {
      playbackClock.opened(now)
      // Nothing says that an empty card wants samples: it starts when it has some.
      _ = playToDevice(now)
    }
  }

  /// One round. False when the thread shall end.
  private func waitAndMove() -> Bool {
    let deadline = min(captureClock.deadline, playbackClock.deadline)
    if wait.wait(until: deadline, capture: captureClock.isOpen, playback: playbackClock.isOpen) {
      return false
    }
    let now = wait.now
    var moved = 0
    if captureClock.isOpen {
      if capture.isReady { moved += captureFromDevice(now) }
      if captureClock.isStalled(now) { lose(.capture, stalled(capture.name)) }
    } else {
      captureFromClock(now)
    }
    if playbackClock.isOpen {
      if playback.isReady { moved += playToDevice(now) }
      if playbackClock.isStalled(now) { lose(.playback, stalled(playback.name)) }
    } else {
      playToClock(now)
    }
    restIfSpinning(moved == 0 && now < deadline, now)
    signals.noteTurn()
    return true
  }

  // MARK: Capture

  private func captureFromDevice(_ now: Instant) -> Int {
    var moved = 0
    var dropouts = capture.dropouts
    do throws(BoardFailure) {
      while moved < BoardLimits.roundPeriodsMax, try capture.read(into: period) == period.count {
        moved += 1
        if capture.dropouts != dropouts { uplink.captureWasInterrupted() }
        dropouts = capture.dropouts
        // Taken after the read: encoding takes its time, and no sample may seem to come early.
        let samples = UnsafeBufferPointer(period)
        if uplink.capture(samples, echoDelay: echoDelay, microseconds: wait.now.wrapped) { signals.wake() }
      }
    } catch {
      lose(.capture, error)
      return moved
    }
    switch deadline.judge(backlogPeriods: moved, now) {
    case .giveUp: uplink.giveUpEcho()
    case .tryAgain: uplink.tryEchoAgain()
    case .goOn: break
    }
    guard captureClock.noteProgress(periods: moved, now) else {
      lose(.capture, .runsAway(name: capture.name))
      return moved
    }
    tellDropouts(.capture, capture.dropouts, &captureClock, now)
    return moved
  }

  /// From the speaker's queue to the microphone's, as far as the cards know.
  private var echoDelay: Int? {
    guard playbackClock.isOpen, let heard = playback.delaySamples, let said = capture.delaySamples else {
      return nil
    }
    return heard + said
  }

  private func captureFromClock(_ now: Instant) {
    let due = captureClock.takeDue(now)
    guard due.periods > 0 else { return }
    uplink.skip(due.skipped * AudioFormat.periodSamples)
    period.update(repeating: 0)
    // It is the microphone that is missing; the speaker is what the echo canceller would complain of.
    let delay = playbackClock.isOpen ? 0 : nil
    for _ in 0..<due.periods where uplink.capture(UnsafeBufferPointer(period), echoDelay: delay) {
      signals.wake()
    }
  }

  // MARK: Playback

  private func playToDevice(_ now: Instant) -> Int {
    var moved = 0
    do throws(BoardFailure) {
      let before = playback.dropouts
      var room = try playback.writable()
      // After an underrun the card stands still until it is filled again.
      if playback.dropouts != before { room = try playback.writable() }
      while room >= period.count, moved < BoardLimits.roundPeriodsMax {
        downlink.playback(into: period, at: wait.now.wrapped)
        try playback.write(UnsafeBufferPointer(period))
        uplink.played(UnsafeBufferPointer(period))
        room -= period.count
        moved += 1
      }
    } catch {
      lose(.playback, error)
      return moved
    }
    guard playbackClock.noteProgress(periods: moved, now) else {
      lose(.playback, .runsAway(name: playback.name))
      return moved
    }
    tellDropouts(.playback, playback.dropouts, &playbackClock, now)
    return moved
  }

  private func playToClock(_ now: Instant) {
    // Drained all the same: the tracks keep their time, and nothing piles up for when the card comes back.
    for _ in 0..<playbackClock.takeDue(now).periods { downlink.playback(into: period, at: now.wrapped) }
  }

  // MARK: Devices

  private func lose(_ direction: AudioDirection, _ failure: BoardFailure) {
    switch direction {
    case .capture:
      captureClock.lost()
      opener.capture.giveBack(failure)
    case .playback:
      playbackClock.lost()
      opener.playback.giveBack(failure)
    }
    signals.wakeOpener()
  }

  private func stalled(_ name: String) -> BoardFailure {
    .stalled(name: name, milliseconds: BoardLimits.stallMillisecondsMax)
  }

  private func tellDropouts(
    _ direction: AudioDirection, _ total: Int, _ clock: inout DeviceClock, _ now: Instant
  ) {
    guard total != clock.toldDropouts, now.milliseconds(since: clock.toldDropoutsAt) >= 1_000 else { return }
    clock.toldDropouts = total
    clock.toldDropoutsAt = now
    tell(.dropouts(direction, total: total))
  }

  /// What does not fit is told the next time: it is a total, or a refusal that nothing follows from.
  func tell(_ event: AudioDeviceEvent) {
    if events.push(event) { signals.wake() }
  }

  /// A device that says "ready" and moves nothing must not take the processor from everybody else.
  private func restIfSpinning(_ isIdle: Bool, _ now: Instant) {
    idleRounds = isIdle ? idleRounds + 1 : 0
    if idleRounds > 3 { wait.rest(until: now.advanced(byMilliseconds: BoardLimits.restMilliseconds)) }
  }
}

extension Instant {
  /// As the engine counts time.
  fileprivate var wrapped: UInt32 { UInt32(truncatingIfNeeded: microseconds) }
}
