import AudioEngine
import Base

/// A microphone in memory.
public final class MemoryCapture: MemoryStream, AudioCapture {
  /// What it hears: the sample of that number, counted by its own clock since it was made. What nobody reads in time
  /// is lost.
  public var hears: (Int) -> Int16 = { _ in 0 }
  private var taken = 0

  init(_ clock: MemoryClock, bufferSamples: Int) {
    super.init("the microphone in memory", clock, bufferSamples: bufferSamples)
  }

  public var delaySamples: Int? { isOpen ? max(0, position - taken) : nil }

  public var restMilliseconds: Int {
    min(BoardLimits.dozeMilliseconds, bufferSamples / AudioFormat.samplesPerMillisecond / 2)
  }

  public func read(into samples: UnsafeMutableBufferPointer<Int16>) throws(BoardFailure) -> Int {
    guard isOpen, samples.count == AudioFormat.periodSamples else { return 0 }
    if try recover(isLate: position - taken > bufferSamples) { return 0 }
    guard trouble == .endless || position - taken >= samples.count else { return 0 }
    for index in 0..<samples.count { samples[index] = hears(taken + index) }
    taken += samples.count
    return samples.count
  }

  override func begin() { taken = position }

  override var wantedPosition: Int? { taken + AudioFormat.periodSamples }
}
