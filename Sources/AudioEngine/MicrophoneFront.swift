/// What is done to each period of the microphone before anybody hears it, in this order: offset, gain.
struct MicrophoneFront {
  private let blocksOffset: Bool
  private var offset = DCBlock()
  private var gain: Gain

  init(_ configuration: UplinkConfiguration) {
    blocksOffset = configuration.blocksOffset
    gain = Gain(decibels: configuration.gainDecibels)
  }

  /// One period of `AudioFormat.periodSamples`, in place.
  mutating func apply(_ period: UnsafeMutablePointer<Int16>) {
    if blocksOffset { offset.apply(period, AudioFormat.periodSamples) }
    gain.apply(period, AudioFormat.periodSamples)
  }
}
