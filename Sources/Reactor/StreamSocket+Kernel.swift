import CLinux
import CUv

/// What only the kernel knows of a connection.
extension StreamSocket {
  /// What waits here and in the kernel. What was sent and is not acknowledged does not count: on a good path that is
  /// a round trip's worth, and nothing waits behind it.
  var unsentBytes: Int {
    guard isOpen else { return 0 }
    let any = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    var descriptor: Int32 = -1
    guard uv_fileno(any, &descriptor) == 0 else { return bytesWaiting }
    return bytesWaiting + Int(lintel_tcp_unsent(descriptor))
  }
}
