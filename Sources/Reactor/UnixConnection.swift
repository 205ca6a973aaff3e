import Base
import CLinux
import CUv

/// Who is at the other end of a Unix socket, as the kernel says (SO_PEERCRED).
public struct PeerCredentials: Equatable, Sendable {
  public let processIdentifier: Int32
  public let userIdentifier: UInt32
  public let groupIdentifier: UInt32
}

/// One end of a Unix stream socket: accepted by a `UnixServer`, or made by `connect`.
public final class UnixConnection {
  public var onConnected: (() -> Void)?
  public var onBytes: (([UInt8]) -> Void)? {
    get { stream.onBytes }
    set { stream.onBytes = newValue }
  }
  /// The peer closed, an error, or the peer left more unread than the bound; also when `connect` fails.
  public var onEnd: ((StreamEnd) -> Void)? {
    get { stream.onEnd }
    set { stream.onEnd = newValue }
  }
  /// What a `write` had to leave waiting has gone out.
  public var onDrained: (() -> Void)? {
    get { stream.onDrained }
    set { stream.onDrained = newValue }
  }
  private let loop: EventLoop
  let handle: UnsafeMutablePointer<uv_pipe_t>
  private let stream: ByteStream

  /// A connection that is to be made with `connect`.
  public init(_ loop: EventLoop) throws(ReactorFailure) {
    let handle = UnsafeMutablePointer<uv_pipe_t>.allocate(capacity: 1)
    let created = uv_pipe_init(loop.handle, handle, 0)
    guard created == 0 else {
      handle.deallocate()
      throw .system(action: "creating a Unix socket", code: created)
    }
    self.loop = loop
    self.handle = handle
    stream = ByteStream(
      loop, owning: UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self),
      writeQueueBytesMax: ReactorLimits.unixWriteQueueBytesMax)
  }

  deinit { close() }

  public var isOpen: Bool { stream.isOpen }
  public var bytesWaiting: Int { stream.bytesWaiting }

  /// nil once the connection is closed.
  public var peerCredentials: PeerCredentials? {
    var descriptor: Int32 = -1
    let base = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    guard isOpen, uv_fileno(base, &descriptor) == 0 else { return nil }
    var credentials = ucred()
    var length = socklen_t(MemoryLayout<ucred>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
    return PeerCredentials(
      processIdentifier: credentials.pid, userIdentifier: credentials.uid,
      groupIdentifier: credentials.gid)
  }

  /// All groups of the peer, its first among them (SO_PEERGROUPS, socket(7)); none once it is closed.
  public var peerGroups: [UInt32] {
    var descriptor: Int32 = -1
    let base = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    guard let first = peerCredentials?.groupIdentifier, uv_fileno(base, &descriptor) == 0 else { return [] }
    var groups = [UInt32](repeating: first, count: ReactorLimits.peerGroupsMax)
    var length = socklen_t(groups.count * MemoryLayout<UInt32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, &groups, &length) == 0 else { return [first] }
    return [first] + groups.prefix(Int(length) / MemoryLayout<UInt32>.size)
  }

  /// Connects to the socket at `path`; `onConnected` or `onEnd` follows.
  public func connect(to path: String) {
    guard isOpen else { return }
    guard path.utf8.count <= UnixPath.bytesMax else {
      return fail(.pathTooLong(path: path))
    }
    self.path = path
    stream.onConnect = { [back = Unowned(self)] in back.owner.connected($0) }
    _ = stream.connectRequest { request, callback in
      uv_pipe_connect(request, handle, path, callback)
      return 0
    }
  }

  /// false: closed, or the peer's unread bytes went over the bound and the connection ends.
  @discardableResult
  public func write(_ bytes: [UInt8]) -> Bool { stream.write(bytes) }

  /// Leaves further bytes in the kernel until `resumeReading`, for a client that asks faster than it reads.
  public func pauseReading() { stream.stopReading() }

  public func resumeReading() { startReading() }

  /// No handler is called any more; what waits to be written is dropped.
  public func close() {
    onConnected = nil
    stream.close()
  }

  /// Closes once everything written has gone out.
  public func closeAfterWriting() {
    onConnected = nil
    stream.closeAfterWriting()
  }

  func startReading() {
    guard isOpen else { return }
    let code = stream.startReading()
    if code != 0, code != UV_EALREADY.rawValue { fail(.system(action: "reading", code: code)) }
  }

  private var path = ""

  private func connected(_ status: Int32) {
    guard status == 0 else {
      return fail(.system(action: "connecting to \(path)", code: status))
    }
    startReading()
    let tell = onConnected
    onConnected = nil
    tell?()
  }

  private func fail(_ failure: ReactorFailure) {
    onConnected = nil
    stream.fail(failure)
  }
}
