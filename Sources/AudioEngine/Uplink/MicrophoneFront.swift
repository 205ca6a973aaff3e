/// What is done to each period of the microphone before anybody hears it, in this order: offset, echo and noise,
/// half duplex, gain. The audio thread's.
struct MicrophoneFront: ~Copyable {
  private let echoState: EchoStateCell
  private let blocksOffset: Bool
  private var offset = DCBlock()
  private let canceller: EchoCanceller?
  private let cancelsEcho: Bool
  private var reference = EchoReference()
  private let referencePeriod: UnsafeMutablePointer<Int16>
  private var periodsWithoutReference = 0
  private let isHalfDuplex: Bool
  private var gate = HalfDuplexGate()
  private var gain: Gain

  init(_ configuration: UplinkConfiguration, _ echo: EchoStateCell) {
    echoState = echo
    blocksOffset = configuration.blocksOffset
    gain = Gain(decibels: configuration.gainDecibels)
    isHalfDuplex = configuration.halfDuplex
    // Half duplex leaves no echo to cancel.
    cancelsEcho = configuration.echoCancellation && !configuration.halfDuplex
    let isNeeded = cancelsEcho || configuration.noiseSuppression || configuration.automaticGain
    canceller =
      isNeeded
      ? EchoCanceller(
        cancelsEcho: cancelsEcho, suppressesNoise: configuration.noiseSuppression,
        automaticGain: configuration.automaticGain) : nil
    if isNeeded && canceller == nil {
      echo.state = .notAvailable
    } else if cancelsEcho {
      echo.state = .waiting
    }
    referencePeriod = .allocate(capacity: AudioFormat.periodSamples)
    referencePeriod.initialize(repeating: 0, count: AudioFormat.periodSamples)
  }

  deinit { referencePeriod.deallocate() }

  mutating func played(_ samples: UnsafeBufferPointer<Int16>) {
    if cancelsEcho { reference.append(samples) }
    if isHalfDuplex { gate.played(samples) }
  }

  mutating func skip(_ samples: Int) { reference.skip(samples) }

  /// After a pause: what the filters still hold of the time before it is pushed out, and the speaker is another story.
  mutating func wake() {
    reference.forget()
    periodsWithoutReference = 0
    guard let canceller else { return }
    for _ in 0..<2 {
      referencePeriod.update(repeating: 0, count: AudioFormat.periodSamples)
      canceller.process(referencePeriod, reference: nil)
    }
  }

  /// The caller found the audio thread too late too often: from now on without cancelling.
  func giveUpEcho() { if echoState.state == .active { echoState.state = .noTime } }

  /// There may be time again; what was learned is old.
  mutating func tryEchoAgain() {
    guard echoState.state == .noTime else { return }
    echoState.state = .waiting
    canceller?.reset()
    reference.forget()
  }

  /// One period of `AudioFormat.periodSamples`, in place.
  mutating func apply(_ period: UnsafeMutablePointer<Int16>, echoDelay: Int?) {
    if blocksOffset { offset.apply(period, AudioFormat.periodSamples) }
    if let canceller, echoState.state != .noTime {
      canceller.process(period, reference: takeReference(canceller, echoDelay))
      echoState.reducedDecibels = canceller.reducedDecibels
    }
    if isHalfDuplex { gate.apply(period, AudioFormat.periodSamples) }
    gain.apply(period, AudioFormat.periodSamples)
  }

  private mutating func takeReference(_ canceller: EchoCanceller, _ delay: Int?) -> UnsafePointer<Int16>? {
    guard cancelsEcho else { return nil }
    guard let delay else {
      reference.skip(AudioFormat.periodSamples)
      reference.forget()
      periodsWithoutReference += 1
      if periodsWithoutReference == patiencePeriods { echoState.state = .noReference }
      return nil
    }
    periodsWithoutReference = 0
    echoState.state = .active
    if reference.take(referencePeriod, delay: delay) { canceller.reset() }
    return UnsafePointer(referencePeriod)
  }
}

/// A card that is being opened again takes a moment: a second.
private let patiencePeriods = 100
