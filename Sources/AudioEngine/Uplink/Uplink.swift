import Synchronization

/// From the microphone to encoded frames. `capture`, `skip` and `played` belong to the audio thread; everything
/// else belongs to the reactor thread. After `init` nothing here allocates, locks or calls the system (except that
/// `pop` may grow the caller's array the first time).
public final class Uplink: @unchecked Sendable {
  private let ring: RecordRing<EncodedFrame>
  private let settings: SharedSettings
  private let counters = UplinkCounters()
  private let mutedFlag = Atomic<Bool>(false)
  private let wanted = Atomic<UInt8>(Listening.live.rawValue)
  let echo: EchoStateCell
  let preConnect: PreConnectBuffer
  /// For a technician's self-test.
  public let probe = SoundProbe()

  // The audio thread's.
  private var encoder: VoiceEncoder
  private var activity = VoiceActivity()
  private var front: MicrophoneFront
  private var clock = MicrophoneClock()
  let frameSamples: Int
  private let frame: UnsafeMutablePointer<Int16>
  private let payload: UnsafeMutablePointer<UInt8>
  /// The period that is coming in, as the card gave it, and how much of it is there.
  private let period: UnsafeMutablePointer<Int16>
  private(set) var gathered = 0
  /// Samples in `frame`, counted by the monotonic clock.
  private(set) var filled = 0
  private var position: UInt32 = 0
  /// Some part of the frame being filled, and of the period, must not be heard.
  private var withheld = false
  private var periodWithheld = false
  private var silentBefore = true
  private var resetBeforeNext = false
  /// What was kept while nobody listened is being made ready.
  private var isCatchingUp = false
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
    period = .allocate(capacity: AudioFormat.periodSamples)
    period.initialize(repeating: 0, count: AudioFormat.periodSamples)
    payload = .allocate(capacity: AudioLimits.payloadBytesMax)
    payload.initialize(repeating: 0, count: AudioLimits.payloadBytesMax)
  }

  deinit {
    frame.deallocate()
    period.deallocate()
    payload.deallocate()
  }

  // MARK: Audio thread

  /// Takes the next samples, any number of them. True when a frame is ready to be popped. `echoDelay` is what lies
  /// in the two cards together, in samples: captured and not read yet, written and not heard yet; nil where one is
  /// missing or does not say. `microseconds` is when all of them had been captured, taken from the monotonic clock
  /// after they were read, and may wrap; without it the card's clock is taken for true, as it is for silence in place
  /// of a card.
  public func capture(
    _ samples: UnsafeBufferPointer<Int16>, echoDelay: Int? = nil, microseconds: UInt32? = nil
  ) -> Bool {
    var ready = false
    var rest = samples
    let muted = mutedFlag.load(ordering: .acquiring)
    while rest.count > 0, let start = rest.baseAddress {
      if muted { periodWithheld = true }
      let count = min(rest.count, AudioFormat.periodSamples - gathered)
      (incoming + gathered).copy(from: start, count: count)
      gathered += count
      rest = UnsafeBufferPointer(rebasing: rest[count...])
      if gathered == AudioFormat.periodSamples {
        // What was kept came from the card as well.
        ready = finishPeriod(echoDelay, isTimed: microseconds != nil || isCatchingUp) || ready
      }
    }
    if let microseconds {
      clock.note(microseconds, waiting: gathered)
      counters.driftPartsPerMillion.store(Int(clock.driftPartsPerBillion) / 1_000, ordering: .relaxed)
    }
    return ready
  }

  /// Moves the position over samples that the card never delivered, so that the time line stays true.
  public func skip(_ samples: Int) {
    if samples > 0 { breakOff(samples) }
  }

  /// What was begun ends here, and the position goes on after so many samples.
  private func breakOff(_ samples: Int) {
    front.skip(gathered + samples)
    position &+= UInt32(truncatingIfNeeded: filled + gathered + samples)
    filled = 0
    gathered = 0
    silentBefore = true
    clock.interrupt()
  }

  /// Nobody listens from now on: nothing of what was heard until now is left.
  public func doze() {
    breakOff(0)
    periodWithheld = false
    withheld = false
    resetBeforeNext = true
    preConnect.wipe()
    counters.forgetLevel()
  }

  /// While nobody listens: a period as it came from the card, of which as much is kept as a call would begin with.
  public func keep(_ samples: UnsafeBufferPointer<Int16>) {
    if let start = samples.baseAddress { preConnect.keep(start, samples.count) }
  }

  /// Somebody listens again, after so many samples. What was kept is made ready as if it came just now.
  public func wake(pausedSamples: Int) {
    front.wake()
    clock.forgetSamples()
    var rest = preConnect.takeKept()
    breakOff(max(0, pausedSamples - rest))
    preConnect.beginAnew(at: position)
    isCatchingUp = true
    while rest > 0 {
      // Out of the buffer before what becomes of it goes in: a period at most.
      let block = preConnect.kept(rest, atMost: AudioFormat.periodSamples - gathered)
      _ = capture(block)
      rest -= block.count
    }
    isCatchingUp = false
  }

  /// The card dropped samples before those that come next.
  public func captureWasInterrupted() { clock.interrupt() }

  /// The samples that come next are those of a card that was just opened.
  public func captureWasOpened() { clock.reopened() }

  /// What was just given to the speaker, the very samples, in the order in which they will be heard.
  public func played(_ samples: UnsafeBufferPointer<Int16>) {
    front.played(samples)
    probe.played(samples)
  }

  /// The audio thread is late too often: the echo canceller is left out until `tryEchoAgain`.
  public func giveUpEcho() { front.giveUpEcho() }
  public func tryEchoAgain() { front.tryEchoAgain() }

  /// Where the period comes in: in its place in the frame, if it fits there as it is.
  private var incoming: UnsafeMutablePointer<Int16> {
    filled + AudioFormat.periodSamples <= frameSamples ? frame + filled : period
  }

  /// A period of 10 ms is whole: it is made ready by the card's clock, which the speaker's often is as well and the
  /// echo canceller depends on, and goes on by the monotonic one.
  private func finishPeriod(_ echoDelay: Int?, isTimed: Bool) -> Bool {
    gathered = 0
    let period = incoming
    probe.captured(UnsafeBufferPointer(start: period, count: AudioFormat.periodSamples))
    front.apply(period, echoDelay: echoDelay)
    probe.cleaned(UnsafeBufferPointer(start: period, count: AudioFormat.periodSamples))
    let isWithheld = periodWithheld
    periodWithheld = false
    let ready = record(
      clock.correct(period, AudioFormat.periodSamples, isTimed: isTimed), isWithheld: isWithheld)
    if isWithheld { clock.forgetSamples() }
    return ready
  }

  /// Samples that are ready are recorded, and when the frame is full encoded.
  private func record(_ samples: UnsafeBufferPointer<Int16>, isWithheld: Bool) -> Bool {
    var ready = false
    var rest = samples
    while rest.count > 0, let start = rest.baseAddress {
      let count = min(rest.count, frameSamples - filled)
      if start != frame + filled { (frame + filled).copy(from: start, count: count) }
      if filled == 0 { preConnect.frameBegins(at: position) }
      preConnect.append(start, count, at: position &+ UInt32(filled), withheld: isWithheld)
      if isWithheld { withheld = true }
      filled += count
      rest = UnsafeBufferPointer(rebasing: rest[count...])
      if filled == frameSamples { ready = finishFrame() || ready }
    }
    return ready
  }

  private func finishFrame() -> Bool {
    let begin = position
    position &+= UInt32(frameSamples)
    filled = 0
    let samples = UnsafeBufferPointer(start: frame, count: frameSamples)
    let level = Level.decibels(meanSquare: Level.meanSquare(samples))
    let voice = activity.isVoice(
      level: level, milliseconds: frameSamples / AudioFormat.samplesPerMillisecond)
    if withheld {
      // What was said before the mute must not leak out of the encoder's memory after it.
      withheld = false
      resetBeforeNext = true
      silentBefore = true
      return false
    }
    // It is recorded; as a packet it would be too old.
    if isCatchingUp { return false }
    counters.note(level: level)
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
      guard newValue else { return }
      preConnect.forget()
      counters.forgetLevel()
    }
  }

  /// What the microphone is wanted for, and how much of the time before a call belongs to it.
  public func listen(_ listening: Listening, preRollMilliseconds: Int) {
    preConnect.setPreRoll(preRollMilliseconds * AudioFormat.samplesPerMillisecond)
    wanted.store(listening.rawValue, ordering: .releasing)
  }

  /// Any thread.
  public var listening: Listening { Listening(rawValue: wanted.load(ordering: .acquiring)) ?? .live }

  /// Whether silence is sent (false) or left out (true). From the next frame on.
  public func setDiscontinuousTransmission(_ on: Bool) { settings.setDiscontinuousTransmission(on) }

  /// Bits per second (6000...64 000) and expected loss (0...50 percent), clamped. From the next frame on.
  public func setRate(bitrate: Int, expectedLossPercent: Int) {
    settings.setRate(bitrate: bitrate, expectedLossPercent: expectedLossPercent)
  }

  /// How loud it is at a microphone that is closed is nobody's business: a level tells who is there and who speaks.
  public var statistics: UplinkStatistics {
    var statistics = counters.snapshot
    // A frame that was being encoded while the mute was set.
    if muted { statistics.levelDecibels = nil }
    return statistics
  }
}
