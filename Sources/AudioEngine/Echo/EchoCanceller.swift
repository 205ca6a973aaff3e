/// What stands between the microphone's offset filter and its gain: the echo canceller, and SpeexDSP's preprocessor where
/// noise suppression or automatic gain is wanted and the library is there.
final class EchoCanceller {
  private var path: EchoPath?
  private let preprocessor: VoicePreprocessor?
  private let silence: UnsafeMutablePointer<Int16>

  /// Nil if nothing of what is wanted can be done.
  init?(cancelsEcho: Bool, suppressesNoise: Bool, automaticGain: Bool) {
    let isPreprocessed = suppressesNoise || automaticGain
    preprocessor =
      isPreprocessed ? VoicePreprocessor(suppressesNoise: suppressesNoise, automaticGain: automaticGain) : nil
    path = cancelsEcho ? EchoPath() : nil
    silence = filled(AudioFormat.periodSamples, 0)
    if isPreprocessed && preprocessor == nil { return nil }
  }

  deinit { silence.deallocate() }

  /// How much of the echo is taken away, in decibels; nil before any was heard.
  var reducedDecibels: Int? { path?.reduction.decibels }

  /// Forgets the path that it has learned.
  func reset() { path?.reset() }

  /// One period of the microphone, in place, with what the speaker played meanwhile; nil if nothing is known of
  /// that.
  func process(_ microphone: UnsafeMutablePointer<Int16>, reference: UnsafePointer<Int16>?) {
    // Without a reference too, as what goes in comes out a period later.
    path?.process(microphone, reference ?? UnsafePointer(silence))
    preprocessor?.process(microphone, holdsGain: path?.hasEcho ?? false)
  }
}
