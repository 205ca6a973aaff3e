import Synchronization

/// How speech is encoded. `validated` says what is legal.
public struct UplinkConfiguration: Equatable, Sendable {
  /// Bits per second of the codec's payload, 6000...64 000.
  public var bitrate = 24_000
  /// 0 (cheapest) ... 10 (best).
  public var complexity = 5
  /// The loss that the redundancy is made for, 0...50 percent.
  public var expectedLossPercent = 5
  /// Each packet repeats the one before it in a coarser form (RFC 6716 §2.1.7).
  public var inbandFEC = true
  /// Send nothing in silence; changed later by what the server's answer asks for.
  public var discontinuousTransmission = false

  public init() {}

  func validate() throws(AudioFailure) {
    try check("bitrate", bitrate, 6_000...64_000)
    try check("complexity", complexity, 0...10)
    try check("expected-loss", expectedLossPercent, 0...50)
  }
}

/// One encoded frame of 20 ms; its payload travels beside it.
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

/// From the microphone to encoded frames. `capture` and `skip` belong to the audio thread; everything else
/// belongs to the reactor thread. After `init` nothing here allocates, locks or calls the system (except that
/// `pop` may grow the caller's array the first time).
public final class Uplink: @unchecked Sendable {
  private let ring = RecordRing<EncodedFrame>(bytes: AudioLimits.uplinkRingBytes)
  private let settings: SharedSettings
  private let counters = UplinkCounters()
  private let mutedFlag = Atomic<Bool>(false)

  // The audio thread's.
  private var encoder: VoiceEncoder
  private var activity = VoiceActivity()
  private let frame: UnsafeMutablePointer<Int16>
  private let payload: UnsafeMutablePointer<UInt8>
  private var filled = 0
  private var position: UInt32 = 0
  /// Some part of the frame being filled must not be heard.
  private var withheld = false
  private var silentBefore = true
  private var resetBeforeNext = false

  public init(_ configuration: UplinkConfiguration = UplinkConfiguration()) throws(AudioFailure) {
    try configuration.validate()
    encoder = try VoiceEncoder(complexity: configuration.complexity, inbandFEC: configuration.inbandFEC)
    settings = SharedSettings(configuration)
    frame = .allocate(capacity: AudioFormat.frameSamples)
    payload = .allocate(capacity: AudioLimits.payloadBytesMax)
  }

  deinit {
    frame.deallocate()
    payload.deallocate()
  }

  // MARK: Audio thread

  /// Takes the next samples, any number of them. True when a frame is ready to be popped.
  public func capture(_ samples: UnsafeBufferPointer<Int16>) -> Bool {
    var ready = false
    var rest = samples
    if mutedFlag.load(ordering: .acquiring) { withheld = true }
    while rest.count > 0, let start = rest.baseAddress {
      let count = min(rest.count, AudioFormat.frameSamples - filled)
      (frame + filled).update(from: start, count: count)
      filled += count
      rest = UnsafeBufferPointer(rebasing: rest[count...])
      if filled == AudioFormat.frameSamples { ready = finishFrame() || ready }
    }
    return ready
  }

  /// Moves the position over samples that the card never delivered, so that the time line stays true.
  public func skip(_ samples: Int) {
    guard samples > 0 else { return }
    position &+= UInt32(truncatingIfNeeded: filled + samples)
    filled = 0
    silentBefore = true
  }

  private func finishFrame() -> Bool {
    let begin = position
    position &+= UInt32(AudioFormat.frameSamples)
    filled = 0
    let level = Level.decibels(
      meanSquare: Level.meanSquare(UnsafeBufferPointer(start: frame, count: AudioFormat.frameSamples)))
    counters.level.store(Int(level), ordering: .relaxed)
    let voice = activity.isVoice(level: level)
    if withheld {
      // What was said before the mute must not leak out of the encoder's memory after it.
      withheld = mutedFlag.load(ordering: .acquiring)
      resetBeforeNext = true
      silentBefore = true
      return false
    }
    if resetBeforeNext {
      encoder.reset()
      resetBeforeNext = false
    }
    encoder.apply(settings.current)
    let bytes = encoder.encode(frame, into: payload, bytesMax: AudioLimits.payloadBytesMax)
    guard bytes > 0 else {
      counters.refused.add(1)
      return false
    }
    let discontinuous = bytes <= 2
    if discontinuous && silentBefore { return false }
    let header = EncodedFrame(
      position: begin, level: level, voice: voice, marker: silentBefore, discontinuous: discontinuous)
    silentBefore = discontinuous
    guard ring.push(header, UnsafeRawBufferPointer(start: payload, count: bytes)) else {
      counters.ringFull.add(1)
      return false
    }
    counters.frames.add(1)
    return true
  }

  // MARK: Reactor thread

  /// The oldest frame that waits, its bytes in `payload` (whose memory is reused); nil when there is none.
  public func pop(into payload: inout [UInt8]) -> EncodedFrame? {
    var frame: EncodedFrame?
    while frame == nil {
      let popped = ring.pop { header, bytes in
        payload.removeAll(keepingCapacity: true)
        payload.append(contentsOf: bytes)
        frame = header
      }
      guard popped else { return nil }
      // A frame that was being encoded while the mute was set.
      if mutedFlag.load(ordering: .relaxed) { frame = nil }
    }
    return frame
  }

  /// While true no frame comes out, neither what is said now nor what waited; the position goes on.
  public var muted: Bool {
    get { mutedFlag.load(ordering: .relaxed) }
    set {
      while ring.pop({ _, _ in }) {}
      mutedFlag.store(newValue, ordering: .releasing)
    }
  }

  /// Whether silence is sent (false) or left out (true). From the next frame on.
  public func setDiscontinuousTransmission(_ on: Bool) { settings.setDiscontinuousTransmission(on) }

  /// Bits per second (6000...64 000) and expected loss (0...50 percent), clamped. From the next frame on.
  public func setRate(bitrate: Int, expectedLossPercent: Int) {
    settings.setRate(bitrate: bitrate, expectedLossPercent: expectedLossPercent)
  }

  public var statistics: UplinkStatistics { counters.snapshot }
}
