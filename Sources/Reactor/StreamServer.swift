import Base
import CLinux
import CUv

/// Listens on a TCP address or a Unix socket. It goes on listening until `close` or until it is let go.
public final class StreamServer {
  /// A new client. The server does not keep it: whoever takes it owns it; its reading starts after this call.
  public var onConnection: ((StreamSocket) -> Void)?
  public private(set) var acceptFailures = 0
  private let loop: EventLoop
  private let kind: StreamHandle.Kind
  private let handle: UnsafeMutablePointer<uv_stream_t>
  private var isOpen = true
  private var isPaused = false
  /// libuv has taken a client from the kernel, and takes no further one until that one is accepted.
  private var somebodyWaits = false
  /// The socket file that `init` made, which `close` takes away.
  private let ownPath: String?

  public convenience init(_ loop: EventLoop, address: SocketAddress) throws(ReactorFailure) {
    try self.init(loop, .tcp, place: address.description, ownPath: nil) { handle in
      let tcp = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_tcp_t.self)
      return address.withSystemAddress { uv_tcp_bind(tcp, $0, 0) }
    }
  }

  /// A socket file that nobody answers on is replaced; one that lives is an error.
  ///
  /// - Parameters:
  ///   - mode: the rights of the file, 0o660 for owner and group.
  ///   - group: the group that the file is given to, nil to leave it.
  public convenience init(
    _ loop: EventLoop, path: String, mode: UInt32, group: UInt32? = nil
  ) throws(ReactorFailure) {
    try UnixPath.removeIfStale(path)
    try self.init(
      loop, descriptor: try UnixPath.bind(path, mode: mode, group: group), path: path, ownPath: path)
  }

  /// A listening Unix socket that somebody else made, such as a service manager: its file, its rights and its group
  /// are theirs, and it goes on being theirs after `close`.
  public convenience init(_ loop: EventLoop, listening descriptor: Int32, path: String) throws(ReactorFailure)
  {
    try self.init(loop, descriptor: descriptor, path: path, ownPath: nil)
  }

  private convenience init(
    _ loop: EventLoop, descriptor: Int32, path: String, ownPath: String?
  ) throws(ReactorFailure) {
    var isTaken = false
    do throws(ReactorFailure) {
      try self.init(loop, .unix, place: path, ownPath: ownPath) { handle in
        let pipe = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_pipe_t.self)
        let code = uv_pipe_open(pipe, descriptor)
        isTaken = code == 0
        return code
      }
    } catch {
      if !isTaken { _ = CLinux.close(descriptor) }
      throw error
    }
  }

  private init(
    _ loop: EventLoop, _ kind: StreamHandle.Kind, place: String, ownPath: String?,
    bind: (UnsafeMutablePointer<uv_stream_t>) -> Int32
  ) throws(ReactorFailure) {
    let handle = try StreamHandle.create(loop, kind)
    self.loop = loop
    self.kind = kind
    self.handle = handle
    self.ownPath = ownPath
    handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    var code = bind(handle)
    if code == 0 {
      code = uv_listen(handle, ReactorLimits.backlog) { handle, status in
        guard let data = handle?.pointee.data else { return }
        Unmanaged<StreamServer>.fromOpaque(data).takeUnretainedValue().incoming(status)
      }
    }
    guard code == 0 else { throw .system(action: "listening on \(place)", code: code) }
  }

  deinit { close() }

  /// Stops listening and removes the file that `init` made. Clients that were accepted stay connected.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    onConnection = nil
    if let ownPath { unlink(ownPath) }
    closeHandle(handle)
  }

  /// Leaves new clients in the kernel's queue, which has a bound of its own, until `resumeAccepting`.
  public func pauseAccepting() { isPaused = true }

  public func resumeAccepting() {
    isPaused = false
    guard somebodyWaits, isOpen else { return }
    somebodyWaits = false
    incoming(0)
  }

  private func incoming(_ status: Int32) {
    if isPaused, status == 0 {
      somebodyWaits = true
      return
    }
    do throws(ReactorFailure) {
      guard status == 0 else { throw .system(action: "accepting", code: status) }
      let client = try StreamSocket(loop, kind)
      let code = uv_accept(handle, client.handle)
      guard code == 0 else { throw .system(action: "accepting", code: code) }
      onConnection?(client)
      client.resumeReading()
    } catch {
      acceptFailures &+= 1
    }
  }
}
