#if canImport(CSpeexDSP)
  import CSpeexDSP

  /// SpeexDSP's noise suppression and automatic gain. All memory is taken at start.
  final class VoicePreprocessor {
    static let isBuilt = true
    private let state: OpaquePointer
    private var isHeld = false

    /// Nil if the library refuses, which it does only without memory.
    init?(suppressesNoise: Bool, automaticGain: Bool) {
      guard
        let state = speex_preprocess_state_init(
          Int32(AudioFormat.periodSamples), Int32(AudioFormat.sampleRate))
      else { return nil }
      self.state = state
      set(SPEEX_PREPROCESS_SET_DENOISE, suppressesNoise ? 1 : 0)
      set(SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, noiseDecibels)
      set(SPEEX_PREPROCESS_SET_AGC, automaticGain ? 1 : 0)
    }

    deinit { speex_preprocess_state_destroy(state) }

    private func set(_ request: Int32, _ value: Int32) {
      var value = value
      speex_preprocess_ctl(state, request, &value)
    }

    /// One period, in place. `holdsGain`: what is quiet may be what is left of an echo, and is made no louder.
    func process(_ samples: UnsafeMutablePointer<Int16>, holdsGain: Bool) {
      if holdsGain != isHeld {
        isHeld = holdsGain
        set(SPEEX_PREPROCESS_SET_AGC_INCREMENT, holdsGain ? 0 : gainDecibelsPerSecond)
      }
      speex_preprocess_run(state, samples)
    }
  }

  private let noiseDecibels: Int32 = -15
  /// The library's own.
  private let gainDecibelsPerSecond: Int32 = 12
#else
  /// Where there is no SpeexDSP.
  final class VoicePreprocessor {
    static let isBuilt = false
    init?(suppressesNoise: Bool, automaticGain: Bool) { return nil }
    func process(_ samples: UnsafeMutablePointer<Int16>, holdsGain: Bool) {}
  }
#endif
