import Base
import CLinux
import CUv

/// Calls a handler when a file descriptor can be read: input devices, GPIO lines, eventfds.
/// The descriptor stays the caller's.
public final class DescriptorWatcher {
  public let descriptor: Int32
  private let handle: UnsafeMutablePointer<uv_poll_t>
  private let onReadable: () -> Void
  private let loop: EventLoop

  /// `onReadable` has to read what is there, else it is called again at once.
  public init(_ loop: EventLoop, descriptor: Int32, onReadable: @escaping () -> Void) throws(ReactorFailure) {
    let handle = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
    var code = uv_poll_init(loop.handle, handle, descriptor)
    guard code == 0 else {
      handle.deallocate()
      throw .system(action: "watching descriptor \(descriptor)", code: code)
    }
    self.descriptor = descriptor
    self.handle = handle
    self.onReadable = onReadable
    self.loop = loop
    handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    code = Self.start(handle)
    guard code == 0 else { throw .system(action: "watching descriptor \(descriptor)", code: code) }
  }

  deinit { closeHandle(handle) }

  /// Calls no more. To be called before the descriptor is closed, unless the watcher is let go before.
  public func stop() { uv_poll_stop(handle) }

  /// Calls again, after `stop`.
  public func resume() { _ = Self.start(handle) }

  private static func start(_ handle: UnsafeMutablePointer<uv_poll_t>) -> Int32 {
    uv_poll_start(handle, Int32(UV_READABLE.rawValue)) { handle, status, _ in
      guard let data = handle?.pointee.data else { return }
      let watcher = Unmanaged<DescriptorWatcher>.fromOpaque(data).takeUnretainedValue()
      if status < 0 {
        // The descriptor went bad (a device was pulled); its next read tells the owner why.
        watcher.stop()
      }
      watcher.onReadable()
    }
  }
}

/// An eventfd and its watcher: how another thread wakes the loop without a lock.
public final class EventFDWatcher {
  /// For the other thread: `EventFDWatcher.signal(descriptor)`.
  public let descriptor: Int32
  private let watcher: DescriptorWatcher

  /// `onWake` is told how often it was signalled since it was last called.
  public init(_ loop: EventLoop, onWake: @escaping (UInt64) -> Void) throws(ReactorFailure) {
    let descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    guard descriptor >= 0 else { throw .system(action: "creating an eventfd", code: -lintel_errno()) }
    do throws(ReactorFailure) {
      watcher = try DescriptorWatcher(loop, descriptor: descriptor) {
        var count: UInt64 = 0
        guard read(descriptor, &count, 8) == 8 else { return }
        onWake(count)
      }
    } catch {
      _ = CLinux.close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  deinit {
    watcher.stop()
    _ = CLinux.close(descriptor)
  }

  /// Wakes the loop. One system call, no allocation, any thread.
  public static func signal(_ descriptor: Int32) {
    var one: UInt64 = 1
    // The only failure is a full counter, and then the loop is about to wake anyway.
    _ = CLinux.write(descriptor, &one, 8)
  }
}
