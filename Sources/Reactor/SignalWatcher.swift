import Base
import CLinux
import CUv

/// Calls a handler on the loop's thread when the process gets a signal.
public final class SignalWatcher {
  public enum Signal: Sendable {
    case terminate
    case interrupt
    case hangUp
    case user1

    var number: Int32 {
      switch self {
      case .terminate: SIGTERM
      case .interrupt: SIGINT
      case .hangUp: SIGHUP
      case .user1: SIGUSR1
      }
    }
  }

  private let handle: UnsafeMutablePointer<uv_signal_t>
  private let onSignal: () -> Void
  /// Keeps the loop alive as long as its handles are.
  private let loop: EventLoop

  public init(_ loop: EventLoop, _ signal: Signal, onSignal: @escaping () -> Void) throws(ReactorFailure) {
    let handle = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)
    var code = uv_signal_init(loop.handle, handle)
    guard code == 0 else {
      handle.deallocate()
      throw .system(action: "watching a signal", code: code)
    }
    self.handle = handle
    self.onSignal = onSignal
    self.loop = loop
    handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    code = uv_signal_start(
      handle,
      { handle, _ in
        guard let data = handle?.pointee.data else { return }
        Unmanaged<SignalWatcher>.fromOpaque(data).takeUnretainedValue().onSignal()
      }, signal.number)
    guard code == 0 else { throw .system(action: "watching signal \(signal.number)", code: code) }
  }

  deinit { closeHandle(handle) }
}
