import Base
import CLinux
import Synchronization

/// Keeps both devices of a board, on a thread of ordinary priority: while it opens one of them, which may take a tenth
/// of a second and more, the audio thread moves the samples of the other.
final class AudioOpener<Board: AudioBoard>: @unchecked Sendable {
  let capture: DeviceKeeper<Board.Capture>
  let playback: DeviceKeeper<Board.Playback>
  let events = AudioEventQueue()
  /// Memory is to be locked anew whenever a device was opened, as that brings libraries and buffers.
  var wantsLockedMemory = false
  private let wait: Board.Wait
  private let signals: AudioSignals
  private let cards: DeviceWatch
  private let isStopped = Atomic<Bool>(false)
  private var lostEvents = 0

  init(_ board: Board, _ signals: AudioSignals, _ cards: DeviceWatch = DeviceWatch("snd")) {
    self.signals = signals
    self.cards = cards
    wait = board.wait
    let now = board.wait.now
    let areTold = cards.descriptor >= 0
    capture = DeviceKeeper(board.capture, .capture, cardsAreTold: areTold, now: now)
    playback = DeviceKeeper(board.playback, .playback, cardsAreTold: areTold, now: now)
  }

  /// The thread's body, until `stop`.
  func run() {
    while !isStopped.load(ordering: .acquiring) {
      cards.look()
      let (heard, played) = (capture.isRunning, playback.isRunning)
      let due = work().map { max(0, $0.milliseconds(since: wait.now) + 1) }
      // The audio thread may be about to wait for long.
      if capture.isRunning && !heard || playback.isRunning && !played { wait.wake() }
      signals.awaitOpener(milliseconds: due, or: cards.descriptor)
      if cards.takeChange() {
        capture.cardsChanged(wait.now)
        playback.cardsChanged(wait.now)
      }
    }
  }

  /// Does what is due. Answers when there is more to do, nil if not before a device is given back.
  func work() -> Instant? {
    let now = { self.wait.now }
    let tell = { (event: AudioDeviceEvent) in self.tell(event) }
    return earliest(capture.work(now: now, tell: tell), playback.work(now: now, tell: tell))
  }

  /// From any thread.
  func stop() {
    isStopped.store(true, ordering: .releasing)
    signals.wakeOpener()
  }

  /// When both threads have ended.
  func closeDevices() {
    capture.close()
    playback.close()
  }

  private func tell(_ event: AudioDeviceEvent) {
    if case .opened = event { lockMemory() }
    push(event)
  }

  private func push(_ event: AudioDeviceEvent) {
    if lostEvents > 0 && events.push(.eventsLost(total: lostEvents)) { lostEvents = 0 }
    if !events.push(event) { lostEvents += 1 }
    signals.wake()
  }

  /// Told once: refused now, refused always.
  private func lockMemory() {
    guard wantsLockedMemory, let refusal = askForLockedMemory() else { return }
    wantsLockedMemory = false
    push(refusal)
  }
}
