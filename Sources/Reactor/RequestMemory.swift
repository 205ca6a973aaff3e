import CUv

/// A libuv request followed by the bytes that it writes, in one allocation that its callback gives back.
struct RequestMemory<Request> {
  let pointer: UnsafeMutablePointer<Request>
  let buffer: uv_buf_t

  static func allocate(_ bytes: ArraySlice<UInt8>) -> RequestMemory {
    let offset = (MemoryLayout<Request>.size + 15) & ~15
    let memory = UnsafeMutableRawPointer.allocate(byteCount: offset + bytes.count, alignment: 16)
    let payload = memory + offset
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress { payload.copyMemory(from: start, byteCount: source.count) }
    }
    return RequestMemory(
      pointer: memory.bindMemory(to: Request.self, capacity: 1),
      buffer: uv_buf_t(base: payload.assumingMemoryBound(to: CChar.self), len: bytes.count))
  }
}
