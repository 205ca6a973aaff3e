import AudioEngine
import Base
import CALSA
import CLinux

/// The thread that moves the samples of a board's microphone and speaker and runs the audio engine, and beside it one
/// of ordinary priority that opens them. The reactor starts both, watches `wakeDescriptor` for readability, and drains
/// `nextEvent` and `Uplink.pop` when it fires.
///
/// The devices are independent: while one is missing the other plays on, and the missing one's periods are paced
/// by the clock (silence in, output thrown away), so that the call does not notice. A missing device is asked for
/// again for ever: a card of the kernel when one appears, any other with pauses of 0.1 to 0.5 s.
public final class AudioThread<Board: AudioBoard> {
  /// Readable when there are new frames in the uplink or new events.
  public var wakeDescriptor: Int32 { signals.wakeDescriptor }

  /// Rounds that the thread has made: with or without devices, and with nothing to do, at least one every 1.1 s. A thread that
  /// does not is stuck in a driver.
  public var turnCount: Int { signals.turnCount }

  private let signals: AudioSignals
  private let pump: AudioPump<Board>
  private let opener: AudioOpener<Board>
  private let wait: Board.Wait
  private var threads: (audio: pthread_t, opener: pthread_t)?

  /// The board's devices belong to the thread from `start` to `stop`.
  public convenience init(_ board: Board, uplink: Uplink, downlink: Downlink) throws(BoardFailure) {
    try self.init(board, uplink: uplink, downlink: downlink, cards: DeviceWatch("snd"))
  }

  init(_ board: Board, uplink: Uplink, downlink: Downlink, cards: DeviceWatch) throws(BoardFailure) {
    signals = try AudioSignals()
    wait = board.wait
    opener = AudioOpener(board, signals, cards)
    pump = AudioPump(board, uplink: uplink, downlink: downlink, signals: signals, opener: opener)
  }

  deinit { stop() }

  /// Starts the threads. `priority` is for SCHED_FIFO, 1...99 (below the 50 of a card's interrupt, where the kernel has
  /// threads for these); nil does not ask for it. That it was refused, or that a device cannot be opened, is an event
  /// and no failure.
  public func start(priority: Int32? = 45) throws(BoardFailure) {
    guard threads == nil else { return }
    promiseOneThreadPerSoundDevice()
    if priority != nil { forgetStarting() }
    let (pump, opener) = (pump, opener)
    pump.begin()
    opener.wantsLockedMemory = priority != nil
    let opening = try startThread("start the thread that opens sound devices") {
      nameThread("lintel-opener")
      opener.run()
    }
    do throws(BoardFailure) {
      let audio = try startThread("start the audio thread") {
        nameThread("lintel-audio")
        touchAudioStack()
        if let priority, let refusal = askForRealtime(priority) { pump.tell(refusal) }
        pump.run()
      }
      threads = (audio, opening)
    } catch {
      opener.stop()
      pthread_join(opening, nil)
      throw error
    }
  }

  /// Ends the threads and closes the devices; waits at most a few periods, and a second for a device that is just
  /// being opened. One that never comes back from there is left alone, so that the program can end.
  public func stop() {
    guard let running = threads else { return }
    wait.stop()
    opener.stop()
    pthread_join(running.audio, nil)
    var patience = timespec()
    clock_gettime(CLOCK_REALTIME, &patience)
    patience.tv_sec += 1
    if pthread_timedjoin_np(running.opener, nil, &patience) == 0 { opener.closeDevices() }
    threads = nil
  }

  /// The engine has something new to do, which a thread that rests would not notice at once.
  public func wake() { wait.wake() }

  /// Call this when `wakeDescriptor` fires, before draining.
  public func acknowledgeWake() { signals.acknowledgeWake() }

  /// The oldest event that was not read.
  public func nextEvent() -> AudioDeviceEvent? { opener.events.pop() ?? pump.events.pop() }
}
