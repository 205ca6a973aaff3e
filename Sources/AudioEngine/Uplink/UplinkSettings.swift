import Synchronization

/// What the reactor thread may change while the audio thread encodes: three words, read once a frame.
final class SharedSettings: Sendable {
  private let bitrate: Atomic<Int>
  private let expectedLossPercent: Atomic<Int>
  private let discontinuousTransmission: Atomic<Bool>

  init(_ configuration: UplinkConfiguration) {
    bitrate = Atomic(configuration.bitrate)
    expectedLossPercent = Atomic(configuration.expectedLossPercent)
    discontinuousTransmission = Atomic(configuration.discontinuousTransmission)
  }

  var current: EncoderSettings {
    EncoderSettings(
      bitrate: bitrate.load(ordering: .relaxed),
      expectedLossPercent: expectedLossPercent.load(ordering: .relaxed),
      discontinuousTransmission: discontinuousTransmission.load(ordering: .relaxed))
  }

  func setDiscontinuousTransmission(_ on: Bool) { discontinuousTransmission.store(on, ordering: .relaxed) }

  func setRate(bitrate: Int, expectedLossPercent: Int) {
    self.bitrate.store(max(6_000, min(64_000, bitrate)), ordering: .relaxed)
    self.expectedLossPercent.store(max(0, min(50, expectedLossPercent)), ordering: .relaxed)
  }
}

func check(_ key: String, _ value: Int, _ legal: ClosedRange<Int>) throws(AudioFailure) {
  guard legal.contains(value) else {
    throw .valueOutOfRange(
      key: key, value: value, legal: legal.lowerBound.description + " to " + legal.upperBound.description)
  }
}
