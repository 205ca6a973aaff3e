extension Uplink {
  /// Audio thread: whether a frame may become whole with the next period. One that is followed by another clock may have
  /// a sample more.
  public var isFrameDue: Bool { filled + gathered + AudioFormat.periodSamples + 1 >= frameSamples }
}
