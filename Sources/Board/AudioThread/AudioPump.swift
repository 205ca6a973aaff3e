import AudioEngine
import Base

/// What the audio thread does, round after round: wait, move captured samples into the uplink, and fill the speaker
/// from the downlink. A device that is missing is the opener's, and the time stands in for it. Nothing here allocates,
/// opens or closes, and no round is longer than `BoardLimits.roundPeriodsMax` periods of each direction, whatever a
/// device says.
final class AudioPump<Board: AudioBoard> {
  let events = AudioEventQueue()
  let capture: Board.Capture
  let playback: Board.Playback
  private let wait: Board.Wait
  let uplink: Uplink
  let downlink: Downlink
  let signals: AudioSignals
  let opener: AudioOpener<Board>
  var captureClock: DeviceClock
  var playbackClock: DeviceClock
  private let period: UnsafeMutableBufferPointer<Int16>
  private var deadline: EchoDeadline
  private var idleRounds = 0
  var rest: AudioRest
  /// What the engine was told of last.
  private var reserveSamples = 0

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
    rest = AudioRest(now: now)
  }

  deinit { period.deallocate() }

  /// What the microphone is wanted for from the start; before the threads.
  func begin() {
    rest.listening = uplink.listening
    opener.capture.want(rest.listening != .closed)
  }

  /// Until somebody stops the board's wait. `isAlone`: there is no other thread, and the opener has its turn here.
  func run(isAlone: Bool = false) {
    if isAlone { begin() }
    let begin = wait.now
    captureClock = DeviceClock(now: begin)
    playbackClock = DeviceClock(now: begin)
    repeat {
      if isAlone { _ = opener.work() }
      takeWhatIsOpen(wait.now)
      followListening(wait.now)
      followSpeaker(wait.now)
    } while waitAndMove()
  }

  private func takeWhatIsOpen(_ now: Instant) {
    if !captureClock.isOpen && opener.capture.isRunning {
      captureClock.opened(now)
      rest.captureDue = now
      uplink.captureWasOpened()
      if rest.listening != .live { uplink.doze() }
    }
    if !playbackClock.isOpen && opener.playback.isRunning {
      playbackClock.opened(now)
      reserveSamples = playback.reserveSamples
      // Nothing says that an empty card wants samples: it starts when it has some.
      if !rest.speakerRests { _ = playToDevice(now) }
    }
  }

  /// One round. False when the thread shall end.
  private func waitAndMove() -> Bool {
    let isLive = rest.listening == .live
    let due = playbackClock.isOpen ? playback.dueAt : nil
    var deadline = isLive ? captureClock.deadline : rest.captureDue
    if !rest.speakerRests { deadline = min(deadline, playbackClock.deadline, due ?? deadline) }
    let watchesPlayback = playbackClock.isOpen && due == nil && !rest.speakerRests
    // What makes no frame whole can wait until the speaker wakes the thread, before the next period is there.
    let watchesCapture = captureClock.isOpen && (due == nil || rest.speakerRests || uplink.isFrameDue)
    if wait.wait(until: deadline, capture: isLive && watchesCapture, playback: watchesPlayback) {
      return false
    }
    let now = wait.now
    var moved = isLive ? hear(now, isReady: !watchesCapture || capture.isReady) : doze(now)
    if rest.speakerRests {
    } else if playbackClock.isOpen {
      if due.map({ $0 <= now }) ?? playback.isReady { moved += playToDevice(now) }
      if playbackClock.isStalled(now) { lose(.playback, stalled(playback.name)) }
    } else {
      playToClock(now)
    }
    restIfSpinning(moved == 0 && now < deadline, now)
    signals.noteTurn()
    return true
  }

  // MARK: Capture

  private func hear(_ now: Instant, isReady: Bool) -> Int {
    guard captureClock.isOpen else {
      captureFromClock(now)
      return 0
    }
    let moved = isReady ? captureFromDevice(now) : 0
    if captureClock.isStalled(now) { lose(.capture, stalled(capture.name)) }
    return moved
  }

  func captureFromDevice(_ now: Instant) -> Int {
    var moved = 0
    var dropouts = capture.dropouts
    do throws(BoardFailure) {
      while moved < BoardLimits.roundPeriodsMax, try capture.read(into: period) == period.count {
        moved += 1
        guard rest.listening == .live else {
          uplink.keep(UnsafeBufferPointer(period))
          continue
        }
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
    if rest.listening == .live { judgeEcho(backlogPeriods: moved, now) }
    guard captureClock.noteProgress(periods: moved, now) else {
      lose(.capture, .runsAway(name: capture.name))
      return moved
    }
    tellDropouts(.capture, capture.dropouts, &captureClock, now)
    return moved
  }

  private func judgeEcho(backlogPeriods: Int, _ now: Instant) {
    switch deadline.judge(backlogPeriods: backlogPeriods, now) {
    case .giveUp: uplink.giveUpEcho()
    case .tryAgain: uplink.tryEchoAgain()
    case .goOn: break
    }
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

  func playToDevice(_ now: Instant) -> Int {
    var moved = 0
    do throws(BoardFailure) {
      let before = playback.dropouts
      var room = try playback.writable()
      // After an underrun the card stands still until it is filled again.
      if playback.dropouts != before { room = try playback.writable() }
      while room >= period.count, moved < BoardLimits.roundPeriodsMax {
        let part = UnsafeMutableBufferPointer(rebasing: period[..<min(downlink.samplesNext, period.count)])
        downlink.playback(into: part, at: wait.now.wrapped)
        try playback.write(UnsafeBufferPointer(part))
        uplink.played(UnsafeBufferPointer(part))
        room -= part.count
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
    followReserve()
    return moved
  }

  /// The engine is asked so much later as less is kept in the card.
  private func followReserve() {
    let less = reserveSamples - playback.reserveSamples
    guard less != 0 else { return }
    reserveSamples -= less
    downlink.looksMoved(byMicroseconds: less * 125 / 2)
  }

  private func playToClock(_ now: Instant) {
    // Drained all the same: the tracks keep their time, and nothing piles up for when the card comes back.
    for _ in 0..<playbackClock.takeDue(now).periods { downlink.playback(into: period, at: now.wrapped) }
  }

  // MARK: Devices

  func lose(_ direction: AudioDirection, _ failure: BoardFailure) { giveBack(direction, failure) }

  /// Without a failure nobody wants it.
  func giveBack(_ direction: AudioDirection, _ failure: BoardFailure?) {
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

  func stalled(_ name: String) -> BoardFailure {
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
