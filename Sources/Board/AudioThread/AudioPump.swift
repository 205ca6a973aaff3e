import AudioEngine
import Base
import CALSA
import CLinux

/// What the audio thread does, round after round: wait, move captured samples into the uplink, fill the speaker
/// from the downlink, and look after lost devices. Nothing here allocates while the devices run.
final class AudioPump<Capture: AudioCapture, Playback: AudioPlayback> {
  private let capture: Capture
  private let playback: Playback
  private let uplink: Uplink
  private let downlink: Downlink
  private let signals: AudioSignals
  private let events: AudioEventQueue

  private let period: UnsafeMutableBufferPointer<Int16>
  private let descriptors: UnsafeMutableBufferPointer<pollfd>
  private var captureClock = DeviceClock(now: 0)
  private var playbackClock = DeviceClock(now: 0)
  private var deadline = EchoDeadline()
  private var lostEvents = 0
  private var idleRounds = 0
  private var wantsLockedMemory = false

  init(
    capture: Capture, playback: Playback, uplink: Uplink, downlink: Downlink, signals: AudioSignals,
    events: AudioEventQueue
  ) {
    self.capture = capture
    self.playback = playback
    self.uplink = uplink
    self.downlink = downlink
    self.signals = signals
    self.events = events
    period = .allocate(capacity: AudioFormat.periodSamples)
    period.initialize(repeating: 0)
    descriptors = .allocate(capacity: 1 + 2 * BoardLimits.pollDescriptorsMax)
    descriptors.initialize(repeating: pollfd())
  }

  deinit {
    period.deallocate()
    descriptors.deallocate()
  }

  func run(priority: Int32?) {
    settleAudioThread()
    if let priority {
      wantsLockedMemory = true
      if let refusal = askForRealtime(priority) { tell(refusal) }
    }
    let begin = monotonicMicroseconds()
    captureClock = DeviceClock(now: begin)
    playbackClock = DeviceClock(now: begin)
    while true {
      openWhatIsMissing(monotonicMicroseconds())
      let stopping = waitAndMove()
      signals.noteTurn()
      if stopping { break }
    }
    capture.close()
    playback.close()
  }

  /// One round. True when the thread shall end.
  private func waitAndMove() -> Bool {
    let room = BoardLimits.pollDescriptorsMax
    descriptors[0] = pollfd(fd: signals.stopDescriptor, events: Int16(POLLIN), revents: 0)
    let forCapture =
      captureClock.isOpen ? capture.pollDescriptors(into: .init(rebasing: descriptors[1..<(1 + room)])) : 0
    let afterCapture = 1 + forCapture
    let forPlayback =
      playbackClock.isOpen
      ? playback.pollDescriptors(into: .init(rebasing: descriptors[afterCapture..<(afterCapture + room)])) : 0
    let total = afterCapture + forPlayback

    var now = monotonicMicroseconds()
    let deadline = min(captureClock.deadline(now), playbackClock.deadline(now))
    let pause = max(0, deadline - now)
    var timeout = timespec(tv_sec: Int(pause / 1_000_000), tv_nsec: Int(pause % 1_000_000) * 1_000)
    let ready = ppoll(descriptors.baseAddress, nfds_t(total), &timeout, nil)
    if ready > 0 && descriptors[0].revents != 0 { return true }

    now = monotonicMicroseconds()
    var moved = false
    if captureClock.isOpen {
      let isReady = capture.isReady(.init(rebasing: descriptors[1..<afterCapture]))
      if isReady { moved = captureFromDevice(now) || moved }
      if captureClock.isStalled(now) { lose(.capture, stalled(capture.name), now) }
    } else {
      captureFromClock(now)
    }
    if playbackClock.isOpen {
      let isReady = playback.isReady(.init(rebasing: descriptors[afterCapture..<total]))
      if isReady { moved = playToDevice(now) || moved }
      if playbackClock.isStalled(now) { lose(.playback, stalled(playback.name), now) }
    } else {
      playToClock(now)
    }
    restIfSpinning(ready > 0 && !moved)
    return false
  }

  // MARK: Capture

  private func captureFromDevice(_ now: Int64) -> Bool {
    var moved = false
    var backlog = 0
    var overruns = capture.overruns
    do throws(BoardFailure) {
      while try capture.read(into: period) == period.count {
        moved = true
        backlog += 1
        if capture.overruns != overruns { uplink.captureWasInterrupted() }
        overruns = capture.overruns
        // Taken after the read: encoding takes its time, and no sample may seem to come early.
        let read = UInt32(truncatingIfNeeded: monotonicMicroseconds())
        let samples = UnsafeBufferPointer(period)
        if uplink.capture(samples, echoDelay: echoDelay, microseconds: read) { signals.wake() }
      }
    } catch {
      lose(.capture, error, now)
      return moved
    }
    if deadline.isMissed(backlogPeriods: backlog, now) { uplink.giveUpEcho() }
    if moved { captureClock.noteProgress(now) }
    tellDropouts(.capture, capture.overruns, &captureClock, now)
    return moved
  }

  /// From the speaker's queue to the microphone's, as far as the cards know.
  private var echoDelay: Int? {
    guard playbackClock.isOpen, let heard = playback.delaySamples, let said = capture.delaySamples else {
      return nil
    }
    return heard + said
  }

  private func captureFromClock(_ now: Int64) {
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

  private func playToDevice(_ now: Int64) -> Bool {
    var moved = false
    do throws(BoardFailure) {
      let before = playback.underruns
      var room = try playback.writable()
      // After an underrun the card stands still until it is filled again.
      if playback.underruns != before { room = try playback.writable() }
      while room >= period.count {
        downlink.playback(into: period, at: UInt32(truncatingIfNeeded: monotonicMicroseconds()))
        try playback.write(UnsafeBufferPointer(period))
        uplink.played(UnsafeBufferPointer(period))
        room -= period.count
        moved = true
      }
    } catch {
      lose(.playback, error, now)
      return moved
    }
    if moved { playbackClock.noteProgress(now) }
    tellDropouts(.playback, playback.underruns, &playbackClock, now)
    return moved
  }

  private func playToClock(_ now: Int64) {
    // Drained all the same: the tracks keep their time, and nothing piles up for when the card comes back.
    for _ in 0..<playbackClock.takeDue(now).periods {
      downlink.playback(into: period, at: UInt32(truncatingIfNeeded: now))
    }
  }

  // MARK: Devices

  private func openWhatIsMissing(_ now: Int64) {
    if !captureClock.isOpen && now >= captureClock.reopenAt {
      do throws(BoardFailure) {
        let parameters = try capture.open()
        captureClock.opened(monotonicMicroseconds())
        uplink.captureWasOpened()
        lockMemory()
        tell(.opened(.capture, device: capture.name, parameters: parameters))
      } catch { failToOpen(.capture, error, &captureClock) }
    }
    if !playbackClock.isOpen && now >= playbackClock.reopenAt {
      do throws(BoardFailure) {
        let parameters = try playback.open()
        playbackClock.opened(monotonicMicroseconds())
        lockMemory()
        tell(.opened(.playback, device: playback.name, parameters: parameters))
        // Nothing says that an empty card wants samples: it starts when it has some.
        _ = playToDevice(monotonicMicroseconds())
      } catch { failToOpen(.playback, error, &playbackClock) }
    }
  }

  private func failToOpen(_ direction: AudioDirection, _ failure: BoardFailure, _ clock: inout DeviceClock) {
    clock.closed(monotonicMicroseconds())
    let reason = failure.description
    let isNew = clock.toldReason.map { !$0.utf8.elementsEqual(reason.utf8) } ?? true
    guard isNew else { return }
    clock.toldReason = reason
    tell(.unavailable(direction, reason: reason))
  }

  private func lose(_ direction: AudioDirection, _ failure: BoardFailure, _ now: Int64) {
    switch direction {
    case .capture:
      capture.close()
      captureClock.closed(now)
    case .playback:
      playback.close()
      playbackClock.closed(now)
    }
    tell(.lost(direction, reason: failure.description))
  }

  private func stalled(_ name: String) -> BoardFailure {
    .stalled(name: name, milliseconds: BoardLimits.stallMillisecondsMax)
  }

  private func tellDropouts(
    _ direction: AudioDirection, _ total: Int, _ clock: inout DeviceClock, _ now: Int64
  ) {
    guard total != clock.toldDropouts, now - clock.toldDropoutsAt >= 1_000_000 else { return }
    clock.toldDropouts = total
    clock.toldDropoutsAt = now
    tell(.dropouts(direction, total: total))
  }

  private func tell(_ event: AudioDeviceEvent) {
    if lostEvents > 0 && events.push(.eventsLost(total: lostEvents)) { lostEvents = 0 }
    if !events.push(event) { lostEvents += 1 }
    signals.wake()
  }

  // MARK: Scheduling

  /// Told once: refused now, refused always.
  private func lockMemory() {
    guard wantsLockedMemory, let refusal = askForLockedMemory() else { return }
    wantsLockedMemory = false
    tell(refusal)
  }

  /// A device that says "ready" and moves nothing must not take the processor from everybody else.
  private func restIfSpinning(_ idle: Bool) {
    idleRounds = idle ? idleRounds + 1 : 0
    guard idleRounds > 3 else { return }
    var pause = timespec(tv_sec: 0, tv_nsec: 2_000_000)
    nanosleep(&pause, nil)
  }
}
