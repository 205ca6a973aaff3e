import AudioEngine
import Base
import CLinux

/// The thread that owns a board's microphone and speaker and runs the audio engine. The reactor starts it, watches
/// `wakeDescriptor` for readability, and drains `nextEvent` and `Uplink.pop` when it fires.
///
/// The devices are independent: while one is missing the other plays on, and the missing one's periods are paced
/// by the clock (silence in, output thrown away), so that the call does not notice. A missing device is asked for
/// again for ever, with pauses of 0.1 to 0.5 s.
public final class AudioThread<Board: AudioBoard> {
  /// Readable when there are new frames in the uplink or new events.
  public var wakeDescriptor: Int32 { signals.wakeDescriptor }

  /// Rounds that the thread has made: with or without devices, it makes one at least every 1.1 s. A thread that
  /// does not is stuck in a driver.
  public var turnCount: Int { signals.turnCount }

  private let signals: AudioSignals
  private let events = AudioEventQueue()
  private let pump: AudioPump<Board>
  private let wait: Board.Wait
  private var thread: pthread_t?

  /// The board's devices belong to the thread from `start` to `stop`.
  public init(_ board: Board, uplink: Uplink, downlink: Downlink) throws(BoardFailure) {
    signals = try AudioSignals()
    wait = board.wait
    pump = AudioPump(board, uplink: uplink, downlink: downlink, signals: signals, events: events)
  }

  deinit { stop() }

  /// Starts the thread. `priority` is for SCHED_FIFO, 1...99; nil does not ask for it. That it was refused, or
  /// that a device cannot be opened, is an event and no failure.
  public func start(priority: Int32? = 50) throws(BoardFailure) {
    guard thread == nil else { return }
    promiseOneThreadPerSoundDevice()
    let pump = self.pump
    let body = ThreadBody {
      settleAudioThread()
      if let priority { pump.askForPrecedence(priority) }
      pump.run()
    }
    let argument = Unmanaged.passRetained(body).toOpaque()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, BoardLimits.audioThreadStackBytes)
    var started = pthread_t()
    let code = pthread_create(&started, &attributes, runThreadBody, argument)
    guard code == 0 else {
      Unmanaged<ThreadBody>.fromOpaque(argument).release()
      throw .system(operation: "start the audio thread", reason: systemReason(code))
    }
    thread = started
  }

  /// Ends the thread and closes the devices; waits for it (at most a few periods, or for a device that is just
  /// being opened).
  public func stop() {
    guard let running = thread else { return }
    wait.stop()
    pthread_join(running, nil)
    thread = nil
  }

  /// Call this when `wakeDescriptor` fires, before draining.
  public func acknowledgeWake() { signals.acknowledgeWake() }

  /// The oldest event that was not read.
  public func nextEvent() -> AudioDeviceEvent? { events.pop() }
}

/// What a C thread function gets: Swift closures do not fit through a C pointer.
private final class ThreadBody {
  let run: () -> Void
  init(_ run: @escaping () -> Void) { self.run = run }
}

private func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
  return nil
}
