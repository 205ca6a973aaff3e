import Base
import CUv

/// How a stream came to its end. A local `close` is not reported.
public enum StreamEnd: Equatable, Sendable {
  /// The peer closed its side.
  case endOfStream
  case failed(ReactorFailure)
}

/// A TCP connection, made by `connect` (once) or accepted by a `StreamServer`, or a Unix one that was accepted:
/// reading, bounded writing and closing.
///
/// One of `onConnected` and `onEnd` follows `connect`; after `onConnected`, bytes until `onEnd` or `close`.
public final class StreamSocket {
  public var onConnected: (() -> Void)?
  public var onBytes: (([UInt8]) -> Void)?
  /// The connection could not be made (refused, unreachable), or came to its end: the peer closed, an error, or the
  /// peer left more unread than the bound.
  public var onEnd: ((StreamEnd) -> Void)?
  /// What a `write` had to leave waiting has gone out.
  public var onDrained: (() -> Void)?
  public private(set) var isOpen = true
  public private(set) var remoteAddress: SocketAddress?
  let handle: UnsafeMutablePointer<uv_stream_t>
  private let loop: EventLoop
  private let writeQueueBytesMax: Int
  private var endsAfterWriting = false

  /// A TCP socket, not connected yet.
  public convenience init(_ loop: EventLoop) throws(ReactorFailure) { try self.init(loop, .tcp) }

  init(_ loop: EventLoop, _ kind: StreamHandle.Kind) throws(ReactorFailure) {
    handle = try StreamHandle.create(loop, kind)
    self.loop = loop
    writeQueueBytesMax =
      kind == .tcp ? ReactorLimits.tcpWriteQueueBytesMax : ReactorLimits.unixWriteQueueBytesMax
    handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit { close() }

  /// Bytes accepted by `write` that the kernel has not taken yet.
  public var bytesWaiting: Int { isOpen ? handle.pointee.write_queue_size : 0 }

  public func connect(to address: SocketAddress) {
    guard isOpen, remoteAddress == nil else { return }
    remoteAddress = address
    let tcp = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_tcp_t.self)
    // Audio signalling is small messages that must not wait for each other (RFC 896).
    uv_tcp_nodelay(tcp, 1)
    let request = RequestMemory<uv_connect_t>.allocate([]).pointer
    let result = address.withSystemAddress { systemAddress in
      uv_tcp_connect(request, tcp, systemAddress) { request, status in
        guard let request else { return }
        let data = request.pointee.handle?.pointee.data
        UnsafeMutableRawPointer(request).deallocate()
        guard let data else { return }
        Unmanaged<StreamSocket>.fromOpaque(data).takeUnretainedValue().connected(status)
      }
    }
    guard result != 0 else { return }
    request.deallocate()
    end(.failed(connectFailure(result)))
  }

  /// Reads from now on, again after `pauseReading`.
  public func resumeReading() {
    guard isOpen else { return }
    let code = startReading()
    if code != 0, code != UV_EALREADY.rawValue { end(.failed(.system(action: "reading", code: code))) }
  }

  /// Leaves further bytes in the kernel until `resumeReading`, for a peer that asks faster than it reads.
  public func pauseReading() {
    if isOpen { uv_read_stop(handle) }
  }

  /// Writes at once what the kernel takes and queues the rest. false: the stream is closed, or the queue was
  /// over its bound, in which case the stream is closed now and `onEnd` follows in the loop's next turn.
  @discardableResult
  public func write(_ bytes: [UInt8]) -> Bool {
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

  /// Ends a connection, or the attempt to make one, and drops what still waits to be written. No handler is called
  /// any more.
  public func close() {
    // Even after the end, which may still have to be told.
    onEnd = nil
    guard isOpen else { return }
    shut()
  }

  /// Closes once everything written has gone out; reads nothing more.
  public func closeAfterWriting() {
    onEnd = nil
    finishWriting()
  }

  /// Tells the peer that nothing more is written, once everything written has gone out, and goes on reading. A socket
  /// that is closed while the peer still sends would throw away what the peer has not read yet (RFC 9112 §9.6).
  public func endWriting() {
    guard isOpen, !endsAfterWriting else { return }
    let request = RequestMemory<uv_shutdown_t>.allocate([]).pointer
    let code = uv_shutdown(request, handle) { request, _ in UnsafeMutableRawPointer(request)?.deallocate() }
    if code != 0 { request.deallocate() }
  }

  private func startReading() -> Int32 {
    uv_read_start(handle, lendReadBuffer) { handle, count, buffer in
      guard let data = handle?.pointee.data else { return }
      Unmanaged<StreamSocket>.fromOpaque(data).takeUnretainedValue().received(count, buffer)
    }
  }

  private func connected(_ status: Int32) {
    guard isOpen else { return }
    let code = status == 0 ? startReading() : status
    guard code == 0 else { return end(.failed(connectFailure(code))) }
    let tell = onConnected
    onConnected = nil
    tell?()
  }

  private func connectFailure(_ code: Int32) -> ReactorFailure {
    let address = remoteAddress?.description ?? "nobody"
    if code == UV_ECONNREFUSED.rawValue { return .connectionRefused(address: address) }
    return .unreachable(address: address, reason: systemWords(code))
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
    onConnected = nil
    onDrained = nil
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
      Unmanaged<StreamSocket>.fromOpaque(data).takeUnretainedValue().wrote(status)
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
