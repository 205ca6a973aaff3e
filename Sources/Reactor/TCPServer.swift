import Base
import CUv

/// Listens on a TCP address. It goes on listening until `close` or until it is let go.
public final class TCPServer {
  /// A new client. The server does not keep it: whoever takes it owns it; its reading starts after this call.
  public var onConnection: ((TCPSocket) -> Void)?
  public private(set) var acceptFailures = 0
  private let loop: EventLoop
  private let handle: UnsafeMutablePointer<uv_tcp_t>
  private var isOpen = true

  public init(_ loop: EventLoop, address: SocketAddress) throws(ReactorFailure) {
    let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    var code = uv_tcp_init(loop.handle, handle)
    guard code == 0 else {
      handle.deallocate()
      throw .system(action: "creating a TCP socket", code: code)
    }
    self.loop = loop
    self.handle = handle
    handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    code = address.withSystemAddress { uv_tcp_bind(handle, $0, 0) }
    if code == 0 {
      let stream = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
      code = uv_listen(stream, ReactorLimits.backlog) { stream, status in
        guard let data = stream?.pointee.data else { return }
        Unmanaged<TCPServer>.fromOpaque(data).takeUnretainedValue().incoming(status)
      }
    }
    guard code == 0 else { throw .system(action: "listening on \(address)", code: code) }
  }

  deinit { close() }

  /// Stops listening. Clients that were accepted stay connected.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    onConnection = nil
    closeHandle(handle)
  }

  private func incoming(_ status: Int32) {
    let stream = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    do throws(ReactorFailure) {
      guard status == 0 else { throw .system(action: "accepting", code: status) }
      let client = try TCPSocket(loop)
      let code = client.accept(from: stream)
      guard code == 0 else { throw .system(action: "accepting", code: code) }
      onConnection?(client)
      client.startReading()
    } catch {
      acceptFailures += 1
    }
  }
}
