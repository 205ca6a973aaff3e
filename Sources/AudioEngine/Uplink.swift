import Synchronization

/// From the microphone to encoded frames. `capture`, `skip` and `played` belong to the audio thread; everything
/// else belongs to the reactor thread. After `init` nothing here allocates, locks or calls the system (except that
/// `pop` may grow the caller's array the first time).
public final class Uplink: @unchecked Sendable {
  private let ring: RecordRing<EncodedFrame>
  private let settings: SharedSettings
  private let counters = UplinkCounters()
  private let mutedFlag = Atomic<Bool>(false)
  private let echo: EchoStateCell
  let preConnect: PreConnectBuffer

  // The audio thread's.
  private var encoder: VoiceEncoder
  private var activity = VoiceActivity()
  private var front: MicrophoneFront
  private let frameSamples: Int
  private let frame: UnsafeMutablePointer<Int16>
  private let payload: UnsafeMutablePointer<UInt8>
  /// Samples in `frame`: whole periods, and behind them `gathered` raw ones of the period that is coming in.
  private var filled = 0
  private var gathered = 0
  private var position: UInt32 = 0
  /// Some part of the frame being filled, and of the period, must not be heard.
  private var withheld = false
  private var periodWithheld = false
  private var silentBefore = true
  private var resetBeforeNext = false
  /// For tests: what the encoder is given, with its position.
  var onEncoderInput: ((UInt32, UnsafeBufferPointer<Int16>) -> Void)?

  public init(_ configuration: UplinkConfiguration = UplinkConfiguration()) throws(AudioFailure) {
    try configuration.validate()
    frameSamples = configuration.frameMilliseconds * AudioFormat.samplesPerMillisecond
    encoder = try VoiceEncoder(
      complexity: configuration.complexity, inbandFEC: configuration.inbandFEC, frameSamples: frameSamples)
    settings = SharedSettings(configuration)
    ring = RecordRing(bytes: configuration.ringBytes)
    let echo = EchoStateCell()
    self.echo = echo
    front = MicrophoneFront(configuration, echo)
    preConnect = PreConnectBuffer(
      capacity: configuration.preConnectMilliseconds * AudioFormat.samplesPerMillisecond)
    frame = .allocate(capacity: frameSamples)
    frame.initialize(repeating: 0, count: frameSamples)
    payload = .allocate(capacity: AudioLimits.payloadBytesMax)
    payload.initialize(repeating: 0, count: AudioLimits.payloadBytesMax)
  }

  deinit {
    frame.deallocate()
    payload.deallocate()
  }

  // MARK: Audio thread

  /// Takes the next samples, any number of them. True when a frame is ready to be popped. `echoDelay` is what lies
  /// in the two cards together, in samples: captured and not read yet, written and not heard yet; nil where one is
  /// missing or does not say.
  public func capture(_ samples: UnsafeBufferPointer<Int16>, echoDelay: Int? = nil) -> Bool {
    var ready = false
    var rest = samples
    let muted = mutedFlag.load(ordering: .acquiring)
    while rest.count > 0, let start = rest.baseAddress {
      if muted { periodWithheld = true }
      let count = min(rest.count, AudioFormat.periodSamples - gathered)
      (frame + (filled + gathered)).update(from: start, count: count)
      gathered += count
      rest = UnsafeBufferPointer(rebasing: rest[count...])
      if gathered == AudioFormat.periodSamples { ready = finishPeriod(echoDelay) || ready }
    }
    return ready
  }

  /// Moves the position over samples that the card never delivered, so that the time line stays true.
  public func skip(_ samples: Int) {
    guard samples > 0 else { return }
    front.skip(gathered + samples)
    position &+= UInt32(truncatingIfNeeded: filled + gathered + samples)
    filled = 0
    gathered = 0
    silentBefore = true
  }

  /// What was just given to the speaker, the very samples, in the order in which they will be heard.
  public func played(_ samples: UnsafeBufferPointer<Int16>) { front.played(samples) }

  /// The audio thread is late too often: the echo canceller is left out from now on.
  public func giveUpEcho() { front.giveUpEcho() }

  /// A period of 10 ms is whole: it is made ready, recorded, and when the frame is full encoded.
  private func finishPeriod(_ echoDelay: Int?) -> Bool {
    gathered = 0
    let period = frame + filled
    front.apply(period, echoDelay: echoDelay)
    if filled == 0 { preConnect.frameBegins(at: position) }
    preConnect.append(
      period, AudioFormat.periodSamples, at: position &+ UInt32(filled), withheld: periodWithheld)
    if periodWithheld { withheld = true }
    periodWithheld = false
    filled += AudioFormat.periodSamples
    return filled == frameSamples && finishFrame()
  }

  private func finishFrame() -> Bool {
    let begin = position
    position &+= UInt32(frameSamples)
    filled = 0
    let samples = UnsafeBufferPointer(start: frame, count: frameSamples)
    let level = Level.decibels(meanSquare: Level.meanSquare(samples))
    counters.level.store(Int(level), ordering: .relaxed)
    let voice = activity.isVoice(
      level: level, milliseconds: frameSamples / AudioFormat.samplesPerMillisecond)
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
    onEncoderInput?(begin, samples)
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
      if newValue { preConnect.forget() }
    }
  }

  /// Whether silence is sent (false) or left out (true). From the next frame on.
  public func setDiscontinuousTransmission(_ on: Bool) { settings.setDiscontinuousTransmission(on) }

  /// Bits per second (6000...64 000) and expected loss (0...50 percent), clamped. From the next frame on.
  public func setRate(bitrate: Int, expectedLossPercent: Int) {
    settings.setRate(bitrate: bitrate, expectedLossPercent: expectedLossPercent)
  }

  public var echoState: EchoState { echo.state }

  /// Why the echo canceller is off although it is wanted: once for each time that this came to be, otherwise nil.
  public func takeEchoWarning() -> EchoState? { echo.takeWarning() }

  public var statistics: UplinkStatistics { counters.snapshot }
}
