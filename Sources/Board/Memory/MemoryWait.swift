import Base
import Synchronization

/// Lets the time of a board in memory pass: as far as somebody waits, or until a device is ready.
public final class MemoryWait: AudioWait {
  /// When `wait` answers that it is time to end, as after `stop`; nil: never.
  public var end: Instant?
  /// By how many microseconds somebody wakes too late, at each wait.
  public var lateMicroseconds: (Instant) -> Int = { _ in 0 }
  /// Called whenever time has passed.
  public var onPass: ((Instant) -> Void)?
  /// Times that somebody waited, and those of them that were rests.
  public private(set) var waits = 0
  public private(set) var rests = 0
  private let clock: MemoryClock
  private let capture: MemoryCapture
  private let playback: MemoryPlayback
  private let isStopped = Atomic<Bool>(false)
  private let isWoken = Atomic<Bool>(false)

  init(_ clock: MemoryClock, _ capture: MemoryCapture, _ playback: MemoryPlayback) {
    self.clock = clock
    self.capture = capture
    self.playback = playback
  }

  public var now: Instant { clock.now }

  public func wait(until deadline: Instant, capture wantsCapture: Bool, playback wantsPlayback: Bool) -> Bool
  {
    waits += 1
    // No wait is free, as no call of a kernel is: time goes on also where everything is always ready.
    let least = now.advanced(byMicroseconds: 10)
    let ready =
      earliest(wantsCapture ? capture.readyAt : nil, wantsPlayback ? playback.readyAt : nil) ?? deadline
    let until = isWoken.exchange(false, ordering: .acquiring) ? least : max(least, min(deadline, ready))
    pass(to: until.advanced(byMicroseconds: lateMicroseconds(now)))
    return isStopped.load(ordering: .acquiring) || (end.map { $0 <= now } ?? false)
  }

  public func rest(until deadline: Instant) {
    rests += 1
    pass(to: deadline)
  }

  public func wake() { isWoken.store(true, ordering: .releasing) }

  public func stop() { isStopped.store(true, ordering: .releasing) }

  private func pass(to instant: Instant) {
    clock.now = max(clock.now, instant)
    onPass?(clock.now)
  }
}
