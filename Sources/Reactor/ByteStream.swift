import CUv

/// How a stream came to its end. A local `close` is not reported.
public enum StreamEnd: Equatable, Sendable {
  /// The peer closed its side.
  case endOfStream
  case failed(ReactorFailure)
}

/// Reading, bounded writing and closing of a libuv stream: what TCP and Unix connections share.
///
/// The handle is a `uv_tcp_t` or a `uv_pipe_t`, allocated by the owner and given back here.
final class ByteStream {
  var onBytes: (([UInt8]) -> Void)?
  var onEnd: ((StreamEnd) -> Void)?
  /// The kernel took everything that had to wait.
  var onDrained: (() -> Void)?
  /// The result of a connect request that was made with `connectRequest`.
  var onConnect: ((Int32) -> Void)?
  private let loop: EventLoop
  private let handle: UnsafeMutablePointer<uv_stream_t>
  private let writeQueueBytesMax: Int
  private(set) var isOpen = true
  private var endsAfterWriting = false

  init(_ loop: EventLoop, owning handle: UnsafeMutablePointer<uv_stream_t>, writeQueueBytesMax: Int) {
    self.loop = loop
    self.handle = handle
    self.writeQueueBytesMax = writeQueueBytesMax
    handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit { close() }

  /// Bytes accepted by `write` that the kernel has not taken yet.
  var bytesWaiting: Int { isOpen ? handle.pointee.write_queue_size : 0 }

  func startReading() -> Int32 {
    uv_read_start(handle, lendReadBuffer) { handle, count, buffer in
      guard let data = handle?.pointee.data else { return }
      Unmanaged<ByteStream>.fromOpaque(data).takeUnretainedValue().received(count, buffer)
    }
  }

  /// Leaves further bytes in the kernel, which slows the peer down, until `startReading`.
  func stopReading() {
    if isOpen { uv_read_stop(handle) }
  }

  /// Writes at once what the kernel takes and queues the rest. false: the stream is closed, or the queue was
  /// over its bound, in which case the stream is closed now and `onEnd` follows in the loop's next turn.
  @discardableResult
  func write(_ bytes: [UInt8]) -> Bool {
    guard isOpen, !endsAfterWriting else { return false }
    var taken = 0
    if handle.pointee.write_queue_size == 0 {
      let result = bytes.withUnsafeBytes { memory in
        var buffer = uv_buf_t(
          base: UnsafeMutablePointer(mutating: memory.baseAddress?.assumingMemoryBound(to: CChar.self)),
          len: memory.count)
        return uv_try_write(handle, &buffer, 1)
      }
      if result < 0, result != UV_EAGAIN.rawValue {
        end(.failed(.system(action: "writing", code: result)))
        return false
      }
      taken = max(0, Int(result))
    }
    guard taken < bytes.count else { return true }
    guard handle.pointee.write_queue_size + bytes.count - taken <= writeQueueBytesMax else {
      end(.failed(.writeQueueFull(limitBytes: writeQueueBytesMax)))
      return false
    }
    return enqueue(bytes[taken...])
  }

  /// Drops what still waits to be written and closes.
  func close() {
    // Even after the end, which may still have to be told.
    onEnd = nil
    guard isOpen else { return }
    shut()
  }

  /// Closes once everything written has gone out; reads nothing more.
  func closeAfterWriting() {
    onEnd = nil
    finishWriting()
  }

  /// Closes and reports `failure` in the loop's next turn.
  func fail(_ failure: ReactorFailure) { end(.failed(failure)) }

  /// A connect request whose result goes to `onConnect`, as long as this stream is open.
  func connectRequest(
    _ start: (UnsafeMutablePointer<uv_connect_t>, @escaping uv_connect_cb) -> Int32
  ) -> Int32 {
    let request = RequestMemory<uv_connect_t>.allocate([]).pointer
    let result = start(request) { request, status in
      guard let request else { return }
      let data = request.pointee.handle?.pointee.data
      UnsafeMutableRawPointer(request).deallocate()
      guard let data else { return }
      Unmanaged<ByteStream>.fromOpaque(data).takeUnretainedValue().connected(status)
    }
    if result != 0 { request.deallocate() }
    return result
  }

  private func connected(_ status: Int32) {
    let tell = onConnect
    onConnect = nil
    tell?(status)
  }

  private func finishWriting() {
    guard isOpen else { return }
    onBytes = nil
    endsAfterWriting = true
    uv_read_stop(handle)
    if handle.pointee.write_queue_size == 0 { shut() }
  }

  private func shut() {
    isOpen = false
    onBytes = nil
    onConnect = nil
    closeHandle(handle)
  }

  private func enqueue(_ bytes: ArraySlice<UInt8>) -> Bool {
    let request = RequestMemory<uv_write_t>.allocate(bytes)
    var buffer = request.buffer
    let result = uv_write(request.pointer, handle, &buffer, 1) { request, status in
      guard let request else { return }
      let data = request.pointee.handle?.pointee.data
      UnsafeMutableRawPointer(request).deallocate()
      guard let data else { return }
      Unmanaged<ByteStream>.fromOpaque(data).takeUnretainedValue().wrote(status)
    }
    guard result == 0 else {
      request.pointer.deallocate()
      end(.failed(.system(action: "writing", code: result)))
      return false
    }
    return true
  }

  private func wrote(_ status: Int32) {
    guard isOpen else { return }
    if endsAfterWriting {
      if status < 0 || handle.pointee.write_queue_size == 0 { shut() }
    } else if status < 0 {
      end(.failed(.system(action: "writing", code: status)))
    } else if handle.pointee.write_queue_size == 0 {
      onDrained?()
    }
  }

  private func received(_ count: Int, _ buffer: UnsafePointer<uv_buf_t>?) {
    if count > 0 {
      onBytes?(bytesRead(buffer, count))
    } else if count == Int(UV_EOF.rawValue) {
      end(.endOfStream)
    } else if count < 0 {
      end(.failed(.system(action: "reading", code: Int32(count))))
    }
  }

  /// Closes now and tells the owner in the loop's next turn, because this may be inside the owner's `write`. If
  /// the owner closes before that, it is not told.
  private func end(_ reason: StreamEnd) {
    guard isOpen, !endsAfterWriting else { return }
    if reason == .endOfStream {
      // The peer may have closed only its writing side and still wait for the answer.
      finishWriting()
    } else {
      shut()
    }
    loop.later {
      let tell = self.onEnd
      self.onEnd = nil
      tell?(reason)
    }
  }
}
