import Base
import CUv

/// A one-shot timer that may be set again and again. It never fires early.
public final class Timer {
  /// Called once for each `schedule` that was not replaced or cancelled.
  public var onFire: (() -> Void)?
  /// When it will fire; nil while it is not set.
  public private(set) var deadline: Instant?
  private let loop: EventLoop
  private let handle: UnsafeMutablePointer<uv_timer_t>

  public init(_ loop: EventLoop, onFire: (() -> Void)? = nil) {
    self.loop = loop
    self.onFire = onFire
    handle = .allocate(capacity: 1)
    uv_timer_init(loop.handle, handle)
    handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit { closeHandle(handle) }

  /// Fires at `instant`, or a millisecond from now if that is past. Replaces what was set before.
  public func schedule(at instant: Instant) {
    // An owner that waits for the same as before says so after each packet.
    guard instant != deadline else { return }
    deadline = instant
    start(after: instant.microseconds(since: loop.now))
  }

  public func schedule(afterMilliseconds milliseconds: Int) {
    schedule(at: loop.now.advanced(byMilliseconds: milliseconds))
  }

  public func cancel() {
    deadline = nil
    uv_timer_stop(handle)
  }

  private func start(after microseconds: Int64) {
    // The loop's idea of now is as old as its current turn.
    uv_update_time(loop.handle)
    // Never 0: libuv would fire a timer that sets itself anew again in the same turn, and no socket would be read.
    let milliseconds = UInt64(max(1, (microseconds + 999) / 1000))
    uv_timer_start(
      handle,
      { handle in
        guard let data = handle?.pointee.data else { return }
        Unmanaged<Timer>.fromOpaque(data).takeUnretainedValue().expired()
      }, milliseconds, 0)
  }

  private func expired() {
    guard let deadline else { return }
    // libuv counts whole milliseconds from a truncated start, so it can be a fraction too early.
    let left = deadline.microseconds(since: loop.now)
    guard left <= 0 else { return start(after: left) }
    self.deadline = nil
    onFire?()
  }
}
