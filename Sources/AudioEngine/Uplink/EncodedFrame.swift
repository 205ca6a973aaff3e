/// One encoded frame; its payload travels beside it.
public struct EncodedFrame: BitwiseCopyable, Equatable, Sendable {
  /// The number of the frame's first sample at 16 kHz since the engine started, muted time included. It wraps at
  /// 2^32; `rtpTimestamp` stays right across the wrap.
  public var position: UInt32
  /// RFC 6464: 0 (loudest) ... 127 (silence), in -dBov.
  public var level: UInt8
  /// RFC 6464's V bit.
  public var voice: Bool
  /// The first frame of a talk spurt: after start, mute or DTX (RFC 3551 §4.1).
  public var marker: Bool
  /// An Opus DTX frame of 1 or 2 bytes: the last one before a pause.
  public var discontinuous: Bool

  /// `position` on the RTP clock of Opus, 48 kHz.
  public var rtpTimestamp: UInt32 { position &* UInt32(AudioFormat.rtpTicksPerSample) }
}
