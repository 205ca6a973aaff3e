import Base
import CLinux
import CUv

/// A bound UDP socket of one address family.
public final class UDPSocket {
  public enum SendResult: Equatable, Sendable {
    case sent
    /// The kernel's buffer is full; it goes out when there is room.
    case queued
    /// It may not wait, or the queue is full too; counted in `dropped`.
    case dropped
    /// The system refused (no route, not permitted); counted in `sendFailures`. A negative errno.
    case failed(Int32)
  }

  /// A datagram and where it came from.
  public var onDatagram: (([UInt8], SocketAddress) -> Void)?
  /// The address that it is bound to, with the port that the system chose.
  public let localAddress: SocketAddress
  public private(set) var dropped = 0
  public private(set) var sendFailures = 0
  /// Errors that the system reported while receiving, and datagrams longer than the buffer.
  public private(set) var receiveFailures = 0
  private let loop: EventLoop
  private let handle: UnsafeMutablePointer<uv_udp_t>
  private var isOpen = true

  /// Binds to `address`; port 0 lets the system choose.
  public init(_ loop: EventLoop, bindTo address: SocketAddress) throws(ReactorFailure) {
    let handle = UnsafeMutablePointer<uv_udp_t>.allocate(capacity: 1)
    let created = uv_udp_init(loop.handle, handle)
    guard created == 0 else {
      handle.deallocate()
      throw .system(action: "creating a UDP socket", code: created)
    }
    handle.pointee.data = nil
    let flags = address.ip.family == .v6 ? UV_UDP_IPV6ONLY.rawValue : 0
    let bound = address.withSystemAddress { uv_udp_bind(handle, $0, flags) }
    guard bound == 0, let local = SocketAddress.read({ uv_udp_getsockname(handle, $0, $1) }) else {
      closeHandle(handle)
      throw .system(action: "binding UDP \(address)", code: bound)
    }
    self.loop = loop
    self.handle = handle
    localAddress = local
    prefer(address.ip.family)
    handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    let started = uv_udp_recv_start(
      handle, lendReadBuffer,
      { handle, count, buffer, source, flags in
        guard let data = handle?.pointee.data else { return }
        let socket = Unmanaged<UDPSocket>.fromOpaque(data).takeUnretainedValue()
        socket.received(count, buffer, source, truncated: flags & UV_UDP_PARTIAL.rawValue != 0)
      })
    guard started == 0 else { throw .system(action: "reading from UDP \(local)", code: started) }
  }

  deinit { close() }

  /// Sends at once where the kernel takes it, else queues within the limit what may wait. Never blocks.
  @discardableResult
  public func send(_ bytes: [UInt8], to destination: SocketAddress, mayWait: Bool = true) -> SendResult {
    guard isOpen else { return .failed(UV_EBADF.rawValue) }
    let result = destination.withSystemAddress { address in
      bytes.withUnsafeBytes { memory in
        var buffer = uv_buf_t(
          base: UnsafeMutablePointer(mutating: memory.baseAddress?.assumingMemoryBound(to: CChar.self)),
          len: memory.count)
        return uv_udp_try_send(handle, &buffer, 1, address)
      }
    }
    if result >= 0 { return .sent }
    guard result == UV_EAGAIN.rawValue || result == UV_ENOBUFS.rawValue else {
      sendFailures &+= 1
      return .failed(result)
    }
    guard mayWait else {
      dropped &+= 1
      return .dropped
    }
    return enqueue(bytes, to: destination)
  }

  /// Voice goes first where anybody looks at it (RFC 8837: EF; on Wi-Fi the voice queue), and little of it waits in
  /// the kernel: what a stalled network keeps for seconds is not worth sending any more. All of it is as well as
  /// may be.
  private func prefer(_ family: IPAddress.Family) {
    let any = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    var bytes = Int32(ReactorLimits.datagramSendBufferBytes)
    uv_send_buffer_size(any, &bytes)
    var descriptor: Int32 = -1
    if uv_fileno(any, &descriptor) == 0 { lintel_expedite(descriptor, family == .v6 ? 1 : 0) }
  }

  /// No handler is called any more; the port is free after the loop's current turn.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    onDatagram = nil
    closeHandle(handle)
  }

  private func enqueue(_ bytes: [UInt8], to destination: SocketAddress) -> SendResult {
    guard uv_udp_get_send_queue_count(handle) < ReactorLimits.datagramsWaitingMax else {
      dropped &+= 1
      return .dropped
    }
    // The request and the bytes share one allocation, which the callback frees.
    let request = RequestMemory<uv_udp_send_t>.allocate(bytes[...])
    var buffer = request.buffer
    let result = destination.withSystemAddress { address in
      uv_udp_send(request.pointer, handle, &buffer, 1, address) { request, status in
        guard let request else { return }
        if status < 0, status != UV_ECANCELED.rawValue, let data = request.pointee.handle?.pointee.data {
          Unmanaged<UDPSocket>.fromOpaque(data).takeUnretainedValue().sendFailures += 1
        }
        UnsafeMutableRawPointer(request).deallocate()
      }
    }
    guard result == 0 else {
      request.pointer.deallocate()
      sendFailures &+= 1
      return .failed(result)
    }
    return .queued
  }

  private func received(
    _ count: Int, _ buffer: UnsafePointer<uv_buf_t>?, _ source: UnsafePointer<sockaddr>?, truncated: Bool
  ) {
    // libuv says "nothing more for now" with neither bytes nor a source.
    if count == 0, source == nil { return }
    guard count >= 0, !truncated, let address = SocketAddress(system: source) else {
      receiveFailures &+= 1
      return
    }
    onDatagram?(bytesRead(buffer, count), address)
  }
}
