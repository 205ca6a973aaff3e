extension UnsafeMutablePointer where Pointee == Int16 {
  /// As `update(from:count:)`, which Embedded Swift makes a loop of calls, one a sample. The two may overlap.
  @inline(__always)
  public func copy(from samples: UnsafePointer<Int16>, count: Int) {
    UnsafeMutableRawPointer(self).copyMemory(from: samples, byteCount: count * MemoryLayout<Int16>.stride)
  }
}
