import Base
import CLinux
import CUv

/// The one loop of a program: everything in this room is driven by it, on the thread that calls `run`.
///
/// Handlers are never called from inside the call that caused them; what is known at once is delivered by
/// `later`, in the loop's next turn. Objects of this room hold the loop, so it goes away after all of them.
public final class EventLoop {
  let handle: UnsafeMutablePointer<uv_loop_t>
  private let readBuffer: UnsafeMutableRawPointer
  private let idle: UnsafeMutablePointer<uv_idle_t>
  private var postponed: [() -> Void] = []

  public init() throws(ReactorFailure) {
    // libuv looks up at most (threads + 1) / 2 names at a time: one of those that media asks for, and beside it one that
    // is to be dialled. It reads this when the pool is first used.
    setenv("UV_THREADPOOL_SIZE", "3", 1)
    // libuv writes to sockets without MSG_NOSIGNAL; a closed peer must be an error, not the end of the program.
    lintel_ignore_broken_pipes()
    handle = .allocate(capacity: 1)
    idle = .allocate(capacity: 1)
    readBuffer = .allocate(byteCount: ReactorLimits.readBufferBytes, alignment: 16)
    let code = uv_loop_init(handle)
    guard code == 0 else {
      handle.deallocate()
      idle.deallocate()
      readBuffer.deallocate()
      throw .system(action: "creating the event loop", code: code)
    }
    handle.pointee.data = readBuffer
    uv_idle_init(handle, idle)
    idle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    postponed = []
    closeHandle(idle)
    // Everything else has asked to be closed before; one run lets libuv finish that.
    uv_run(handle, UV_RUN_DEFAULT)
    uv_loop_close(handle)
    handle.deallocate()
    readBuffer.deallocate()
  }

  /// Runs until `stop` is called or nothing is left that could happen.
  public func run() { uv_run(handle, UV_RUN_DEFAULT) }

  /// Makes `run` return after the current turn. Call it from a handler.
  public func stop() { uv_stop(handle) }

  /// The monotonic clock, read anew at each call.
  public var now: Instant { Instant(microseconds: Int64(uv_hrtime() / 1000)) }

  /// Calls `work` in the loop's next turn, in the order of the calls.
  public func later(_ work: @escaping () -> Void) {
    if postponed.isEmpty {
      uv_idle_start(idle) { handle in
        guard let data = handle?.pointee.data else { return }
        Unmanaged<EventLoop>.fromOpaque(data).takeUnretainedValue().runPostponed()
      }
    }
    postponed.append(work)
  }

  private func runPostponed() {
    uv_idle_stop(idle)
    let work = postponed
    postponed = []
    for item in work { item() }
  }
}

/// libuv asks for memory right before each read and hands it back right after, so one buffer serves all.
func lendReadBuffer(
  _ handle: UnsafeMutablePointer<uv_handle_t>?, _ suggested: Int, _ buffer: UnsafeMutablePointer<uv_buf_t>?
) {
  guard let memory = handle?.pointee.loop?.pointee.data, let buffer else { return }
  buffer.pointee.base = memory.assumingMemoryBound(to: CChar.self)
  buffer.pointee.len = ReactorLimits.readBufferBytes
}

/// The bytes that a read left in the loop's buffer.
func bytesRead(_ buffer: UnsafePointer<uv_buf_t>?, _ count: Int) -> [UInt8] {
  guard count > 0, let base = buffer?.pointee.base else { return [] }
  return Array(UnsafeRawBufferPointer(start: base, count: count))
}

/// Closes a libuv handle; its memory is given back once the loop has let go of it. The owner may be gone by
/// then, so the handle forgets it first.
func closeHandle<Handle>(_ pointer: UnsafeMutablePointer<Handle>) {
  let handle = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: uv_handle_t.self)
  handle.pointee.data = nil
  uv_close(handle) { closed in UnsafeMutableRawPointer(closed)?.deallocate() }
}
