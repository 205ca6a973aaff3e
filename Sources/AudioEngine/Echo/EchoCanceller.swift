#if canImport(CSpeexDSP)
  import CSpeexDSP

  /// SpeexDSP's echo canceller and preprocessor, and behind them the residual gate. All memory is taken at start.
  final class EchoCanceller {
    static let isBuilt = true
    private let canceller: OpaquePointer?
    private let preprocessor: OpaquePointer
    private let cancelled: UnsafeMutablePointer<Int16>
    private var gate = ResidualGate()

    /// Nil if the library refuses, which it does only without memory.
    init?(cancelsEcho: Bool, suppressesNoise: Bool, automaticGain: Bool) {
      let period = Int32(AudioFormat.periodSamples)
      guard let preprocessor = speex_preprocess_state_init(period, Int32(AudioFormat.sampleRate)) else {
        return nil
      }
      self.preprocessor = preprocessor
      canceller =
        cancelsEcho
        ? speex_echo_state_init(period, Int32(tailMilliseconds * AudioFormat.samplesPerMillisecond)) : nil
      cancelled = .allocate(capacity: AudioFormat.periodSamples)
      cancelled.initialize(repeating: 0, count: AudioFormat.periodSamples)
      if let canceller {
        var rate = Int32(AudioFormat.sampleRate)
        speex_echo_ctl(canceller, SPEEX_ECHO_SET_SAMPLING_RATE, &rate)
        speex_preprocess_ctl(
          preprocessor, SPEEX_PREPROCESS_SET_ECHO_STATE, UnsafeMutableRawPointer(canceller))
      }
      // The suppression of residual echo is part of that of noise, so it runs always; without noise suppression
      // it leaves the noise as it is.
      set(SPEEX_PREPROCESS_SET_DENOISE, 1)
      set(SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, suppressesNoise ? noiseDecibels : 0)
      set(SPEEX_PREPROCESS_SET_ECHO_SUPPRESS, echoDecibels)
      set(SPEEX_PREPROCESS_SET_ECHO_SUPPRESS_ACTIVE, echoDecibelsInSpeech)
      set(SPEEX_PREPROCESS_SET_AGC, automaticGain ? 1 : 0)
    }

    deinit {
      if let canceller { speex_echo_state_destroy(canceller) }
      speex_preprocess_state_destroy(preprocessor)
      cancelled.deallocate()
    }

    private func set(_ request: Int32, _ value: Int32) {
      var value = value
      speex_preprocess_ctl(preprocessor, request, &value)
    }

    /// Forgets the path that it has learned.
    func reset() { if let canceller { speex_echo_state_reset(canceller) } }

    /// One period of the microphone, in place, with what the speaker played meanwhile; nil if nothing is known of
    /// that.
    func process(_ microphone: UnsafeMutablePointer<Int16>, reference: UnsafePointer<Int16>?) {
      guard let canceller, let reference else {
        speex_preprocess_run(preprocessor, microphone)
        return
      }
      let count = AudioFormat.periodSamples
      let before = Level.meanSquare(UnsafeBufferPointer(start: microphone, count: count))
      speex_echo_cancellation(canceller, microphone, reference, cancelled)
      let after = Level.meanSquare(UnsafeBufferPointer(start: cancelled, count: count))
      speex_preprocess_run(preprocessor, cancelled)
      gate.apply(microphone: before, residue: after, cancelled, count)
      microphone.copy(from: cancelled, count: count)
    }
  }

  /// The lead of the reference, an error of the cards' delays of the same size, and a room of 120 ms.
  private let tailMilliseconds = 200
  private let noiseDecibels: Int32 = -15
  private let echoDecibels: Int32 = -40
  private let echoDecibelsInSpeech: Int32 = -15
#else
  /// Where there is no SpeexDSP.
  final class EchoCanceller {
    static let isBuilt = false
    init?(cancelsEcho: Bool, suppressesNoise: Bool, automaticGain: Bool) { return nil }
    func reset() {}
    func process(_ microphone: UnsafeMutablePointer<Int16>, reference: UnsafePointer<Int16>?) {}
  }
#endif
