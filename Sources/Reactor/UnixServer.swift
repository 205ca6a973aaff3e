import Base
import CLinux
import CUv

/// Listens on a Unix stream socket. It goes on listening until `close` or until it is let go.
public final class UnixServer {
  /// A new client. The server does not keep it: whoever takes it owns it; its reading starts after this call.
  public var onConnection: ((UnixConnection) -> Void)?
  public private(set) var acceptFailures = 0
  public let path: String
  private let loop: EventLoop
  private let handle: UnsafeMutablePointer<uv_pipe_t>
  private var isOpen = true
  /// Who made the socket file takes it away.
  private let ownsPath: Bool

  /// A socket file that nobody answers on is replaced; one that lives is an error.
  ///
  /// - Parameters:
  ///   - mode: the rights of the file, 0o660 for owner and group.
  ///   - group: the group that the file is given to (see `groupIdentifier`), nil to leave it.
  public convenience init(
    _ loop: EventLoop, path: String, mode: UInt32, group: UInt32? = nil
  ) throws(ReactorFailure) {
    try UnixPath.removeIfStale(path)
    try self.init(
      loop, descriptor: try UnixPath.bind(path, mode: mode, group: group), path: path, ownsPath: true)
  }

  /// A listening socket that somebody else made, such as a service manager: its file, its rights and its group are
  /// theirs, and it goes on being theirs after `close`.
  public convenience init(_ loop: EventLoop, listening descriptor: Int32, path: String) throws(ReactorFailure)
  {
    try self.init(loop, descriptor: descriptor, path: path, ownsPath: false)
  }

  private init(_ loop: EventLoop, descriptor: Int32, path: String, ownsPath: Bool) throws(ReactorFailure) {
    let handle = UnsafeMutablePointer<uv_pipe_t>.allocate(capacity: 1)
    var code = uv_pipe_init(loop.handle, handle, 0)
    guard code == 0 else {
      handle.deallocate()
      _ = CLinux.close(descriptor)
      throw .system(action: "creating a Unix socket", code: code)
    }
    code = uv_pipe_open(handle, descriptor)
    guard code == 0 else {
      closeHandle(handle)
      _ = CLinux.close(descriptor)
      throw .system(action: "listening on \(path)", code: code)
    }
    self.loop = loop
    self.handle = handle
    self.path = path
    self.ownsPath = ownsPath
    handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    let stream = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    code = uv_listen(stream, ReactorLimits.backlog) { stream, status in
      guard let data = stream?.pointee.data else { return }
      Unmanaged<UnixServer>.fromOpaque(data).takeUnretainedValue().incoming(status)
    }
    guard code == 0 else { throw .system(action: "listening on \(path)", code: code) }
  }

  deinit { close() }

  /// Stops listening and removes the file that `init` made. Clients that were accepted stay connected.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    onConnection = nil
    if ownsPath { unlink(path) }
    closeHandle(handle)
  }

  /// The number of a group, nil if there is none of that name.
  public static func groupIdentifier(named name: String) -> UInt32? {
    guard let entry = getgrnam(name) else { return nil }
    return entry.pointee.gr_gid
  }

  private func incoming(_ status: Int32) {
    let stream = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    do throws(ReactorFailure) {
      guard status == 0 else { throw .system(action: "accepting on \(path)", code: status) }
      let client = try UnixConnection(loop)
      let clientStream = UnsafeMutableRawPointer(client.handle).assumingMemoryBound(to: uv_stream_t.self)
      let code = uv_accept(stream, clientStream)
      guard code == 0 else { throw .system(action: "accepting on \(path)", code: code) }
      onConnection?(client)
      client.startReading()
    } catch {
      acceptFailures += 1
    }
  }
}
