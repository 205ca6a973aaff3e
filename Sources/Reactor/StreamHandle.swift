import CUv

/// libuv's handle of a TCP or Unix stream, which is given back by `closeHandle`.
enum StreamHandle {
  enum Kind { case tcp, unix }

  static func create(_ loop: EventLoop, _ kind: Kind) throws(ReactorFailure) -> UnsafeMutablePointer<
    uv_stream_t
  > {
    let bytes = max(MemoryLayout<uv_tcp_t>.size, MemoryLayout<uv_pipe_t>.size)
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: bytes, alignment: MemoryLayout<uv_tcp_t>.alignment)
    let code =
      kind == .tcp
      ? uv_tcp_init(loop.handle, memory.assumingMemoryBound(to: uv_tcp_t.self))
      : uv_pipe_init(loop.handle, memory.assumingMemoryBound(to: uv_pipe_t.self), 0)
    guard code == 0 else {
      memory.deallocate()
      throw .system(action: kind == .tcp ? "creating a TCP socket" : "creating a Unix socket", code: code)
    }
    return memory.assumingMemoryBound(to: uv_stream_t.self)
  }
}
