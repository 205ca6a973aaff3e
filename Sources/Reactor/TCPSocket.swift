import Base
import CUv

/// A TCP connection: made by `connect`, which may be called once, or accepted by a `TCPServer`.
///
/// One of `onConnected` and `onEnd` follows `connect`; after `onConnected`, bytes until `onEnd` or `close`.
public final class TCPSocket {
  public var onConnected: (() -> Void)?
  public var onBytes: (([UInt8]) -> Void)? {
    get { stream.onBytes }
    set { stream.onBytes = newValue }
  }
  /// The connection could not be made (refused, unreachable) or came to its end.
  public var onEnd: ((StreamEnd) -> Void)? {
    get { stream.onEnd }
    set { stream.onEnd = newValue }
  }
  public private(set) var remoteAddress: SocketAddress?
  private let loop: EventLoop
  private let handle: UnsafeMutablePointer<uv_tcp_t>
  private let stream: ByteStream

  public init(_ loop: EventLoop) throws(ReactorFailure) {
    let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    let created = uv_tcp_init(loop.handle, handle)
    guard created == 0 else {
      handle.deallocate()
      throw .system(action: "creating a TCP socket", code: created)
    }
    self.loop = loop
    self.handle = handle
    stream = ByteStream(
      loop, owning: UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self),
      writeQueueBytesMax: ReactorLimits.tcpWriteQueueBytesMax)
  }

  deinit { close() }

  public var isOpen: Bool { stream.isOpen }
  public var bytesWaiting: Int { stream.bytesWaiting }

  /// The local address, once connected.
  public var localAddress: SocketAddress? {
    isOpen ? SocketAddress.read { uv_tcp_getsockname(handle, $0, $1) } : nil
  }

  public func connect(to address: SocketAddress) {
    guard isOpen, remoteAddress == nil else { return }
    remoteAddress = address
    // Audio signalling is small messages that must not wait for each other (RFC 896).
    uv_tcp_nodelay(handle, 1)
    stream.onConnect = { [back = Unowned(self)] in back.owner.connected($0) }
    let result = stream.connectRequest { request, callback in
      address.withSystemAddress { uv_tcp_connect(request, handle, $0, callback) }
    }
    if result != 0 { stream.fail(connectFailure(result)) }
  }

  @discardableResult
  public func write(_ bytes: [UInt8]) -> Bool { stream.write(bytes) }

  /// Ends a connection, or the attempt to make one. No handler is called any more.
  public func close() {
    onConnected = nil
    stream.close()
  }

  /// Closes once everything written has gone out.
  public func closeAfterWriting() {
    onConnected = nil
    stream.closeAfterWriting()
  }

  /// Takes a client of a `TCPServer`; 0 or a libuv error.
  func accept(from server: UnsafeMutablePointer<uv_stream_t>) -> Int32 {
    uv_accept(server, UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self))
  }

  func startReading() {
    guard isOpen else { return }
    let code = stream.startReading()
    if code != 0 { stream.fail(.system(action: "reading", code: code)) }
  }

  private func connected(_ status: Int32) {
    let code = status == 0 ? stream.startReading() : status
    guard code == 0 else { return stream.fail(connectFailure(code)) }
    let tell = onConnected
    onConnected = nil
    tell?()
  }

  private func connectFailure(_ code: Int32) -> ReactorFailure {
    let address = remoteAddress?.description ?? "nobody"
    if code == UV_ECONNREFUSED.rawValue { return .connectionRefused(address: address) }
    return .unreachable(address: address, reason: systemWords(code))
  }
}
