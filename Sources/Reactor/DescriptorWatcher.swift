import Base
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
